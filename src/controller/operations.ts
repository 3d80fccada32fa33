import type { LogLine } from '../engine/engine.ts';
import type { NetworkingReport } from '../isolation/report.ts';
import type { Problem } from '../model/problem.ts';
import type { SourceStatus } from '../model/repository.ts';
import type { HistoryEntry, StackEvent, StackStatus } from '../model/status.ts';
import type { VerifyReport } from '../verify/report.ts';

/** Manifest files as `stackctl apply` pushes them; data files are read from `baseDirectory` on this host. */
export interface PushedManifests {
  /** Absolute directory that relative paths resolve against. */
  readonly baseDirectory: string;
  readonly files: readonly { readonly relativePath: string; readonly text: string }[];
}

export interface ApplyRequest extends PushedManifests {
  readonly dryRun: boolean;
  /** Take over a stack that another source owns. */
  readonly force: boolean;
  /** Take over docker compose's projects of the same names. */
  readonly adopt: boolean;
}

/** A project that docker compose made on the engine, as its labels tell. */
export interface ComposeProjectNote {
  readonly name: string;
  /** Absolute; empty when its containers do not tell. */
  readonly configFiles: readonly string[];
  /** Its name is what the first file's directory makes it, and not given elsewhere. */
  readonly isNamedByDirectory: boolean;
  readonly workingDirectory: string;
  readonly containers: number;
}

export interface DiffRequest {
  readonly manifests: PushedManifests | undefined;
  readonly stacks: readonly string[];
  /** As if docker compose's projects of the same names were taken over. */
  readonly adopt: boolean;
}

export type ApplyAction = 'created' | 'configured' | 'unchanged';

export interface ApplyResult {
  /** Nothing was taken when a problem among them is an error. */
  readonly problems: readonly Problem[];
  readonly stacks: readonly {
    readonly name: string;
    readonly action: ApplyAction;
    /** Wait until `observedGeneration` is at least this. */
    readonly generation: number;
    /** It is Ready already, as just that: there is nothing to wait for. */
    readonly isReady: boolean;
    /** What would be done, a rendered line a step; with `dryRun` only. */
    readonly plan: readonly string[];
  }[];
  /** Git repositories among them. */
  readonly repositories?: readonly { readonly name: string; readonly action: ApplyAction }[] | undefined;
}

export interface StackDiff {
  readonly name: string;
  readonly problems: readonly Problem[];
  /** Rendered plan: steps, blockers; empty is converged. */
  readonly plan: readonly string[];
  readonly changes: readonly {
    readonly object: string;
    readonly action: string;
    readonly fields: readonly { readonly path: string; readonly from: string; readonly to: string }[];
  }[];
}

export interface DeleteRequest {
  readonly name: string;
  readonly volumes: boolean;
  /** Lets a deletion go on that is held back. */
  readonly confirm: boolean;
}

export interface DeleteResult {
  /** It was applied over the manifest of this source, and is that one's again: nothing is removed. */
  readonly handedTo: StackStatus['source'] | undefined;
}

/** The texts that a stack's source has of it. */
export interface StackManifestNote {
  readonly name: string;
  /** Absolute paths: where they are, or where they were when they were applied. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** One revision of a stack. */
export interface RevisionNote {
  /** The generation that it was; `rollback --to-revision` takes it. */
  readonly number: number;
  readonly revision: string;
  readonly outcome: HistoryEntry['outcome'];
  readonly appliedAt: string;
  /** The stack was Ready with it, and what it was is kept. */
  readonly isRestorable: boolean;
  /** Image references by service; of restorable ones. */
  readonly services: Readonly<Record<string, string>>;
  /** Against the restorable one before it, a rendered line each. */
  readonly changes: readonly string[];
}

export interface RollbackResult {
  readonly number: number;
  /** Wait until `observedGeneration` is at least this. */
  readonly generation: number;
}

export interface RolloutRequest {
  readonly name: string;
  readonly verb: 'pause' | 'resume' | 'restart';
  /** Of a restart; empty: all. */
  readonly services: readonly string[];
}

export interface LogsRequest {
  readonly stack: string;
  /** Empty: all. */
  readonly services: readonly string[];
  readonly follow: boolean;
  readonly tail: number | undefined;
  readonly sinceMs: number | undefined;
  readonly timestamps: boolean;
}

export interface ContainerLogLine extends LogLine {
  readonly service: string;
  /** `web-1`: the prefix that docker compose prints. */
  readonly container: string;
}

export interface DaemonVersion {
  readonly version: string;
  readonly instance: string;
  readonly engine: { readonly version: string; readonly apiVersion: string } | undefined;
  readonly startedAt: string;
}

/** Live notice of one stack: its whole status after each pass, or that it is gone. */
export type StackNotice =
  | { readonly kind: 'status'; readonly status: StackStatus }
  | { readonly kind: 'deleted'; readonly name: string }
  | { readonly kind: 'event'; readonly event: StackEvent }
  | { readonly kind: 'progress'; readonly stack: string; readonly line: string };

export interface VerifyRequest {
  /** Empty: all. */
  readonly stacks: readonly string[];
  /** Where ways out are tried by a connection; undefined: only routes are looked at. */
  readonly outside: { readonly host: string; readonly port: number } | undefined;
}

/** How far a verification is; its report is the last. */
export type VerifyNotice =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly from: string }
  | { readonly kind: 'report'; readonly report: VerifyReport };

