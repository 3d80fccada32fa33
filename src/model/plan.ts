import type { EndpointSettings, Resources, RestartPolicy } from './container.ts';
import type {
  DesiredContainer,
  DesiredImage,
  DesiredNetwork,
  DesiredVolume,
  InjectedFile,
} from './desired.ts';
import type { Failure } from './failure.ts';
import type { Hook } from './hooks.ts';
import type { Memory } from './memory.ts';
import type { ContainerId, NetworkId, StackName } from './names.ts';

export type StepId = number;

/** What a step or a blocker is about: `container/demo-web-1`. */
export interface ResourceRef {
  readonly kind: 'container' | 'network' | 'volume' | 'image' | 'stack';
  readonly name: string;
}

/** A container or network that exists, or that an earlier step of the plan makes. */
export type ContainerHandle =
  | { readonly by: 'id'; readonly id: ContainerId }
  | { readonly by: 'step'; readonly step: StepId };
export type NetworkHandle =
  | { readonly by: 'id'; readonly id: NetworkId }
  | { readonly by: 'step'; readonly step: StepId };

/** Everything that `create-container` needs and that only the plan knows. */
export interface ContainerCreation {
  readonly stack: StackName;
  readonly container: DesiredContainer;
  /** The name to create it under: final, or `NAME.<hash8>` while the old one still holds it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Named volumes in place of the anonymous ones: path -> volume name. */
  readonly anonymousVolumes: Readonly<Record<string, string>>;
  /** Given at creation: the primary one, and the others where the API takes several (1.44). */
  readonly endpoints: readonly {
    readonly network: NetworkHandle;
    readonly networkName: string;
    readonly settings: EndpointSettings;
  }[];
  readonly networkContainer?: ContainerHandle | undefined;
  readonly ipcContainer?: ContainerHandle | undefined;
  readonly pidContainer?: ContainerHandle | undefined;
  readonly volumesFrom: readonly { readonly container: ContainerHandle; readonly readOnly: boolean }[];
}

/** One engine call each, with nothing left to decide. */
export interface StepPayloads {
  'pull-image': { readonly image: DesiredImage };
  'build-image': { readonly image: DesiredImage };
  'create-network': {
    readonly stack: StackName;
    readonly network: DesiredNetwork;
    readonly labels: Readonly<Record<string, string>>;
  };
  /** `unclaimed`: it bears nobody's labels and stands where ours was; nobody but us may be attached. */
  'remove-network': { readonly networkId: NetworkId; readonly unclaimed: boolean };
  'connect-network': {
    readonly network: NetworkHandle;
    readonly container: ContainerHandle;
    readonly settings: EndpointSettings;
  };
  'disconnect-network': {
    readonly networkId: NetworkId | string;
    readonly container: ContainerHandle;
    readonly force: boolean;
  };
  'create-volume': { readonly volume: DesiredVolume; readonly labels: Readonly<Record<string, string>> };
  'create-container': { readonly creation: ContainerCreation };
  'put-files': { readonly container: ContainerHandle; readonly files: readonly InjectedFile[] };
  'start-container': { readonly container: ContainerHandle };
  'stop-container': {
    readonly container: ContainerHandle;
    readonly graceMs: number;
    readonly signal: string | undefined;
  };
  'restart-container': { readonly container: ContainerHandle; readonly graceMs: number };
  'exec-hook': {
    readonly container: ContainerHandle;
    readonly phase: 'post_start' | 'pre_stop';
    readonly hook: Hook;
    /** From 0, in the order of the manifest. */
    readonly index: number;
    /** The start that a `post_start` hook follows (unix ms); undefined: one that is still to come. */
    readonly startedAtMs: number | undefined;
    readonly limitMs: number;
  };
  'unpause-container': { readonly container: ContainerHandle };
  'rename-container': { readonly container: ContainerHandle; readonly newName: string };
  'update-container': {
    readonly container: ContainerHandle;
    readonly resources: Resources;
    readonly restartPolicy: RestartPolicy | undefined;
  };
  'remove-container': { readonly container: ContainerHandle };
  /** Comes only from `stackctl delete --volumes`. */
  'remove-volume': { readonly volumeName: string };
}
export type StepKind = keyof StepPayloads;

