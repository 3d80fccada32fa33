import type { CallAdmission } from '../model/admission.ts';
import type { EndpointSettings, Resources, RestartPolicy } from '../model/container.ts';
import type {
  DesiredContainer,
  DesiredImage,
  DesiredNetwork,
  DesiredVolume,
  InjectedFile,
} from '../model/desired.ts';
import type { Hook } from '../model/hooks.ts';
import type { ContainerId, ImageId, NetworkId, StackName } from '../model/names.ts';
import type { EngineInfo, Observed } from '../model/observed.ts';
import type { ProbeRequest, ProbeResult } from '../model/probe.ts';

/** What to look at for one stack. Names are the engine's. */
export interface ObserveQuery {
  readonly stack: StackName;
  /** The Compose project name, to see containers of a docker compose project in the way. */
  readonly project: string;
  /** Containers attached to these are inspected too, whoever made them. */
  readonly networkNames: readonly string[];
  readonly imageRefs: readonly string[];
  /** All containers of the engine are inspected, whoever made them; none is among the `others`. */
  readonly everything?: boolean | undefined;
}

/** A `create-container` step after its handles were looked up. */
export interface ContainerRequest {
  readonly stack: StackName;
  readonly container: DesiredContainer;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymousVolumes: Readonly<Record<string, string>>;
  readonly endpoints: readonly {
    readonly networkId: NetworkId;
    readonly networkName: string;
    readonly settings: EndpointSettings;
  }[];
  readonly networkContainer: ContainerId | undefined;
  readonly ipcContainer: ContainerId | undefined;
  readonly pidContainer: ContainerId | undefined;
  readonly volumesFrom: readonly { readonly container: ContainerId; readonly readOnly: boolean }[];
}

/** Something happened; only ever a reason to look, never a fact to act on. */
export interface EngineEvent {
  /**
   * `connected`: the stream is open (again); everything may have changed. `disconnected`: it broke, and the engine may
   * be gone.
   */
  readonly kind: 'connected' | 'disconnected' | 'container' | 'network' | 'volume' | 'image' | 'daemon';
  readonly action: string;
  readonly id: string;
  readonly name: string | undefined;
  /** By label, where the event carries labels (containers only, measured on 20.10 and 28.5). */
  readonly stack: StackName | undefined;
  /** The id of who was attached to a network or taken off it. */
  readonly container?: string | undefined;
  readonly atMs: number;
}

/** How a command ended that was run in a container. */
export interface ExecResult {
  readonly exitCode: number;
  /** The end of what it wrote, on both streams, for people. */
  readonly output: string;
}

/** Takes a line for people: `pulling layer 3 of 7`. */
export type Progress = (line: string) => void;

/** Whether an image has been pulled. */
export type PullState = 'pulled' | 'under-way';

export interface LogOptions {
  readonly follow: boolean;
  /** Undefined: all. */
  readonly tail: number | undefined;
  readonly sinceMs: number | undefined;
  readonly timestamps: boolean;
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/**
 * The port: all that may be asked of an engine. Speaks model types only, throws only `Failure`, gives every
 * call a deadline of its own. Destructive calls are by id, after an inspect that re-checks id, ownership and
 * state; 404 on removal and 304 on start and stop are success.
 */
export interface Engine {
  /**
   * The same engine for calls that are held to what the operator admits: what is made, built or run against it is
   * `refused`, with the rule's name, and nothing is sent. Without it nothing is checked.
   */
  admitting(admission: CallAdmission): Engine;
  /** Negotiates the API version (again) and tells who answers. Throws `unreachable` when nobody does. */
  connect(signal: AbortSignal): Promise<EngineInfo>;
  /** A full, fresh snapshot for one stack. A list that fails throws; it is never an empty list. */
  observe(query: ObserveQuery, signal: AbortSignal): Promise<Observed>;
  /** Stacks that have objects of this instance on the engine, manifests or not. Sorted. */
  ownedStacks(signal: AbortSignal): Promise<readonly StackName[]>;
  /** Never ends but by the signal; reconnects by itself and says `connected` each time. */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
  logs(container: ContainerId, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;

  /** Waits a few seconds at most; to be asked again while it is under way. The signal of the first who asks ends it. */
  pullImage(image: DesiredImage, progress: Progress, signal: AbortSignal): Promise<PullState>;
  buildImage(image: DesiredImage, progress: Progress, signal: AbortSignal): Promise<ImageId>;
  createNetwork(
    network: DesiredNetwork,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<NetworkId>;
  /** `unclaimed`: not ours by its labels, and nobody's; refused when it turns out to be anyone's. */
  removeNetwork(network: NetworkId, unclaimed: boolean, signal: AbortSignal): Promise<void>;
  connectNetwork(
    network: NetworkId,
    container: ContainerId,
    settings: EndpointSettings,
    signal: AbortSignal,
  ): Promise<void>;
  /** `network` may be the name of a network that is gone: then `force` clears the stale attachment. */
  disconnectNetwork(
    network: NetworkId | string,
    container: ContainerId,
    force: boolean,
    signal: AbortSignal,
  ): Promise<void>;
  createVolume(
    volume: DesiredVolume,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
  removeVolume(name: string, signal: AbortSignal): Promise<void>;
  createContainer(request: ContainerRequest, signal: AbortSignal): Promise<ContainerId>;
  putFiles(container: ContainerId, files: readonly InjectedFile[], signal: AbortSignal): Promise<void>;
  startContainer(container: ContainerId, signal: AbortSignal): Promise<void>;
  stopContainer(
    container: ContainerId,
    graceMs: number,
    stopSignal: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Runs a command in a running container and waits for its end, at most `limitMs`; `conflict` when the container
   * does not run. The process goes on when the wait is given up.
   */
  exec(container: ContainerId, command: Hook, limitMs: number, signal: AbortSignal): Promise<ExecResult>;
  /**
   * Sends probes from a network namespace and tells what became of each, in order. Neither the container that it is of
   * nor its connections notice; what is made for it is gone when it ends, or at the next `removeProbes`. `conflict` when
   * the container is not ours or does not run, `invalid` when there is no such image, `refused` when it cannot be run.
   */
  probe(request: ProbeRequest, signal: AbortSignal): Promise<readonly ProbeResult[]>;
  /** Removes what probes have left that were cut short by a crash; how many. */
  removeProbes(signal: AbortSignal): Promise<number>;
  restartContainer(container: ContainerId, graceMs: number, signal: AbortSignal): Promise<void>;
  unpauseContainer(container: ContainerId, signal: AbortSignal): Promise<void>;
  renameContainer(container: ContainerId, newName: string, signal: AbortSignal): Promise<void>;
  updateContainer(
    container: ContainerId,
    resources: Resources,
    restartPolicy: RestartPolicy | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Never removes volumes (`v=false`, always). */
  removeContainer(container: ContainerId, signal: AbortSignal): Promise<void>;
}
