import type { Failure } from '../model/failure.ts';
import type { Memory } from '../model/memory.ts';
import type { CauseCode, FieldChange, Outcome, ResourceRef } from '../model/plan.ts';
import { learnHooks } from './hooks.ts';
import type { Scope } from './scope.ts';

/** After this many successful repairs in a row of the very same difference, it is not drift but a bug of ours. */
const REPEATS_BEFORE_STALL = 5;

/** Causes that a repair takes away, so that meeting them again at once is suspicious. */
const REPAIRS: ReadonlySet<CauseCode> = new Set(['Drifted', 'StaleBind', 'DependencyReplaced']);

/** Names a repair by what it repairs. */
export function repairKey(target: ResourceRef, changes: readonly FieldChange[]): string {
  return `${target.kind}/${target.name}: ${changes.map((each) => `${each.path} ${each.from} -> ${each.to}`).join('; ')}`;
}

/** True, with a blocker, when this repair was done again and again without effect. */
export function isFalseDrift(
  scope: Scope,
  target: ResourceRef,
  changes: readonly FieldChange[],
  service: string | undefined,
): boolean {
  const key = repairKey(target, changes);
  scope.metRepairs.add(key);
  const times = scope.memory.repeats[key] ?? 0;
  if (times < REPEATS_BEFORE_STALL) return false;
  scope.draft.block({
    target,
    service,
    code: 'FalseDrift',
    message: `the same repair succeeded ${times} times and the difference is still there: ${changes.map((each) => each.path).join(', ')}`,
    hint: 'this is a bug in stackctl or in the engine; change the field in the manifest, or report it with this message',
  });
  return true;
}

/** What the outcomes of a pass teach about repeated repairs and pulls. Runs after every pass, also a partial one. */
export function learn(
  memory: Memory,
  outcomes: readonly Outcome[],
  about: { readonly nowMs: number; readonly revision: string },
): Memory {
  return {
    ...memory,
    repeats: learnRepeats(memory.repeats, outcomes),
    pulls: learnPulls(memory.pulls, outcomes, about),
    hooks: learnHooks(memory.hooks, outcomes),
    restarted: learnRestarted(memory.restarted, outcomes, about.nowMs),
    known: learnMade(memory.known, outcomes),
  };
}

function learnRestarted(
  before: Memory['restarted'],
  outcomes: readonly Outcome[],
  nowMs: number,
): Memory['restarted'] {
  const restarted = outcomes.flatMap(({ step, result }) =>
    result === 'done' &&
    step.kind === 'restart-container' &&
    step.because.code === 'RestartAsked' &&
    step.container.by === 'id'
      ? [[step.container.id, nowMs]]
      : [],
  );
  return { ...before, ...Object.fromEntries(restarted) };
}

function learnMade(before: Memory['known'], outcomes: readonly Outcome[]): Memory['known'] {
  const made = outcomes.flatMap((outcome) =>
    outcome.result === 'done' && outcome.step.kind === 'create-container' && outcome.made !== undefined
      ? [[outcome.made, outcome.step.creation.container.specHash]]
      : [],
  );
  return { ...before, ...Object.fromEntries(made) };
}

function learnRepeats(before: Memory['repeats'], outcomes: readonly Outcome[]): Memory['repeats'] {
  // A stalled repair is not planned any more, and stays known as stalled for as long as its difference is met.
  const repeats: Record<string, number> = Object.fromEntries(
    Object.entries(before).filter(([, times]) => times >= REPEATS_BEFORE_STALL),
  );
  for (const { step, result } of outcomes) {
    if (!REPAIRS.has(step.because.code) || step.because.changes.length === 0) continue;
    const key = repairKey(step.target, step.because.changes);
    repeats[key] = Math.max(repeats[key] ?? 0, (before[key] ?? 0) + (result === 'done' ? 1 : 0));
  }
  return repeats;
}

function learnPulls(
  before: Memory['pulls'],
  outcomes: readonly Outcome[],
  about: { readonly nowMs: number; readonly revision: string },
): Memory['pulls'] {
  const pulls = { ...before };
  const at = { atMs: about.nowMs, revision: about.revision };
  for (const outcome of outcomes) {
    const { step } = outcome;
    if (step.kind !== 'pull-image' && step.kind !== 'build-image') continue;
    const { ref } = step.image;
    if (outcome.result === 'done') pulls[ref] = { ...at, failures: 0 };
    if (outcome.result === 'failed' && !isCutShort(outcome.failure)) {
      const last = before[ref];
      const failures = last?.revision === about.revision ? last.failures : 0;
      pulls[ref] = { ...at, failures: failures + 1, failure: tell(outcome.failure) };
    }
  }
  return pulls;
}

/** A shutdown, or an engine that went away: that says nothing about the image. */
const isCutShort = ({ kind }: Failure): boolean => kind === 'superseded' || kind === 'unreachable';

const tell = ({ message, hint }: Failure): string => (hint === undefined ? message : `${message}; ${hint}`);
