import type { Problem } from '../model/problem.ts';
import { checkTree } from './check-tree.ts';
import { warningAt } from './report.ts';
import { findReservedLabels } from './reserved-labels.ts';
import { projectSchema } from './schema/project.ts';
import type { MappingTree } from './tree.ts';

/**
 * Holds a Compose document, whose variables are filled in and whose files are merged, against the Compose
 * specification: names of fields, kinds of values, allowed words, labels that are ours. Rules between fields are other phases'.
 */
export function validateProject(tree: MappingTree): Problem[] {
  const problems = [...checkTree(tree, projectSchema), ...findReservedLabels(tree)];
  const version = tree.entries.get('version');
  if (version !== undefined) {
    problems.push(
      warningAt('ObsoleteField', 'the field "version" is obsolete and has no effect', {
        path: ['version'],
        at: version.keyAt,
        hint: 'remove it',
      }),
    );
  }
  return problems;
}
