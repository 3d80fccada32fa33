import { renderAction, renderPlan } from '../plan/render.ts';
import type { StackDiff } from './operations.ts';
import type { Pass } from './reconcile.ts';

/** A pass that did nothing, as `diff` shows it. */
export function diffOf(name: string, pass: Pass): StackDiff {
  const { plan, problems } = pass;
  if (plan === undefined) return { name, problems, plan: [], changes: [] };
  return {
    name,
    problems,
    plan: renderPlan(plan),
    changes: plan.steps.map((step) => ({
      object: `${step.target.kind}/${step.target.name}`,
      action: renderAction(step),
      fields: step.because.changes,
    })),
  };
}
