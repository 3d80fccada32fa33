import type { FieldPath } from './field-path.ts';
import { errorAt, type Report } from './report.ts';
import type { MappingTree, Tree } from './tree.ts';

/**
 * YAML's merge key: `<<: *base` or `<<: [*a, *b]`. The mapping's own keys win over merged ones, and
 * earlier mappings of a list win over later ones (YAML 1.1, "Merge Key Language-Independent Type").
 */
export function mergedInto(own: MappingTree, source: Tree, report: Report, path: FieldPath): MappingTree {
  const bases = source.kind === 'sequence' ? source.items : [source];
  const entries = new Map(own.entries);
  for (const base of bases) {
    if (base.kind !== 'mapping') {
      report(
        errorAt('InvalidMergeKey', 'the merge key << takes a mapping or a list of mappings', {
          path,
          at: base.at,
        }),
      );
      continue;
    }
    for (const [key, entry] of base.entries) {
      if (!entries.has(key)) entries.set(key, entry);
    }
  }
  return { ...own, entries };
}
