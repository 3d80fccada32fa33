import { findCycles } from '../compose/cycles.ts';
import { errorAt } from '../compose/report.ts';
import { formatPosition, type Problem } from '../model/problem.ts';
import { type Draft, withProblems } from './draft.ts';
import { groupBy } from './group-by.ts';
import { type RepositoryDraft, settleRepositories } from './read-repository.ts';
import type { BrokenFile, FoundStacks, StackManifest } from './stack.ts';

/** A file that nothing can be said about but that it has become suspicious. */
interface Suspect {
  readonly file: string;
  readonly problem: Problem;
}

/** Applies the rules between stacks, and sorts what is good from what is not. */
export function settle(
  drafts: readonly Draft[],
  suspects: readonly Suspect[],
  repositoryDrafts: readonly RepositoryDraft[],
): FoundStacks {
  const settled = withoutCycles(withoutDuplicates(drafts));
  const declared = settleRepositories(repositoryDrafts);
  const stacks = settled.flatMap(({ manifest }) => manifest ?? []);
  return {
    stacks: stacks.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    repositories: declared.repositories,
    policies: settled.flatMap(({ policy }) => policy ?? []),
    problems: [...settled.flatMap(({ problems }) => problems), ...declared.problems],
    broken: [
      ...brokenFiles(settled),
      ...declared.broken,
      ...suspects.map(({ file, problem }) => ({ file, problems: [problem], names: [] })),
    ],
  };
}

/** Nobody knows which of two is meant: neither is taken, and what runs stays. */
function withoutDuplicates(drafts: readonly Draft[]): readonly Draft[] {
  const byName = groupBy(drafts, ({ name }) => name);
  return drafts.map((draft) => {
    const others = (byName.get(draft.name) ?? []).filter((other) => other !== draft);
    const [other] = others;
    if (draft.name === undefined || other === undefined) return draft;
    return withProblems(draft, [
      errorAt('DuplicateStack', `the stack "${draft.name}" is defined more than once`, {
        path: ['metadata', 'name'],
        at: draft.at,
        hint: `it is defined at ${formatPosition(other.at)} too: rename or remove one of them`,
      }),
    ]);
  });
}

/** Stacks that wait for each other would wait for ever. */
function withoutCycles(drafts: readonly Draft[]): readonly Draft[] {
  const manifests = drafts.flatMap(({ manifest }) => manifest ?? []);
  const cycles = findCycles(Object.fromEntries(manifests.map((each) => [each.name, asService(each)])));
  return drafts.map((draft) => {
    const cycle = cycles.find((names) => draft.manifest !== undefined && names.includes(draft.manifest.name));
    if (cycle === undefined) return draft;
    return withProblems(draft, [
      errorAt('DependencyCycle', `stacks depend on each other: ${cycle.join(' -> ')}`, {
        path: ['spec', 'dependsOn'],
        at: draft.at,
        hint: 'remove one of the dependencies',
      }),
    ]);
  });
}

/** In the form in which circles among services are looked for. */
function asService({ control }: StackManifest) {
  const condition = { condition: 'service_healthy', required: true } as const;
  return { depends_on: Object.fromEntries(control.dependsOn.map(({ name }) => [name, condition])) };
}

function brokenFiles(drafts: readonly Draft[]): readonly BrokenFile[] {
  const byFile = groupBy(
    drafts.filter(({ manifest, policy }) => manifest === undefined && policy === undefined),
    ({ file }) => file,
  );
  return [...byFile].map(([file, broken]) => ({
    file,
    problems: broken.flatMap(({ problems }) => problems),
    names: broken.flatMap(({ name }) => name ?? []),
  }));
}
