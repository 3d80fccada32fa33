import type { StackName } from './names.ts';
import type { Problem } from './problem.ts';

export type ConditionType = 'Ready' | 'Reconciling' | 'Stalled' | 'Healthy' | 'Suspended' | 'Isolated';

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase; each has a paragraph in docs/conditions.md. */
  readonly reason: string;
  /** What is so, and what to do. */
  readonly message: string;
  readonly observedGeneration: number;
  /** ISO 8601; moves only when `status` does. */
  readonly lastTransitionTime: string;
}

export type SyncState = 'Synced' | 'OutOfSync' | 'Unknown';
export type HealthState = 'Healthy' | 'Progressing' | 'Degraded' | 'Missing' | 'Suspended' | 'Unknown';

/** Why a stack whose manifest is gone is still there: reasons of `Ready`, and codes of the warning that tells of it. */
export const HELD_REASONS = [
  'GracePeriod',
  'SourceSuspect',
  'BrokenManifests',
  'TooManyDeletions',
  'SuspendedStack',
] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

export const isHeldReason = (word: string): word is HeldReason => HELD_REASONS.some((each) => each === word);

export interface StackStatus {
  readonly name: StackName;
  /** `metadata.labels` of its manifest: selectors look at these. */
  readonly labels: Readonly<Record<string, string>>;
  readonly source: { readonly kind: string; readonly name: string; readonly path: string };
  /** Counts changes of the manifest and what it refers to. */
  readonly generation: number;
  readonly observedGeneration: number;
  readonly lastAppliedRevision: string | undefined;
  readonly lastAttemptedRevision: string | undefined;
  readonly sync: SyncState;
  readonly health: HealthState;
  readonly conditions: readonly Condition[];
  readonly services: readonly ServiceStatus[];
  readonly networks: readonly NetworkStatus[];
  readonly volumes: readonly VolumeStatus[];
  readonly problems: readonly Problem[];
  /** What a pass would do now, a line a step; empty: converged. */
  readonly pending: readonly string[];
  readonly history: readonly HistoryEntry[];
  readonly suspended: boolean;
  /** ISO 8601; when it is looked at next without any event. */
  readonly nextLookAt: string | undefined;
  readonly createdAt: string;
}

export interface ServiceStatus {
  readonly name: string;
  /** As the manifest names it. */
  readonly image: string;
  /** Of the image that its containers run from; undefined while there is none. */
  readonly imageId: string | undefined;
  /** What the registry calls that image (`REPOSITORY@sha256:...`); undefined: it was never pulled or pushed. */
  readonly imageDigest: string | undefined;
  readonly desired: number;
  readonly ready: number;
  readonly updated: number;
  readonly restarts: number;
  readonly health: HealthState;
  /** kubectl's words where they fit: `Running`, `Completed`, `CrashLoopBackOff`, `ImagePullBackOff`, `Waiting`. */
  readonly state: string;
  readonly message: string;
  readonly ports: readonly string[];
  readonly networks: readonly string[];
  readonly containers: readonly ContainerStatus[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly id: string;
  readonly imageId: string;
  readonly imageDigest: string | undefined;
  readonly state: string;
  readonly health: string;
  readonly startedAt: string | undefined;
  readonly addresses: Readonly<Record<string, string>>;
}

export interface NetworkStatus {
  readonly name: string;
  readonly key: string;
  readonly driver: string;
  readonly subnets: readonly string[];
  readonly internal: boolean;
  readonly icc: boolean;
  readonly external: boolean;
  readonly state: 'Present' | 'Missing' | 'Drifted';
  readonly attached: number;
}

export interface VolumeStatus {
  readonly name: string;
  readonly key: string;
  readonly driver: string;
  readonly external: boolean;
  readonly state: 'Present' | 'Missing' | 'Drifted';
}

/** Of the last ten revisions, newest first. */
export interface HistoryEntry {
  readonly revision: string;
  readonly generation: number;
  readonly firstAppliedAt: string;
  readonly lastAppliedAt: string;
  readonly outcome: 'Applied' | 'Failed' | 'RolledBack' | 'Applying';
}

/** Something that happened to a stack: the same thing again raises `count`. */
export interface StackEvent {
  readonly stack: StackName;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** `container/demo-web-1` */
  readonly object: string;
  readonly message: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** Grows by one with each event, so that a reader can go on where it stopped. */
  readonly sequence: number;
}
