import type { Logger } from 'pino';
import type { Engine } from '../engine/engine.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import type { Policy } from '../policy/configuration.ts';
import type { RepositorySource, Source } from '../source/source.ts';
import type { Store } from '../store/store.ts';
import type { Loader } from './loader.ts';
import type { Meter } from './meter.ts';

/** Time as the controller sees it; tests hand in a virtual one. */
export interface Clock {
  nowMs(): number;
  /** Milliseconds that never go back, whatever is done to the clock on the wall. */
  monotonicMs(): number;
  /** Calls back once after `ms`; returns how to call it off. */
  setTimer(callback: () => void, ms: number): () => void;
}

/** What `stackctl apply` writes to, beside being a source. */
export interface AppliedManifests extends Source {
  put(
    stack: string,
    manifests: {
      readonly baseDirectory: string;
      readonly files: readonly { readonly relativePath: string; readonly text: string }[];
    },
  ): Promise<void>;
  remove(stack: string): Promise<void>;
}

/** The outside world of the controller, built in `bin/` only. */
export interface Ports {
  readonly engine: Engine;
  /** In order of precedence; `applied` is among them. */
  readonly sources: readonly Source[];
  readonly applied: AppliedManifests;
  /** Makes the source of a declared Git repository; undefined where repositories are not followed. */
  readonly openRepository?: ((declaration: RepositoryDeclaration) => RepositorySource) | undefined;
  readonly store: Store;
  readonly loader: Loader;
  readonly clock: Clock;
  /** 0 <= x < 1, for jitter. */
  readonly random: () => number;
  readonly log: Logger;
  /** Counts what is done. */
  readonly meter?: Meter | undefined;
}

/** Settings of the controller; times in milliseconds. */
export interface ControllerOptions {
  readonly instance: string;
  readonly version: string;
  /** Stacks reconciled at a time. */
  readonly workers: number;
  /** Engine calls at a time within one stack. */
  readonly concurrency: number;
  readonly resyncMs: number;
  readonly deleteGraceMs: number;
  /** `--direct`: looks at every stack, and acts only on those that a command was about. */
  readonly onlyWhenAsked: boolean;
  /** What the operator lets stacks do. */
  readonly policy: Policy;
  /** How often the isolation of all stacks is verified by probes; undefined: only when somebody asks. */
  readonly verifyIntervalMs?: number | undefined;
  /** What probes run in; undefined: an image that is made from this process's own Node. */
  readonly probeImage?: string | undefined;
}
