import type { Outcome, Plan, Step } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { isHeldReason, type StackStatus } from '../model/status.ts';
import { renderAction, renderChange, renderWithheld } from '../plan/render.ts';

/** An event before it has a number and a time. */
export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly object: string;
  readonly message: string;
}

/** Past tense of what a step did, as kubectl's events have it. */
const DONE: { readonly [Kind in Step['kind']]: string } = {
  'pull-image': 'Pulled',
  'build-image': 'Built',
  'create-network': 'Created',
  'remove-network': 'Removed',
  'connect-network': 'Connected',
  'disconnect-network': 'Disconnected',
  'create-volume': 'Created',
  'create-container': 'Created',
  'put-files': 'FilesWritten',
  'start-container': 'Started',
  'stop-container': 'Stopped',
  'restart-container': 'Restarted',
  'exec-hook': 'HookSucceeded',
  'unpause-container': 'Unpaused',
  'rename-container': 'Renamed',
  'update-container': 'Updated',
  'remove-container': 'Removed',
  'remove-volume': 'Removed',
};

/** What a pass did and met, with the cause of each. */
export function passEvents(
  plan: Plan | undefined,
  outcomes: readonly Outcome[],
  before: StackStatus | undefined,
  after: StackStatus,
): readonly EventDraft[] {
  return [
    ...outcomes.flatMap(outcomeEvent),
    ...(plan?.blockers ?? [])
      .filter(({ waitsFor }) => waitsFor === undefined)
      .map(
        (blocker): EventDraft => ({
          type: 'Warning',
          reason: blocker.code,
          object: `${blocker.target.kind}/${blocker.target.name}`,
          message: blocker.hint === undefined ? blocker.message : `${blocker.message}; ${blocker.hint}`,
        }),
      ),
    ...driftEvents(plan, before),
    ...noticeEvents(before, after),
    ...readinessEvent(before, after),
  ];
}

function outcomeEvent(outcome: Outcome): readonly EventDraft[] {
  const { step } = outcome;
  const object = `${step.target.kind}/${step.target.name}`;
  if (outcome.result === 'done') {
    return [
      {
        type: 'Normal',
        reason: DONE[step.kind],
        object,
        message: `${renderAction(step)}: ${causeText(step)}`,
      },
    ];
  }
  if (outcome.result === 'skipped') return [];
  const hint = outcome.failure.hint === undefined ? '' : `; ${outcome.failure.hint}`;
  const message = `could not ${renderAction(step)}: ${outcome.failure.message}${hint}`;
  return [{ type: 'Warning', reason: failedReason(step), object, message }];
}

/** kubelet's words where it has any. */
function failedReason(step: Step): string {
  if (step.kind !== 'exec-hook') return 'StepFailed';
  return step.phase === 'post_start' ? 'FailedPostStartHook' : 'FailedPreStopHook';
}

function causeText(step: Step): string {
  const changes = step.because.changes.map(renderChange).join('; ');
  return changes === '' ? step.because.code : `${step.because.code} (${changes})`;
}

/** Drift that is told and not repaired: once for each difference, as long as it stays. */
function driftEvents(plan: Plan | undefined, before: StackStatus | undefined): readonly EventDraft[] {
  return (plan?.withheld ?? [])
    .filter((step) => before?.pending.includes(renderWithheld(step)) !== true)
    .map((step) => ({
      type: 'Warning',
      reason: 'Drifted',
      object: `${step.target.kind}/${step.target.name}`,
      message: `left alone: ${renderAction(step)}: ${causeText(step)}`,
    }));
}

/** What somebody should know of who is not looking: of a source that has lost a stack, or two that have it. */
function noticeEvents(before: StackStatus | undefined, after: StackStatus): readonly EventDraft[] {
  const isToTell = ({ code }: Problem) => code === 'DuplicateStack' || isHeldReason(code);
  const isNew = (problem: Problem) =>
    before?.problems.some(({ code, message }) => code === problem.code && message === problem.message) !==
    true;
  return after.problems
    .filter((problem) => isToTell(problem) && isNew(problem))
    .map(({ code, message, hint }) => ({
      type: code === 'GracePeriod' ? 'Normal' : 'Warning',
      reason: code,
      object: `stack/${after.name}`,
      message: hint === undefined ? message : `${message}; ${hint}`,
    }));
}

function readinessEvent(before: StackStatus | undefined, after: StackStatus): readonly EventDraft[] {
  const ready = (status: StackStatus | undefined) =>
    status?.conditions.find((condition) => condition.type === 'Ready');
  const now = ready(after);
  // Told with what was lost.
  if (now !== undefined && isHeldReason(now.reason)) return [];
  if (now === undefined || (ready(before)?.status === now.status && ready(before)?.reason === now.reason)) {
    return [];
  }
  const object = `stack/${after.name}`;
  if (now.status === 'True') return [{ type: 'Normal', reason: now.reason, object, message: now.message }];
  const bad =
    now.reason === 'ManifestInvalid' || now.reason === 'EngineUnreachable' || now.reason === 'InternalError';
  return bad ? [{ type: 'Warning', reason: now.reason, object, message: now.message }] : [];
}
