import { asFailure, Failure } from '../model/failure.ts';
import type { Problem } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import type { StackStatus } from '../model/status.ts';
import { learn } from '../plan/repeats.ts';
import type { PlanContext } from '../plan/scope.ts';
import { admissionFor } from '../policy/configuration.ts';
import { deriveStatus, type PassReport } from '../status/derive.ts';
import { passEvents } from '../status/events.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import type { HeldDeletion } from './deletion-guard.ts';
import { runDeletion } from './deletion-pass.ts';
import { CUT_SHORT, type PassState, passPorts, type Verdict } from './pass-state.ts';
import { type Pass, reconcile } from './reconcile.ts';
import { imagesOf } from './revisions.ts';
import { circleProblems } from './stack-circle.ts';
import { isToBeSeen, type StackRecord } from './stack-record.ts';

/** A stack of which something failed is not tried again sooner. */
const SHORTEST_REST_MS = 1_000;

const NOTHING: Pass = {
  sourceRevision: undefined,
  problems: [],
  desired: undefined,
  observed: undefined,
  plan: undefined,
  outcomes: [],
  filesUsed: [],
};

/** One pass of one stack, from its name to its status; never throws. */
export async function runPass(name: string, state: PassState, signal: AbortSignal): Promise<Verdict> {
  const known = state.records.get(name);
  if (known?.tombstone !== undefined) return runDeletion(known, state, signal);
  const entry = state.catalog.get(name);
  // Without a record: one that was forgotten must not come back because of a late event.
  if (entry === undefined) return { kind: 'gone' };
  const record = state.records.ensure(name);
  const engineInfo = state.engineInfo();
  if (engineInfo === undefined) {
    const failure = new Failure('unreachable', 'the engine does not answer', {
      hint: 'is it running? `systemctl status docker`',
    });
    await report(record, entry, state, { pass: NOTHING, generation: record.generation, failure });
    return { kind: 'unreachable' };
  }
  const { generation, renewals } = record;
  try {
    await state.records.noteSource(record, sourceOf(entry));
    await state.records.withoutFuture(record, state.ports.clock.nowMs());
    state.catalog.settle(name, entry.origin);
    const pass = await reconcile(
      {
        manifest: entry.manifest,
        engineInfo,
        admission: admissionFor(state.options.policy, name, entry.origin.kind),
        lastGood: record.lastGood,
        held: heldRevision(record, state),
        context: contextOf(record, state),
        isSuspended: () => isSuspended(record, entry) || !state.mayAct(name),
      },
      passPorts(record, state),
      signal,
    );
    return await conclude(record, entry, { pass, generation, renewals }, state);
  } catch (thrown) {
    const failure = asFailure(thrown);
    // The daemon ends: that says nothing about the stack, and the next one looks at everything anyway.
    if (signal.aborted && failure.kind !== 'bug') return CUT_SHORT;
    if (failure.kind === 'bug') state.ports.log.error({ stack: name, err: failure }, 'a pass failed');
    const found = { pass: NOTHING, generation, failure };
    if (failure.kind === 'unreachable') {
      await report(record, entry, state, found);
      return { kind: 'unreachable' };
    }
    const afterMs = state.backOffMs(name);
    const nextLookAtMs = state.ports.clock.nowMs() + afterMs;
    await report(record, entry, state, { ...found, nextLookAtMs });
    return { kind: 'failed', afterMs };
  }
}

const sourceOf = ({ origin, manifest }: CatalogEntry): StackStatus['source'] => ({
  kind: origin.kind,
  name: origin.name,
  path: manifest.at.file,
});

export const isSuspended = (record: StackRecord, entry: CatalogEntry): boolean =>
  record.suspended || entry.manifest.control.suspend;

