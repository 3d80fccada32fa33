import { execute } from '../execute/execute.ts';
import type { CallAdmission } from '../model/admission.ts';
import { asFailure } from '../model/failure.ts';
import type { Outcome, Plan } from '../model/plan.ts';
import { planDeletion } from '../plan/deletion.ts';
import { asOurs } from '../plan/recognise.ts';
import { admissionFor, sourceKind } from '../policy/configuration.ts';
import { BEING_REMOVED, deriveStatus } from '../status/derive.ts';
import { passEvents } from '../status/events.ts';
import { CUT_SHORT, type PassState, passPorts, type Verdict } from './pass-state.ts';
import type { StackRecord, Tombstone } from './stack-record.ts';

/** As long as a call may still be on its way whose answer nobody waits for any more. */
const SECOND_LOOK_MS = 30_000;

/** A pass of a stack that is to go. The tombstone stays until nothing of it is left, and a second look has confirmed that. */
export async function runDeletion(
  record: StackRecord,
  state: PassState,
  signal: AbortSignal,
): Promise<Verdict> {
  const { tombstone } = record;
  if (tombstone === undefined) return { kind: 'gone' };
  if (!state.mayAct(record.name)) return { kind: 'settled', afterMs: state.options.resyncMs };
  if (state.engineInfo() === undefined) return { kind: 'unreachable' };
  try {
    return await takeDown(record, tombstone, state, signal);
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (signal.aborted && failure.kind !== 'bug') return CUT_SHORT;
    state.ports.log.warn({ stack: record.name, err: failure }, 'a deletion has to be tried again');
    return failure.kind === 'unreachable' ? { kind: 'unreachable' } : failedDeletion(record, state);
  }
}

async function takeDown(
  record: StackRecord,
  tombstone: Tombstone,
  state: PassState,
  signal: AbortSignal,
): Promise<Verdict> {
  const ports = passPorts(record, state);
  const query = { stack: record.name, project: record.name, networkNames: [], imageRefs: [] };
  const seen = await state.ports.engine.observe(query, signal);
  const observed = record.adopted ? asOurs(seen, record.name, record.name) : seen;
  const plan = planDeletion(record.name, observed, { volumes: tombstone.volumes });
  // Called off, or meant otherwise, while this pass looked: what the catalogue has now may be a new manifest.
  if (!ports.isWanted()) return { kind: 'again' };
  if (tombstone.orphan) return forget(record, state);
  if (plan.steps.length === 0 && plan.blockers.length === 0) return lay(record, state);
  const [dependent] = dependentsOf(record, state);
  if (dependent !== undefined) return wait(record, dependent, state);
  if (record.goneAtMs !== undefined) {
    await state.records.noteGone(record, undefined);
    return { kind: 'again' };
  }
  const engine = state.ports.engine.admitting(lastHooksOf(record, state));
  const outcomes = await execute(plan, engine, ports, signal);
  await reportDeletion(record, state, { plan, outcomes, doing: BEING_REMOVED });
  if (outcomes.some((outcome) => outcome.result === 'failed')) return failedDeletion(record, state);
  return outcomes.length > 0 ? { kind: 'again' } : { kind: 'settled', afterMs: state.options.resyncMs };
}

/** Its `pre_stop` hooks are the only thing that is still run for it. */
function lastHooksOf({ name, status }: StackRecord, { options }: PassState): CallAdmission {
  const source = sourceKind(status?.source.kind ?? '') ?? 'directory';
  const { enforce: level, places } = admissionFor(options.policy, name, source);
  return { stack: name, project: name, level, directory: '/', places };
}

const failedDeletion = ({ name }: StackRecord, state: PassState): Verdict => ({
  kind: 'failed',
  afterMs: state.backOffMs(name),
});

/** Nothing is left of it. */
async function lay(record: StackRecord, state: PassState): Promise<Verdict> {
  const nowMs = state.ports.clock.nowMs();
  if (record.goneAtMs === undefined) {
    const isNoted = await state.records.noteGone(record, nowMs);
    if (!isNoted || record.tombstone === undefined) return { kind: 'again' };
    const laid = state.records.lay(record);
    // Before anything is waited for: what is in the catalogue from here on is another stack of this name.
    tellOfEnd(record, state);
    await laid;
    return { kind: 'settled', afterMs: SECOND_LOOK_MS };
  }
  const restMs = record.goneAtMs + SECOND_LOOK_MS - nowMs;
  // Of a clock that was set back nothing is to be expected.
  if (restMs > 0 && restMs <= SECOND_LOOK_MS) return { kind: 'settled', afterMs: restMs };
  await state.records.forget(record.name);
  return { kind: 'gone' };
}

async function forget(record: StackRecord, state: PassState): Promise<Verdict> {
  const forgotten = state.records.forget(record.name);
  tellOfEnd(record, state);
  await forgotten;
  return { kind: 'gone' };
}

function tellOfEnd(record: StackRecord, state: PassState): void {
  state.catalog.drop(record.name);
  state.notices.send({ kind: 'deleted', name: record.name });
  state.onReadiness(record.name);
}

/** Stacks that are to go as well, need this one, and are still there. Those that need each other wait for nobody. */
function dependentsOf(record: StackRecord, { records }: PassState): readonly string[] {
  const going = new Map<string, readonly string[]>(
    records
      .all()
      .filter(({ tombstone, goneAtMs }) => tombstone?.orphan === false && goneAtMs === undefined)
      .map(({ name, tombstone }) => [name, tombstone?.dependsOn ?? []]),
  );
  const needs = (name: string, target: string, seen: ReadonlySet<string>): boolean =>
    (going.get(name) ?? []).some(
      (each) => each === target || (!seen.has(each) && needs(each, target, new Set([...seen, each]))),
    );
  return [...going.keys()].filter(
    (name) =>
      going.get(name)?.includes(record.name) === true && !needs(record.name, name, new Set([record.name])),
  );
}

async function wait(record: StackRecord, dependent: string, state: PassState): Promise<Verdict> {
  const doing = `waits until stack ${dependent}, which depends on it, is gone`;
  await reportDeletion(record, state, { plan: undefined, outcomes: [], doing });
  return { kind: 'settled', afterMs: state.options.resyncMs };
}

async function reportDeletion(
  record: StackRecord,
  state: PassState,
  found: {
    readonly plan: Plan | undefined;
    readonly outcomes: readonly Outcome[];
    readonly doing: string;
  },
): Promise<void> {
  const { plan, outcomes } = found;
  const nowMs = state.ports.clock.nowMs();
  const status = deriveStatus({
    name: record.name,
    source: record.source ?? { kind: 'none', name: '', path: '' },
    generation: record.generation,
    nowMs,
    previous: record.status,
    suspended: false,
    held: undefined,
    deleting: found.doing,
    deletionHeld: undefined,
    problems: [],
    failure: undefined,
    desired: undefined,
    observed: undefined,
    plan,
    outcomes,
    nextLookAtMs: undefined,
  });
  const before = record.status;
  await state.records.noteStatus(record, status);
  const events = state.events.record(record.name, passEvents(plan, outcomes, before, status), nowMs);
  for (const event of events) state.notices.send({ kind: 'event', event });
  state.notices.send({ kind: 'status', status });
}
