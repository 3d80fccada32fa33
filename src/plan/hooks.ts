import type { Failure } from '../model/failure.ts';
import { type Hooks, NO_HOOKS, readHooks } from '../model/hooks.ts';
import { OURS } from '../model/labels.ts';
import type { HookRecord, Memory } from '../model/memory.ts';
import { slotName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Cause, Gate, Outcome, Step, StepId } from '../model/plan.ts';
import { cause, containerRef, type PlanDraft } from './draft.ts';
import type { SlotPlan } from './replace.ts';
import { replicaOf, type Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/** The longest that a hook may take where no manifest says how long things may take. */
const DEFAULT_LIMIT_MS = 5 * 60_000;

/** Those it was made with; of one that bears none of our labels (adopted), those that its manifest has now. */
function hooksOf(scope: Scope, live: ObservedContainer): Hooks {
  const own = readHooks(live.labels[OURS.hooks]);
  if (own !== undefined || live.labels[OURS.specHash] !== undefined) return own ?? NO_HOOKS;
  return replicaOf(scope, live)?.hooks ?? NO_HOOKS;
}

/** Whether the `post_start` hooks of a running container have been run since its start. */
export type PostStart =
  | { readonly kind: 'done' }
  | { readonly kind: 'pending'; readonly next: number }
  | { readonly kind: 'failed'; readonly next: number; readonly reason: string };

export function postStartOf(scope: Scope, live: ObservedContainer): PostStart {
  const { postStart } = hooksOf(scope, live);
  const record = scope.memory.hooks[live.id];
  // Where memory was lost they have most likely been run: what works is not touched again.
  const isFromBefore = record === undefined && (live.startedAtMs ?? 0) < scope.memory.beganAtMs;
  if (isFromBefore) return { kind: 'done' };
  const isOfThisStart = record !== undefined && record.startedAtMs === live.startedAtMs;
  const next = isOfThisStart ? record.done : 0;
  if (next >= postStart.length) return { kind: 'done' };
  return isOfThisStart && record.failure !== undefined
    ? { kind: 'failed', next, reason: record.failure }
    : { kind: 'pending', next };
}

/**
 * Adds what is left of the `post_start` hooks of a slot's containers, and lets dependents wait for them. A container
 * that this plan starts gets its own in the next pass, which sees when it was started: that tells one start from
 * another, so that each is followed by its hooks, also one by the engine.
 */
export function addPostStart(scope: Scope, slot: Slot, plan: SlotPlan): SlotPlan {
  if (plan.startStep !== undefined) return announce(scope, slot, plan, plan.startStep);
  const last = (scope.slots.get(slotName(slot.service.name, slot.container.ordinal)) ?? [])
    .filter((live) => live.state === 'running' && !isTakenDown(scope, live))
    .flatMap((live) => runPostStart(scope, live))
    .at(-1);
  if (last === undefined) return plan;
  return { ...plan, startStep: plan.rolling ? undefined : last, disturbed: true };
}

/** Says what will be run after a start that is still to come. */
function announce(scope: Scope, slot: Slot, plan: SlotPlan, startStep: StepId): SlotPlan {
  const start = scope.draft.steps[startStep - 1];
  if (start === undefined || (start.kind !== 'start-container' && start.kind !== 'restart-container')) {
    return plan;
  }
  const { container: handle } = start;
  const live = handle.by === 'id' ? scope.byId.get(handle.id) : undefined;
  const { postStart } = live === undefined ? (slot.container.hooks ?? NO_HOOKS) : hooksOf(scope, live);
  if (postStart.length === 0) return plan;
  const gate: Gate = { kind: 'service', service: slot.service.name, until: 'started' };
  let needs: readonly StepId[] = [startStep];
  for (const [index, hook] of postStart.entries()) {
    const added = scope.draft.add(
      'exec-hook',
      {
        container: handle,
        phase: 'post_start',
        hook,
        index,
        startedAtMs: undefined,
        limitMs: scope.desired.policy.timeoutMs,
      },
      { target: start.target, service: slot.service.name, because: cause('Started'), needs, gate },
    );
    needs = [added];
  }
  return { ...plan, startStep: undefined };
}

function isTakenDown(scope: Scope, live: ObservedContainer): boolean {
  return scope.draft
    .stepsOn(live.id)
    .some((step) => TAKES_DOWN.has(step.kind) && !scope.draft.isGated(step.id));
}

const TAKES_DOWN: ReadonlySet<Step['kind']> = new Set([
  'stop-container',
  'restart-container',
  'remove-container',
]);

/** The steps for what is left; each needs the one before it. */
function runPostStart(scope: Scope, live: ObservedContainer): readonly StepId[] {
  const state = postStartOf(scope, live);
  if (state.kind === 'done') return [];
  const added: StepId[] = [];
  for (const [index, hook] of hooksOf(scope, live).postStart.entries()) {
    if (index < state.next) continue;
    added.push(
      scope.draft.add(
        'exec-hook',
        {
          container: { by: 'id', id: live.id },
          phase: 'post_start',
          hook,
          index,
          startedAtMs: live.startedAtMs,
          limitMs: scope.desired.policy.timeoutMs,
        },
        {
          target: containerRef(live.name),
          service: live.service,
          because: cause('Started'),
          needs: added.slice(-1),
        },
      ),
    );
  }
  return added;
}

/** How the stop of a container comes about. */
interface StopAbout {
  readonly because: Cause;
  readonly needs: readonly StepId[];
  readonly gate?: Gate | undefined;
}

/** The `pre_stop` hooks of a container that is to be stopped; what its stop needs is returned. */
export function addPreStop(scope: Scope, live: ObservedContainer, about: StopAbout): readonly StepId[] {
  const { preStop } = hooksOf(scope, live);
  return draftPreStop(scope.draft, live, preStop, { ...about, limitMs: scope.desired.policy.timeoutMs });
}

/** The same for a container of which only its own labels are known. */
export function preStopOfDeleted(
  draft: PlanDraft,
  live: ObservedContainer,
  about: StopAbout,
): readonly StepId[] {
  const { preStop } = readHooks(live.labels[OURS.hooks]) ?? NO_HOOKS;
  return draftPreStop(draft, live, preStop, { ...about, limitMs: DEFAULT_LIMIT_MS });
}

function draftPreStop(
  draft: PlanDraft,
  live: ObservedContainer,
  hooks: Hooks['preStop'],
  about: StopAbout & { readonly limitMs: number },
): readonly StepId[] {
  // Nothing can be run in one that is paused or between two starts.
  if (live.state !== 'running') return about.needs;
  let needs = about.needs;
  for (const [index, hook] of hooks.entries()) {
    const added = draft.add(
      'exec-hook',
      {
        container: { by: 'id', id: live.id },
        phase: 'pre_stop',
        hook,
        index,
        startedAtMs: live.startedAtMs,
        limitMs: about.limitMs,
      },
      {
        target: containerRef(live.name),
        service: live.service,
        because: about.because,
        needs,
        gate: about.gate,
      },
    );
    needs = [added];
  }
  return needs;
}

/** What the outcomes of a pass say about `post_start` hooks. */
export function learnHooks(before: Memory['hooks'], outcomes: readonly Outcome[]): Memory['hooks'] {
  const hooks: Record<string, HookRecord> = { ...before };
  for (const outcome of outcomes) {
    const { step } = outcome;
    if (step.kind !== 'exec-hook' || step.phase !== 'post_start') continue;
    if (step.container.by !== 'id' || step.startedAtMs === undefined) continue;
    const { startedAtMs } = step;
    if (outcome.result === 'done') {
      hooks[step.container.id] = { startedAtMs, done: step.index + 1 };
    } else if (outcome.result === 'failed' && isItsOwn(outcome.failure)) {
      hooks[step.container.id] = { startedAtMs, done: step.index, failure: outcome.failure.message };
    }
  }
  return hooks;
}

/** The command ended badly or not at all; that an engine refused to run it (a status) says nothing about it. */
const isItsOwn = ({ kind, status }: Failure): boolean => kind === 'refused' && status === undefined;
