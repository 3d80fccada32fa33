import type { Problem } from '../model/problem.ts';
import type { Source } from '../source/source.ts';
import { declaredTwice, keyOf } from './catalog-entry.ts';
import type { Controller } from './controller.ts';

/** What of a source counts for nothing, and shows in the status of no stack: a person looks for it at the source. */
export function sourceProblems(controller: Controller, source: Source): readonly Problem[] {
  const { sources, repositories } = controller;
  const faults = sources.problemsOf(source);
  return [...faults, ...repositories.problemsOf(source), ...stacksOfOthers(controller, source)];
}

/** Stacks that it has too, and that belong to another source. */
function stacksOfOthers({ catalog }: Controller, source: Source): readonly Problem[] {
  const { kind, name } = source;
  const origin = { kind, name };
  return [...catalog.namesOf(origin)].sort().flatMap((stack) => {
    const own = catalog.entryOf(origin, stack);
    const counts = catalog.get(stack);
    if (own === undefined || counts === undefined || keyOf(counts.origin) === keyOf(origin)) return [];
    return [declaredTwice(stack, counts, own)];
  });
}
