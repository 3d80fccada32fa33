import type { Failure } from '../model/failure.ts';
import type { IsolationNote } from '../model/isolation.ts';
import type { Outcome, Plan } from '../model/plan.ts';
import { formatPosition, type Problem } from '../model/problem.ts';
import type { Condition, ConditionType, HealthState, HeldReason, ServiceStatus } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import { renderGate } from '../plan/render.ts';
import { heldImages } from './images.ts';
import type { Reason } from './reasons.ts';

type Claim = Pick<Condition, 'type' | 'status' | 'message'> & { readonly reason: Reason };

/** What the conditions of one stack are derived from. */
export interface ConditionInput {
  readonly generation: number;
  readonly nowMs: number;
  readonly previous: readonly Condition[];
  readonly suspended: boolean;
  readonly held: { readonly number: number } | undefined;
  readonly deleting: string | undefined;
  readonly deletionHeld: { readonly reason: HeldReason; readonly message: string } | undefined;
  readonly problems: readonly Problem[];
  /** Why the pass could not be carried through. */
  readonly failure: Failure | undefined;
  readonly plan: Plan | undefined;
  readonly outcomes: readonly Outcome[];
  readonly services: readonly ServiceStatus[];
  /** Undefined: never verified, and then nothing is said of it. */
  readonly isolation?: IsolationNote | undefined;
}

/** All conditions, in a fixed order: five, and `Isolated` once it was verified; the transition time moves only when the status does. */
export function deriveConditions(input: ConditionInput): readonly Condition[] {
  const stalled = stalledClaim(input);
  const healthy = healthyClaim(input);
  const reconciling = reconcilingClaim(input, stalled);
  const claims = [
    readyClaim(input, { stalled, healthy, reconciling }),
    reconciling,
    stalled,
    healthy,
    suspendedClaim(input),
    ...isolatedClaim(input),
  ];
  return claims.map((claim) => stamp(claim, input));
}

function stamp(claim: Claim, input: ConditionInput): Condition {
  const before = input.previous.find((condition) => condition.type === claim.type);
  return {
    ...claim,
    observedGeneration: input.generation,
    lastTransitionTime: before?.status === claim.status ? before.lastTransitionTime : isoTime(input.nowMs),
  };
}

/** What was found of an earlier generation says nothing of this one. */
function isolatedClaim({ isolation, generation }: ConditionInput): readonly Claim[] {
  if (isolation === undefined) return [];
  if (isolation.generation === generation) {
    return [claim('Isolated', isolation.status, isolation.reason, isolation.message)];
  }
  const message = 'the manifest has changed since it was verified; `stackctl net verify` does it again';
  return [claim('Isolated', 'Unknown', 'IsolationUnknown', message)];
}

const claim = (type: ConditionType, status: Condition['status'], reason: Reason, message: string): Claim => ({
  type,
  status,
  reason,
  message,
});

function suspendedClaim(input: ConditionInput): Claim {
  return input.suspended
    ? claim('Suspended', 'True', 'Suspended', 'nothing is changed until `stackctl resume`')
    : claim('Suspended', 'False', 'NotSuspended', '');
}

function stalledClaim(input: ConditionInput): Claim {
  const errors = input.problems.filter((problem) => problem.severity === 'error');
  const [first] = errors;
  if (first !== undefined) {
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    const place = formatPosition(first.at);
    const message = `${place === '' ? '' : `${place}: `}${first.message}${more}`;
    // The manifest says what it means; it is the operator, or whoever wrote a policy beside it, who does not want it.
    const isForbidden = errors.every(({ code }) => code === 'PolicyViolation' || code === 'PolicyBroken');
    const reason = isForbidden ? 'PolicyViolation' : 'ManifestInvalid';
    return claim('Stalled', 'True', reason, withHint(message, first.hint));
  }
  const blocker = input.plan?.blockers.find(({ waitsFor }) => waitsFor === undefined);
  if (blocker !== undefined) {
    return claim('Stalled', 'True', blocker.code, withHint(blocker.message, blocker.hint));
  }
  return claim('Stalled', 'False', 'NotStalled', '');
}

const withHint = (message: string, hint: string | undefined): string =>
  hint === undefined ? message : `${message}; ${hint}`;

function healthyClaim(input: ConditionInput): Claim {
  if (input.plan === undefined) return claim('Healthy', 'Unknown', 'Progressing', 'not observed yet');
  const worst = input.services.find((service) => service.health !== 'Healthy');
  if (worst === undefined) return claim('Healthy', 'True', 'AllHealthy', '');
  const message = `${worst.name}: ${worst.state}${worst.message === '' ? '' : `: ${worst.message}`}`;
  return worst.health === 'Progressing'
    ? claim('Healthy', 'Unknown', 'Progressing', message)
    : claim('Healthy', 'False', 'HealthCheckFailed', message);
}