/** What the planner needs beside desired and observed. */
export function contextOf(record: StackRecord, state: PassState): PlanContext {
  const declared = state.catalog.names().map((name) => [name, false] as const);
  const ready = state.records
    .all()
    .filter(isToBeSeen)
    .map((other) => [other.name, isReady(other) && other.tombstone === undefined] as const);
  const nowMs = state.ports.clock.nowMs();
  return {
    nowMs,
    // What is not known to have been there all the time may have been away until now.
    engineSinceMs: state.engineSinceMs() ?? nowMs,
    memory: record.memory,
    instance: state.options.instance,
    version: state.options.version,
    isAdopted: record.adopted,
    lastApplied: record.lastGood,
    lastReady: state.revisions.newest(record.name),
    isRolloutPaused: record.rollout.isPaused,
    restartAsked: record.rollout.restartAsked,
    retryAskedAtMs: record.rollout.retryAskedAtMs,
    readyStacks: Object.fromEntries([...declared, ...ready]),
  };
}

/** Throws `conflict` when what the stack is to be held at is not known any more: better nothing than another thing. */
function heldRevision(record: StackRecord, state: PassState): Revision | undefined {
  const { hold } = record.rollout;
  if (hold === undefined) return undefined;
  const revision = state.revisions.get(record.name, hold.number);
  if (revision !== undefined) return revision;
  throw new Failure('conflict', `revision ${hold.number}, at which the stack is held, is lost`, {
    hint: `\`stackctl rollout resume ${record.name}\` follows the manifest again`,
  });
}

/** Whether it is Ready, as what was wanted with that generation or since. */
export function isReady({ status }: StackRecord, generation = 0): boolean {
  const ready = status?.conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && ready.observedGeneration >= generation;
}

async function conclude(
  record: StackRecord,
  entry: CatalogEntry,
  done: { readonly pass: Pass; readonly generation: number; readonly renewals: number },
  state: PassState,
): Promise<Verdict> {
  const { pass } = done;
  const nowMs = state.ports.clock.nowMs();
  // Another wish was applied meanwhile, or the same asked for anew: what was done says nothing about that.
  const isOther = record.generation !== done.generation && record.revision !== pass.desired?.revision;
  const isPast = isOther || record.renewals !== done.renewals;
  const isOwn = pass.problems.every((problem) => problem.severity === 'warning');
  let generation = isPast ? done.generation : record.generation;
  // At once: while the engine works the disk, each flush may take long.
  const writes: Promise<unknown>[] = [];
  if (isOwn && pass.desired !== undefined) {
    record.lastGood = pass.desired;
    if (state.mayAct(record.name) && !isPast) {
      const noted = state.records.noteRevision(record, pass.desired.revision);
      // Before anything is waited for: another wish may be applied meanwhile, of which this pass knows nothing.
      generation = record.generation;
      await noted;
      writes.push(state.catalog.noteGood(entry));
    }
  }
  if (pass.plan !== undefined && !isSuspended(record, entry) && state.mayAct(record.name)) {
    const revision = pass.desired?.revision ?? '';
    const memory = learn(pass.plan.memory, pass.outcomes, { nowMs, revision });
    writes.push(state.records.remember(record, memory));
  }
  await Promise.all(writes);
  state.ports.meter?.passFound(record.name, pass, wasSynced(record, pass));
  state.onFilesUsed(record.name, pass.filesUsed, pass);
  const verdict: Verdict = isPast ? { kind: 'again' } : verdictOf(pass, entry, state);
  const afterMs = 'afterMs' in verdict ? verdict.afterMs : 0;
  await report(record, entry, state, { pass, generation, failure: undefined, nextLookAtMs: nowMs + afterMs });
  await noteReady(record, pass, state);
  return verdict;
}

/** Whether the last look found the stack as it is wanted now. */
function wasSynced({ status }: StackRecord, { desired }: Pass): boolean {
  return status?.sync === 'Synced' && status.lastAppliedRevision === desired?.revision;
}

/** What is Ready can be gone back to. */
async function noteReady(record: StackRecord, pass: Pass, state: PassState): Promise<void> {
  const { desired, observed } = pass;
  if (desired === undefined || observed === undefined || record.rollout.hold !== undefined) return;
  if (!isReady(record) || record.revision !== desired.revision || !state.mayAct(record.name)) return;
  const revision = { desired, images: imagesOf(desired, observed) };
  const atMs = state.ports.clock.nowMs();
  await state.revisions.note(record.name, revision, { number: record.generation, atMs });
}

