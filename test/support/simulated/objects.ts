import type { ContainerRequest } from '../../../src/engine/engine.ts';
import type { EndpointSettings, Resources, RestartPolicy } from '../../../src/model/container.ts';
import type { DesiredNetwork, IpamPool } from '../../../src/model/desired.ts';
import type { ContainerId, ImageId, NetworkId } from '../../../src/model/names.ts';
import type {
  ContainerState,
  ObservedHealth,
  ObservedMount,
  PublishedPort,
} from '../../../src/model/observed.ts';

/** What tells the engines apart: 20.10 speaks API 1.41, 28 speaks 1.51. */
export type Profile = '20.10' | '28';

/** What the process in a container does, by image reference, image id, container name or container id. */
export interface Behaviour {
  /** With a healthcheck: from when on it is healthy. Default one second after the start. */
  readonly healthyAfterMs?: number;
  /** From when on it is unhealthy; wins over healthy. */
  readonly unhealthyAfterMs?: number;
  readonly exit?: { readonly afterMs: number; readonly code: number };
  /** Every start fails with these words. */
  readonly startError?: string;
  /** Exit code after a stop: 137, as of a process that does not care for SIGTERM. */
  readonly stopCode?: number;
  /** Exit code of each command that is run in it. */
  readonly execCode?: number;
}

export interface SimEndpoint {
  networkId: NetworkId | undefined;
  readonly networkName: string;
  readonly settings: EndpointSettings;
  address: string | undefined;
  /** Whether 20.10 shows the hostname among its aliases. */
  readonly hasHostname: boolean;
}

export interface SimContainer {
  readonly id: ContainerId;
  name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string | undefined;
  readonly imageRef: string;
  readonly imageId: ImageId;
  state: ContainerState;
  exitCode: number;
  error: string;
  readonly createdAtMs: number;
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
  readonly healthcheck: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
  /** While it is paused or stopped: the last probe before. */
  lastProbeAtMs: number | undefined;
  networkMode: string;
  readonly ipcMode: string;
  readonly pidMode: string;
  readonly volumesFrom: readonly string[];
  /** By network name. */
  readonly endpoints: Map<string, SimEndpoint>;
  readonly mounts: readonly ObservedMount[];
  /** From other containers: only a start claims them. */
  readonly inheritedVolumes: ReadonlySet<string>;
  resources: Resources;
  restartPolicy: RestartPolicy;
  readonly wantedPorts: readonly PublishedPort[];
  ports: readonly PublishedPort[];
  staleBinds: readonly string[];
  readonly files: Map<string, string>;
  /** What it was made from, to be shown and copied. */
  readonly request: ContainerRequest;
  /** What its command does, where no test says otherwise. */
  readonly process: Behaviour;
  /** Exit codes by signal, of a process that minds them. */
  readonly traps: ReadonlyMap<string, number>;
  readonly stopSignal: string | undefined;
  /** Its end is wanted: no policy starts it again. */
  isRestartCanceled: boolean;
  /** When the engine's restart policy starts it again, and how often it did. */
  restartsAtMs: number | undefined;
  restartDelayMs: number;
  engineRestarts: number;
  /** While it is being removed: when that is over. */
  goneAtMs: number | undefined;
  /** Somebody stopped it since its last start: `unless-stopped` leaves it so when the engine starts again. */
  isStoppedByHand: boolean;
  /** What its monitor said last, where that ended without the process (20.10 after a live restore). */
  frozenHealth: ObservedHealth | undefined;
  /** The last status that an event told of. */
  saidHealth: ObservedHealth['status'];
}

export interface SimNetwork {
  readonly id: NetworkId;
  readonly spec: Omit<DesiredNetwork, 'key' | 'external' | 'specHash' | 'name'>;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** With what the engine chose where the request left it open. */
  readonly pools: readonly IpamPool[];
  readonly createdAtMs: number;
}

export interface SimVolume {
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Stands for the volume itself: another token is another, empty volume. */
  readonly token: string;
  /** What was written into it: each start of a container that has it read-write appends that one's id. */
  readonly data: readonly ContainerId[];
  /** Each start, but those by hand, of a container that has it read-write while others run that have it so too. */
  readonly sharings: readonly { readonly container: ContainerId; readonly others: readonly ContainerId[] }[];
}

/** Only the engine writes into a volume. */
export interface OwnedVolume extends SimVolume {
  readonly data: ContainerId[];
  readonly sharings: { readonly container: ContainerId; readonly others: readonly ContainerId[] }[];
}

/** What lies in a registry, or on the engine under a reference. */
export interface ImageSpec {
  /** Other words, other image. */
  readonly content?: string;
  readonly volumes?: readonly string[];
  readonly exposedPorts?: readonly string[];
  readonly hasHealthcheck?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}