export interface StepBase {
  readonly id: StepId;
  readonly target: ResourceRef;
  /** The service it serves, for progress and status. */
  readonly service: string | undefined;
  readonly because: Cause;
  /** Steps that must have succeeded in this very run; a `pre_stop` hook only has to be over. */
  readonly needs: readonly StepId[];
  /** What must be observed first; a gated step is not run in this pass. */
  readonly gate: Gate | undefined;
}
export type StepOf<Kind extends StepKind> = StepBase & { readonly kind: Kind } & StepPayloads[Kind];
export type Step = { [Kind in StepKind]: StepOf<Kind> }[StepKind];

export type CauseCode =
  | 'Missing'
  | 'Started'
  | 'SpecChanged'
  | 'ImageChanged'
  | 'Drifted'
  | 'NotRunning'
  | 'RestartAsked'
  | 'Paused'
  | 'Unhealthy'
  | 'Orphaned'
  | 'Duplicate'
  | 'Replaced'
  | 'RolledBack'
  | 'DependencyReplaced'
  | 'StaleBind'
  | 'StackDeleted';

export interface Cause {
  readonly code: CauseCode;
  readonly changes: readonly FieldChange[];
}

/** `from` and `to` are for people; values of secrets never stand in them. */
export interface FieldChange {
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

export type Gate =
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly until: 'started' | 'healthy' | 'completed';
    }
  | { readonly kind: 'image'; readonly ref: string }
  | {
      readonly kind: 'replacement';
      readonly container: string;
      readonly until: 'healthy' | 'running';
      readonly atMs: number | undefined;
    }
  | { readonly kind: 'delay'; readonly untilMs: number }
  /** `stackctl rollout pause`. */
  | { readonly kind: 'paused' }
  /** For long enough attached as it is, in a hand-over: others found their way to it, or ended what they had with it. */
  | { readonly kind: 'attached'; readonly container: string; readonly untilMs: number | undefined }
  | { readonly kind: 'backoff'; readonly untilMs: number; readonly attempt: number }
  /** `isMissing`: no source has it. */
  | { readonly kind: 'stack'; readonly stack: string; readonly isMissing: boolean };

export type BlockerCode =
  | 'NameTakenByForeign'
  | 'VolumeWouldBeLost'
  | 'SubnetOverlap'
  | 'PortTaken'
  | 'ExternalMissing'
  | 'ImageMissing'
  | 'OwnedByAnotherStack'
  | 'Unsupported'
  | 'BadRevision'
  | 'RolloutPaused'
  | 'FalseDrift'
  | 'DependencyFailed';

/** Why something cannot be done at all until the world or the manifest changes. */
export interface Blocker {
  readonly target: ResourceRef;
  readonly service: string | undefined;
  readonly code: BlockerCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** It is expected to go by itself, with this: nobody has to do anything. */
  readonly waitsFor?: Gate | undefined;
}

/** The whole way to the goal. No steps, no blockers: converged. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly blockers: readonly Blocker[];
  /** Repairs of drift that are told and not made (`driftDetection.mode: warn`). */
  readonly withheld?: readonly Step[] | undefined;
  /** The soonest time (unix ms) at which planning again would give another plan. */
  readonly lookAgainAtMs: number | undefined;
  /** What to remember from now on; to be stored before any step runs. */
  readonly memory: Memory;
}

export type Outcome =
  | {
      readonly step: Step;
      readonly result: 'done';
      readonly tookMs: number;
      /** The container that it brought about. */
      readonly made?: ContainerId | undefined;
    }
  | { readonly step: Step; readonly result: 'failed'; readonly failure: Failure; readonly tookMs: number }
  | {
      readonly step: Step;
      readonly result: 'skipped';
      readonly waitingFor: 'gate' | 'failed-need' | 'abort' | 'under-way';
    };
