import type { ContainerConfig, EndpointSettings, HostConfig, Resources, RestartPolicy } from './container.ts';
import type { Hooks } from './hooks.ts';
import type { StackName } from './names.ts';

/** Everything that one stack wants to exist on an engine of a known API version. Plain data. */
export interface DesiredStack {
  readonly name: StackName;
  /** The Compose project name: what resource names start with and `docker compose -p` takes. */
  readonly project: string;
  /** `sha256:...` over the resolved inputs: the manifest and all it refers to. */
  readonly revision: string;
  /** For Compose's own labels. */
  readonly workingDirectory: string;
  readonly configFiles: readonly string[];
  readonly networks: readonly DesiredNetwork[];
  readonly volumes: readonly DesiredVolume[];
  readonly images: readonly DesiredImage[];
  /** A dependency stands before what depends on it. */
  readonly services: readonly DesiredService[];
  readonly policy: StackPolicy;
}

export interface StackPolicy {
  readonly suspend: boolean;
  readonly prune: boolean;
  readonly deletionPolicy: 'Delete' | 'Orphan';
  readonly driftDetection: 'enabled' | 'warn' | 'disabled';
  /** JSON pointers of fields that never count as drift. */
  readonly driftIgnore?: readonly string[] | undefined;
  readonly intervalMs: number;
  /** How long a new container may take to become healthy. */
  readonly timeoutMs: number;
  readonly dependsOn: readonly StackName[];
}

export interface IpamPool {
  readonly subnet?: string | undefined;
  readonly ipRange?: string | undefined;
  readonly gateway?: string | undefined;
  readonly auxAddresses: Readonly<Record<string, string>>;
}

export interface DesiredNetwork {
  /** Its key in the manifest. */
  readonly key: string;
  /** Its name on the engine. */
  readonly name: string;
  /** Must exist, is never made, changed or removed. */
  readonly external: boolean;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIPv4?: boolean | undefined;
  readonly enableIPv6: boolean;
  readonly ipamDriver: string;
  readonly ipamOptions: Readonly<Record<string, string>>;
  /** Empty: the engine chooses, and what it chose is never compared. */
  readonly pools: readonly IpamPool[];
  /** The manifest's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly specHash: string;
}

export interface DesiredVolume {
  readonly key: string;
  readonly name: string;
  readonly external: boolean;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly specHash: string;
}

/** `daily` and the like are durations: pull again when the last pull is older. */
export type PullPolicy =
  | { readonly kind: 'always' | 'missing' | 'never' | 'build' }
  | { readonly kind: 'every'; readonly periodMs: number };

export interface DesiredImage {
  readonly ref: string;
  readonly platform?: string | undefined;
  readonly pullPolicy: PullPolicy;
  readonly build?: DesiredBuild | undefined;
}

export interface DesiredBuild {
  /** Absolute directory on the host. */
  readonly context: string;
  /** Relative to the context. */
  readonly dockerfile: string;
  readonly dockerfileInline?: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly network?: string | undefined;
  readonly extraHosts: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly shmSizeBytes?: number | undefined;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly tags: readonly string[];
  /** Over all of the above and the content of the context: another digest, another build. */
  readonly digest: string;
}

export interface DesiredDependency {
  readonly service: string;
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  readonly required: boolean;
  /** Restart me when it is replaced or restarted. */
  readonly restart: boolean;
}

export interface UpdateConfig {
  readonly order: 'stop-first' | 'start-first';
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: 'pause' | 'continue' | 'rollback';
  /** Without a healthcheck: how long a new container must run to be believed. */
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
}

export interface DesiredService {
  readonly name: string;
  readonly image: string;
  readonly platform?: string | undefined;
  readonly dependsOn: readonly DesiredDependency[];
  /** One entry a replica, by ordinal from 1. */
  readonly containers: readonly DesiredContainer[];
  readonly stopGraceMs: number;
  readonly update: UpdateConfig;
  /** How replicas go back to the revision before; a failure of that is only told. */
  readonly rollback: Omit<UpdateConfig, 'failureAction' | 'maxFailureRatio'>;
  /** `restart: no` (or on-failure) and awaited by someone as completed: runs once a generation. */
  readonly isJob: boolean;
  /** False when the manifest opts out of restarting unhealthy containers. */
  readonly healUnhealthy: boolean;
  /** The engine's restart policy was given in words by the manifest (unset is not the same as "no"). */
  readonly restartPolicyGiven: boolean;
}

/** A namespace that is shared with another container. */
export type NamespaceRef =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'container'; readonly name: string };

export interface DesiredEndpoint extends EndpointSettings {
  /** The network's key in the manifest. */
  readonly network: string;
}

export type NetworkMode =
  /** Attached to `endpoints`; `primary` is the engine's name of one of them, its NetworkMode, and never goes away first. */
  | { readonly kind: 'networks'; readonly primary: string }
  | { readonly kind: 'host' }
  | { readonly kind: 'none' }
  | { readonly kind: 'bridge' }
  | { readonly kind: 'shared'; readonly with: NamespaceRef };

/** Content put into the container before its first start: configs and secrets that are inline or were encrypted. */
export interface InjectedFile {
  readonly target: string;
  readonly content: string;
  /** Undefined: `content` is the text itself. */
  readonly encoding?: 'base64' | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Never shown, logged or hashed in clear. */
  readonly secret: boolean;
}

export interface DesiredContainer {
  readonly service: string;
  readonly ordinal: number;
  /** `demo-web-1`, or `container_name`. */
  readonly name: string;
  readonly config: ContainerConfig;
  readonly host: HostConfig;
  readonly platform?: string | undefined;
  readonly resources: Resources;
  readonly restartPolicy: RestartPolicy;
  readonly networkMode: NetworkMode;
  readonly endpoints: readonly DesiredEndpoint[];
  readonly ipc?: NamespaceRef | undefined;
  readonly pid?: NamespaceRef | undefined;
  readonly volumesFrom: readonly { readonly from: NamespaceRef; readonly readOnly: boolean }[];
  readonly files: readonly InjectedFile[];
  /** Paths of this container's anonymous volumes: `[path]`; the image's own are added when planned. */
  readonly anonymousVolumes: readonly string[];
  /** Undefined: none. */
  readonly hooks?: Hooks | undefined;
  /** `v1.<sha256>` over config, host, networkMode, namespaces and (keyed) file contents. */
  readonly specHash: string;
}