function reconcilingClaim(input: ConditionInput, stalled: Claim): Claim {
  if (input.deleting !== undefined) return claim('Reconciling', 'True', 'Deleting', input.deleting);
  const failed = input.outcomes.find((outcome) => outcome.result === 'failed');
  if (failed?.result === 'failed') {
    return claim('Reconciling', 'True', 'StepFailed', failureMessage(failed.failure));
  }
  if (input.failure !== undefined) {
    return claim('Reconciling', 'True', failureReason(input.failure), failureMessage(input.failure));
  }
  const [held] = input.suspended || input.plan === undefined ? [] : heldImages(input.plan);
  if (held !== undefined) return claim('Reconciling', 'True', 'StepFailed', held.message);
  const steps = input.suspended ? [] : (input.plan?.steps ?? []);
  const open = steps.find((step) => step.gate === undefined);
  if (open !== undefined) return claim('Reconciling', 'True', 'Progressing', `${steps.length} steps to go`);
  const waiting = steps.find((step) => step.gate !== undefined);
  if (waiting?.gate !== undefined) {
    const who = waiting.service === undefined ? '' : `${waiting.service} `;
    return claim('Reconciling', 'True', 'Waiting', `${who}waits for ${renderGate(waiting.gate)}`);
  }
  const awaited = input.suspended ? undefined : awaitedBlocker(input);
  if (awaited?.waitsFor !== undefined) {
    return claim(
      'Reconciling',
      'True',
      'Waiting',
      `${awaited.message}; waits for ${renderGate(awaited.waitsFor)}`,
    );
  }
  return claim(
    'Reconciling',
    'False',
    stalled.status === 'True' ? stalled.reason : 'ReconciliationSucceeded',
    '',
  );
}

/** Something that another stack is expected to make. */
const awaitedBlocker = ({ plan }: ConditionInput) =>
  plan?.blockers.find(({ waitsFor }) => waitsFor !== undefined);

const failureReason = (failure: Failure): Reason =>
  failure.kind === 'unreachable'
    ? 'EngineUnreachable'
    : failure.kind === 'bug'
      ? 'InternalError'
      : 'StepFailed';

const failureMessage = (failure: Failure): string => withHint(failure.message, failure.hint);

function readyClaim(
  input: ConditionInput,
  others: { readonly stalled: Claim; readonly healthy: Claim; readonly reconciling: Claim },
): Claim {
  const { stalled, healthy, reconciling } = others;
  if (input.failure !== undefined) {
    const reason = failureReason(input.failure);
    const status = reason === 'StepFailed' ? 'False' : 'Unknown';
    return claim('Ready', status, reason, failureMessage(input.failure));
  }
  if (stalled.status === 'True') return { ...stalled, type: 'Ready', status: 'False' };
  if (input.deleting !== undefined) return claim('Ready', 'False', 'Deleting', reconciling.message);
  // Of a wait because of a fault, the fault is what somebody has to know.
  const isFault =
    reconciling.reason === 'Waiting' && healthy.status === 'False' && awaitedBlocker(input) === undefined;
  if (reconciling.status === 'True' && !isFault) return { ...reconciling, type: 'Ready', status: 'False' };
  const drifted = driftMessage(input);
  if (healthy.status !== 'True') {
    return drifted === undefined || healthy.reason === 'Progressing'
      ? { ...healthy, type: 'Ready', status: 'False' }
      : claim('Ready', 'False', 'Drifted', `${healthy.message}; ${drifted}`);
  }
  if (drifted !== undefined) return claim('Ready', 'True', 'Drifted', drifted);
  if (input.deletionHeld !== undefined) {
    return claim('Ready', 'True', input.deletionHeld.reason, input.deletionHeld.message);
  }
  if (input.held !== undefined) return claim('Ready', 'True', 'RolloutHeld', heldMessage(input.held));
  return claim('Ready', 'True', 'ReconciliationSucceeded', readyMessage(input));
}

function driftMessage({ plan }: ConditionInput): string | undefined {
  const objects = [...new Set((plan?.withheld ?? []).map(({ target }) => `${target.kind}/${target.name}`))];
  if (objects.length === 0) return undefined;
  const more = objects.length > 3 ? ` and ${objects.length - 3} more` : '';
  return `somebody changed ${objects.slice(0, 3).join(', ')}${more}; \`stackctl diff\` shows it, and nothing is repaired while driftDetection.mode is warn`;
}

const heldMessage = ({ number }: { readonly number: number }): string =>
  `held at revision ${number} by \`stackctl rollback\`; \`stackctl rollout resume\` follows the manifest again`;

const readyMessage = (input: ConditionInput): string =>
  input.services.length === 1
    ? '1 service is as it should be'
    : `${input.services.length} services are as they should be`;

/** One word for the health of a whole stack: its worst service's. */
export function overallHealth(
  services: readonly ServiceStatus[],
  suspended: boolean,
  hasObserved: boolean,
): HealthState {
  if (suspended) return 'Suspended';
  if (!hasObserved) return 'Unknown';
  const order: readonly HealthState[] = ['Degraded', 'Missing', 'Progressing'];
  return order.find((state) => services.some((service) => service.health === state)) ?? 'Healthy';
}