/** All that the daemon offers; the API serves exactly this. Throws `Failure` (`invalid`: no such stack). */
export interface Operations {
  version(): DaemonVersion;
  /** Undefined while alive and able to work; otherwise why not. */
  notReady(): string | undefined;
  stacks(): readonly StackStatus[];
  stack(name: string): StackStatus;
  /** Throws `invalid` with status 404 when there is no manifest of that name, or no longer. */
  manifest(name: string): StackManifestNote;
  apply(request: ApplyRequest, signal: AbortSignal): Promise<ApplyResult>;
  /** Without manifests: what is pending for the stacks named (all when empty). */
  diff(request: DiffRequest, signal: AbortSignal): Promise<readonly StackDiff[]>;
  /** Throws `invalid` with status 404 when docker compose has no project of that name on the engine. */
  composeProject(name: string, signal: AbortSignal): Promise<ComposeProjectNote>;
  /** Takes docker compose's project over for a stack whose manifest is known already. */
  adopt(name: string): Promise<void>;
  /** Returns at once; the deletion is a notice, and the stack is gone when it is done. */
  delete(request: DeleteRequest): Promise<DeleteResult>;
  reconcile(name: string): void;
  /** Its source first, a remote too. */
  reconcileWithSource(name: string, signal: AbortSignal): Promise<void>;
  sources(): readonly SourceStatus[];
  /** Throws `invalid` with status 404 when there is none. */
  source(name: string): SourceStatus;
  /** Reads it again at once, and answers what came of it. */
  reconcileSource(name: string, signal: AbortSignal): Promise<SourceStatus>;
  /** Forgets a repository that was applied; its stacks stay. Throws `conflict` for what a file declares. */
  deleteSource(name: string): Promise<void>;
  /** Has a repository's remote asked soon; false when there is none of that name. */
  lookAtSource(name: string): boolean;
  suspend(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Newest first. */
  history(name: string): readonly RevisionNote[];
  /**
   * Holds a stack at an earlier revision, by default the one before. Throws `invalid` with
   * status 404 when it is not kept, and `unreachable` while the engine is: revisions open only for the one they are of.
   */
  rollBack(name: string, toRevision: number | undefined, signal: AbortSignal): Promise<RollbackResult>;
  rollout(request: RolloutRequest): Promise<void>;
  /** Looks at the whole engine. Throws `unreachable` while nobody answers there. */
  networking(signal: AbortSignal): Promise<NetworkingReport>;
  /** Oldest first; `afterSequence` to go on. */
  events(filter: {
    readonly stack: string | undefined;
    readonly afterSequence: number | undefined;
  }): readonly StackEvent[];
  /** Starts with the present status of each stack it is about. */
  watch(filter: { readonly stack: string | undefined }, signal: AbortSignal): AsyncIterable<StackNotice>;
  logs(request: LogsRequest, signal: AbortSignal): AsyncIterable<ContainerLogLine>;
  /** Proves on the live engine who reaches whom, by probes. Throws `invalid` with status 404 for an unknown stack. */
  verify(request: VerifyRequest, signal: AbortSignal): AsyncIterable<VerifyNotice>;
}
