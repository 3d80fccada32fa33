import type { EndpointSettings, Resources, RestartPolicy } from './container.ts';
import type { IpamPool } from './desired.ts';
import type { ContainerId, ImageId, NetworkId } from './names.ts';

/** What the engine can do, from `/version` and `/info`, read again at every connect. */
export interface EngineInfo {
  readonly id: string;
  readonly version: string;
  /** Negotiated: the highest that both sides speak, `1.41`. */
  readonly apiVersion: string;
  readonly swarmActive: boolean;
  readonly rootDirectory: string;
  /** Where it takes subnets from that nobody chose; undefined: it does not tell, and uses its own. */
  readonly addressPools?: readonly { readonly base: string; readonly size: number }[] | undefined;
}

/** One snapshot of the engine for one stack. Nothing was chosen while collecting: duplicates are all here. */
export interface Observed {
  readonly engine: EngineInfo;
  /** Containers with this stack's label, and those attached to one of its networks. Inspected. */
  readonly containers: readonly ObservedContainer[];
  /** Every other container, as far as it can be in the way. */
  readonly others: readonly OtherContainer[];
  /** All networks of the engine. */
  readonly networks: readonly ObservedNetwork[];
  /** All volumes of the engine. */
  readonly volumes: readonly ObservedVolume[];
  /** The images that were asked for, by reference; absent: not on this engine. */
  readonly images: Readonly<Record<string, ObservedImage>>;
  /** Addresses in use by the host itself (CIDR), without the engine's own bridges. */
  readonly hostSubnets: readonly string[];
}

/**
 * `ours`: our labels, our instance, and not merely inherited from an image made by `docker commit`.
 * `other-instance`: another stackctld's. `compose`: a docker compose project's. `foreign`: anyone else's.
 */
export type Ownership = 'ours' | 'other-instance' | 'compose' | 'foreign';

export interface Owned {
  readonly ownership: Ownership;
  /** The label's value, whoever wrote it. */
  readonly stack: string | undefined;
  /** The Compose project label's value. */
  readonly project: string | undefined;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ObservedHealth {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
  /** Unix ms of the end of the last probe. */
  readonly lastProbeAtMs: number | undefined;
  /** The last probe's output, shortened. */
  readonly output: string;
}

export interface ObservedAttachment extends EndpointSettings {
  /** Empty while a container was only created (engine 20.10 and 28). */
  readonly networkId: NetworkId | undefined;
  readonly networkName: string;
  /** The address in use, without its prefix length. */
  readonly address: string | undefined;
}

export interface ObservedMount {
  readonly type: string;
  /** Of volumes. */
  readonly name: string | undefined;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ObservedContainer extends Owned {
  readonly id: ContainerId;
  /** Without the leading slash. */
  readonly name: string;
  readonly service: string | undefined;
  readonly ordinal: number | undefined;
  readonly specHash: string | undefined;
  readonly imageRef: string;
  readonly imageId: ImageId;
  /** What registries call that image (`REPOSITORY@sha256:...`), as far as is known. */
  readonly imageDigests: readonly string[];
  readonly state: ContainerState;
  readonly exitCode: number;
  /** The engine's own words when the last start failed, and what to do about it where that is known. */
  readonly error: string;
  readonly oomKilled: boolean;
  readonly createdAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  /** How often its restart policy has started it again since somebody else did. */
  readonly restartCount: number;
  readonly health: ObservedHealth | undefined;
  /** Interval and timeout of its healthcheck, to tell a fresh verdict from a stale one. */
  readonly healthIntervalMs: number;
  readonly healthTimeoutMs: number;
  readonly hasHealthcheck: boolean;
  /** `HostConfig.NetworkMode`: a network's name, `host`, `none`, `bridge|default`, `container:<id>`. */
  readonly networkMode: string;
  readonly ipcMode: string;
  readonly pidMode: string;
  readonly volumesFrom: readonly string[];
  readonly attachments: readonly ObservedAttachment[];
  readonly mounts: readonly ObservedMount[];
  readonly resources: Resources;
  readonly restartPolicy: RestartPolicy;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PublishedPort[];
  /** The ports it asks for (`HostConfig.PortBindings`), whether it runs or not. */
  readonly wantedPorts: readonly PublishedPort[];
  /** Targets of binds whose source was replaced on the host since the start: it still sees the old one. */
  readonly staleBinds: readonly string[];
  /** What it was made from, as the engine tells it: to know by its meaning one that bears no spec hash of ours. */
  readonly madeFrom: MadeFrom;
}

/** Fields are the Engine API's, as far as they were set or filled in by some engine. */
export interface MadeFrom {
  readonly config: Readonly<Record<string, unknown>>;
  readonly host: Readonly<Record<string, unknown>>;
  /** The image's own part of `config`; empty when the image is gone. */
  readonly image: Readonly<Record<string, unknown>>;
}

export interface PublishedPort {
  readonly hostIp: string;
  readonly hostPort: string;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface OtherContainer extends Owned {
  readonly id: ContainerId;
  readonly name: string;
  readonly state: ContainerState;
  /** Published now, by a running container. */
  readonly ports: readonly PublishedPort[];
  readonly networks: readonly string[];
  /** Named volumes it mounts. */
  readonly volumes: readonly string[];
  /** Paths in it where anything is mounted. */
  readonly mountTargets: readonly string[];
}

export interface ObservedNetwork extends Owned {
  readonly id: NetworkId;
  readonly name: string;
  /** The manifest's key, by label. */
  readonly key: string | undefined;
  readonly driver: string;
  readonly scope: string;
  readonly options: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly ipamDriver: string;
  readonly ipamOptions: Readonly<Record<string, string>>;
  readonly pools: readonly IpamPool[];
  readonly labels: Readonly<Record<string, string>>;
  readonly specHash: string | undefined;
  readonly createdAtMs: number;
}

export interface ObservedVolume extends Owned {
  readonly name: string;
  readonly key: string | undefined;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly specHash: string | undefined;
}

export interface ObservedImage {
  readonly id: ImageId;
  readonly ref: string;
  /** Paths its VOLUME lines declare, absolute and in their shortest spelling. */
  readonly volumes: readonly string[];
  readonly hasHealthcheck: boolean;
  readonly exposedPorts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly repoDigests: readonly string[];
  readonly createdAtMs: number;
}
