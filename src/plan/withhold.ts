import type { CauseCode, Plan, Step, StepId } from '../model/plan.ts';

/** What somebody else changed behind our back. That a container ended or is unhealthy is no drift: it is healed. */
const DRIFT: ReadonlySet<CauseCode> = new Set(['Missing', 'Drifted', 'Paused', 'Orphaned', 'Duplicate']);

/** Steps on a container that exists: they can do without a repair that is left out. */
const LIFE: ReadonlySet<Step['kind']> = new Set([
  'start-container',
  'restart-container',
  'unpause-container',
  'stop-container',
  'exec-hook',
]);

/** Blockers that leave nothing undone that another pass would do. */
const LASTING = new Set(['BadRevision', 'FalseDrift', 'VolumeWouldBeLost']);

/** Whether everything that the manifest asks for was done: what differs from then on is drift. */
export function isDone({ steps, blockers }: Pick<Plan, 'steps' | 'blockers'>): boolean {
  return steps.length === 0 && blockers.every(({ code }) => LASTING.has(code));
}

/**
 * Takes the repairs of drift out of a plan (`driftDetection`); with `warn` they are told as `withheld`. A repair that
 * another step cannot do without, such as the network of a container that has to be made, stays, with all that
 * belongs to it: half of a repair could be worse than the drift.
 */
export function withholdDrift(plan: Plan, mode: 'warn' | 'disabled'): Plan {
  const drift = new Map(plan.steps.filter(isDrift).map((step) => [step.id, step]));
  for (const step of plan.steps) {
    if (isDrift(step) || LIFE.has(step.kind)) continue;
    for (const need of step.needs) keepGroup(need, drift);
  }
  if (drift.size === 0) return plan;
  const steps = plan.steps
    .filter(({ id }) => !drift.has(id))
    .map((step) => ({ ...step, needs: step.needs.filter((need) => !drift.has(need)) }));
  return { ...plan, steps, withheld: mode === 'warn' ? [...drift.values()] : [] };
}

const isDrift = ({ because }: Step): boolean => DRIFT.has(because.code);

/** Takes a step, and every one that is tied to it by a need, out of those that are withheld. */
function keepGroup(first: StepId, drift: Map<StepId, Step>): void {
  const step = drift.get(first);
  if (step === undefined) return;
  drift.delete(first);
  const dependents = [...drift.values()].filter(({ needs }) => needs.includes(first));
  for (const id of [...step.needs, ...dependents.map((each) => each.id)]) keepGroup(id, drift);
}
