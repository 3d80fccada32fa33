import type { FieldChange, ResourceRef, Step } from '../model/plan.ts';
import { renderPlan } from '../plan/render.ts';
import type { StackDiff } from './operations.ts';
import type { Pass } from './reconcile.ts';

/** A pass that did nothing, as `diff` shows it: what changes, a line an object, and the steps of it. */
export function diffOf(name: string, pass: Pass): StackDiff {
  const { plan, problems } = pass;
  if (plan === undefined) return { name, problems, plan: [], changes: [] };
  const byObject = new Map<string, Step[]>();
  for (const step of [...plan.steps, ...(plan.withheld ?? [])]) {
    const object = objectOf(step.target);
    byObject.set(object, [...(byObject.get(object) ?? []), step]);
  }
  return {
    name,
    problems,
    plan: renderPlan(plan),
    changes: [...byObject].map(([object, steps]) => ({
      object,
      action: actionOf(steps),
      fields: fieldsOf(steps),
    })),
  };
}

/** While it is replaced a container is known by its name and a piece of its hash; for people it is one object. */
function objectOf(target: ResourceRef): string {
  const name = target.kind === 'container' ? target.name.replace(/\.[0-9a-f]{8}$/, '') : target.name;
  return `${target.kind}/${name}`;
}

const WORDS: readonly (readonly [word: string, kinds: readonly Step['kind'][]])[] = [
  ['remove', ['remove-container', 'remove-network', 'remove-volume']],
  ['create', ['create-container', 'create-network', 'create-volume']],
  ['pull', ['pull-image']],
  ['build', ['build-image']],
  ['restart', ['restart-container']],
  ['start', ['start-container']],
  ['unpause', ['unpause-container']],
  ['stop', ['stop-container']],
  ['rename', ['rename-container']],
  ['update', ['update-container']],
  ['reattach', ['connect-network', 'disconnect-network']],
];

/** The strongest thing that happens to an object; made and removed is replaced. */
function actionOf(steps: readonly Step[]): string {
  const words = WORDS.filter(([, kinds]) => steps.some((step) => kinds.includes(step.kind))).map(
    ([word]) => word,
  );
  if (words.includes('remove') && words.includes('create')) return 'replace';
  return words[0] ?? 'change';
}

function fieldsOf(steps: readonly Step[]): readonly FieldChange[] {
  const all = steps.flatMap((step) => step.because.changes);
  return [...new Map(all.map((change) => [`${change.path}\n${change.from}\n${change.to}`, change])).values()];
}
