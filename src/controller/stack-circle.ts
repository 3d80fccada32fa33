import type { Problem } from '../model/problem.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogEntry } from './catalog-entry.ts';

/**
 * Stacks of different sources that depend on each other would wait for ever; of one source, that is a fault of its
 * manifests already. An error on each of them; what runs goes on.
 */
export function circleProblems(entry: CatalogEntry, catalog: Pick<Catalog, 'get'>): readonly Problem[] {
  const { name, at } = entry.manifest;
  const circle = wayBack(name, entry, catalog);
  // One that was found within a source has an error already.
  if (circle === undefined || entry.problems.some(({ code }) => code === 'DependencyCycle')) return [];
  return [
    {
      severity: 'error',
      code: 'DependencyCycle',
      message: `stacks of several sources depend on each other: ${circle.join(' -> ')}`,
      hint: 'remove one of the dependencies',
      path: 'spec.dependsOn',
      at,
    },
  ];
}

/** The shortest way from a stack over its dependencies to itself. */
function wayBack(name: string, entry: CatalogEntry, catalog: Pick<Catalog, 'get'>): string[] | undefined {
  const ways: { readonly way: string[]; readonly entry: CatalogEntry | undefined }[] = [
    { way: [name], entry },
  ];
  const seen = new Set<string>();
  for (const { way, entry: last } of ways) {
    for (const { name: next } of last?.manifest.control.dependsOn ?? []) {
      if (next === name) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push({ way: [...way, next], entry: catalog.get(next) });
    }
  }
  return undefined;
}
