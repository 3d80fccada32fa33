import type { EngineInfo } from '../model/observed.ts';
import type { Step } from '../model/plan.ts';
import { renderAction } from '../plan/render.ts';
import type { Catalog } from './catalog.ts';
import type { HeldDeletion } from './deletion-guard.ts';
import type { EventLog } from './event-log.ts';
import type { Notices } from './notices.ts';
import type { ControllerOptions, Ports } from './ports.ts';
import { heldToPolicies } from './reachability.ts';
import type { Pass } from './reconcile.ts';
import type { Revisions } from './revisions.ts';
import type { Records, StackRecord } from './stack-record.ts';

/** What is to become of a stack's place in the queue after a pass. */
export type Verdict =
  /** Something was done: look again at once, the result counts. */
  | { readonly kind: 'again' }
  /** Nothing to do, or only to wait; look again at the latest then. */
  | { readonly kind: 'settled'; readonly afterMs: number }
  /** Tried again then, ever more slowly. */
  | { readonly kind: 'failed'; readonly afterMs: number }
  /** No engine: everything waits for the connection, nothing backs off by itself. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'gone' };

/** Of a pass that the end of the daemon interrupted. */
export const CUT_SHORT: Verdict = { kind: 'settled', afterMs: 0 };

/** Everything a pass works on. */
export interface PassState {
  readonly ports: Ports;
  readonly options: ControllerOptions;
  readonly catalog: Catalog;
  readonly records: Records;
  readonly revisions: Revisions;
  readonly events: EventLog;
  readonly notices: Notices;
  readonly engineInfo: () => EngineInfo | undefined;
  /** Since when it has answered without a break (unix ms); undefined while it is away, or may be. */
  readonly engineSinceMs: () => number | undefined;
  /** False: look, and keep the hands off. */
  readonly mayAct: (name: string) => boolean;
  /** Why a stack whose manifest is gone is still there. */
  readonly heldDeletion: (name: string) => HeldDeletion | undefined;
  /** How long a stack that failed once more is to rest. */
  readonly backOffMs: (name: string) => number;
  /** A stack became Ready, or ceased to be. */
  readonly onReadiness: (name: string) => void;
  readonly onFilesUsed: (name: string, files: readonly string[], pass: Pass) => void;
}

/** What a pass of one stack does in the world, and who is told of each step. */
export function passPorts(record: StackRecord, state: PassState) {
  const { ports, options } = state;
  const { generation, tombstone } = record;
  return {
    engine: ports.engine,
    loader: heldToPolicies(state),
    concurrency: options.concurrency,
    nowMs: () => ports.clock.nowMs(),
    // Another wish was applied, or rolled back to, or a deletion was asked for or called off: the next pass is its.
    isWanted: () => record.generation === generation && record.tombstone === tombstone,
    remember: (memory: StackRecord['memory']) => state.records.remember(record, memory),
    onStep: (step: Step, phase: 'started' | 'done' | 'failed', detail: string) => {
      const line = `${renderAction(step)}${phase === 'started' ? '' : `: ${phase}`}${detail === '' ? '' : `: ${detail}`}`;
      ports.log.info(
        {
          stack: record.name,
          step: renderAction(step),
          cause: step.because.code,
          phase,
          ...(detail === '' ? {} : { detail }),
        },
        'step',
      );
      state.notices.send({ kind: 'progress', stack: record.name, line });
    },
  };
}