function verdictOf(pass: Pass, entry: CatalogEntry, state: PassState): Verdict {
  const lookAgainAtMs = pass.plan?.lookAgainAtMs ?? Number.POSITIVE_INFINITY;
  const untilLookMs = lookAgainAtMs - state.ports.clock.nowMs();
  if (pass.outcomes.some((outcome) => outcome.result === 'failed')) {
    // What does not work must not keep the others waiting, such as a new container that has proved itself by then.
    const restMs = state.backOffMs(entry.manifest.name);
    return { kind: 'failed', afterMs: Math.min(restMs, Math.max(SHORTEST_REST_MS, untilLookMs)) };
  }
  if (pass.outcomes.some((outcome) => outcome.result === 'done')) return { kind: 'again' };
  const { resyncMs } = state.options;
  const resync = Math.min(resyncMs, entry.manifest.control.intervalMs);
  // +-10 %, so that many stacks do not look all at once for ever.
  const afterMs = resync * (0.9 + 0.2 * state.ports.random());
  return { kind: 'settled', afterMs: Math.min(afterMs, Math.max(50, untilLookMs)) };
}

interface Findings {
  readonly pass: Pass;
  /** Of the wish that the pass was about. */
  readonly generation: number;
  readonly failure: Failure | undefined;
  readonly nextLookAtMs?: number;
}

/** Derives the status, keeps it, and tells everyone: the one place where a pass becomes visible. */
async function report(
  record: StackRecord,
  entry: CatalogEntry,
  state: PassState,
  findings: Findings,
): Promise<void> {
  const { pass, failure } = findings;
  const nowMs = state.ports.clock.nowMs();
  const before = record.status;
  const derived = deriveStatus({
    name: record.name,
    labels: entry.manifest.labels,
    source: sourceOf(entry),
    generation: findings.generation,
    nowMs,
    previous: before,
    suspended: isSuspended(record, entry),
    held: heldNote(record, pass),
    deleting: undefined,
    deletionHeld: state.heldDeletion(record.name),
    problems: [
      ...entry.problems,
      ...circleProblems(entry, state.catalog),
      ...heldProblems(state.heldDeletion(record.name), entry),
      ...pass.problems,
    ],
    failure,
    desired: pass.desired,
    observed: pass.observed,
    plan: pass.plan,
    outcomes: pass.outcomes,
    nextLookAtMs: findings.nextLookAtMs,
    sourceRevision: pass.sourceRevision === pass.desired?.revision ? entry.revision : undefined,
    isolation: record.isolation,
  });
  const status = { ...derived, generation: record.generation };
  const wasReady = isReady(record);
  // Told before it is on the disk, which may be slow or full: the next daemon finds it out anew.
  const written = state.records.noteStatus(record, status).catch((thrown: unknown) => {
    state.ports.log.warn({ stack: record.name, err: asFailure(thrown) }, 'a status cannot be kept');
  });
  const events = state.events.record(
    record.name,
    passEvents(pass.plan, pass.outcomes, before, status),
    nowMs,
  );
  for (const event of events) state.notices.send({ kind: 'event', event });
  state.notices.send({ kind: 'status', status });
  if (isReady(record) !== wasReady) state.onReadiness(record.name);
  await written;
}

function heldNote(record: StackRecord, { sourceRevision, desired }: Pass): PassReport['held'] {
  const { hold } = record.rollout;
  if (hold === undefined) return undefined;
  return { number: hold.number, isSourceDifferent: sourceRevision !== desired?.revision };
}

/** The stack goes on as it is: a warning, and no more. */
function heldProblems(held: HeldDeletion | undefined, entry: CatalogEntry): readonly Problem[] {
  if (held === undefined) return [];
  const [message = '', hint] = held.message.split('; ', 2);
  return [{ severity: 'warning', code: held.reason, message, hint, at: entry.manifest.at }];
}
