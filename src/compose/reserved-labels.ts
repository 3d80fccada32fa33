import { OUR_PREFIX } from '../model/labels.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { FieldPath } from './field-path.ts';
import { errorAt } from './report.ts';
import { fieldOf, type MappingTree, type Tree } from './tree.ts';

/** Where labels stand in a project; `*` is any key or any position. */
const labelFields: readonly (readonly string[])[] = [
  ['services', '*', 'labels'],
  ['services', '*', 'annotations'],
  ['services', '*', 'build', 'labels'],
  ['services', '*', 'deploy', 'labels'],
  ['services', '*', 'volumes', '*', 'volume', 'labels'],
  ['networks', '*', 'labels'],
  ['volumes', '*', 'labels'],
  ['configs', '*', 'labels'],
  ['secrets', '*', 'labels'],
];

/** Labels by which we know our own objects: a project that sets them could pass for another stack's. */
export function findReservedLabels(project: MappingTree): Problem[] {
  return labelFields.flatMap((pattern) =>
    matching(project, pattern, []).flatMap(({ tree, path }) => reservedIn(tree, path)),
  );
}

/** The same for one mapping or list of labels. */
export function reservedIn(labels: Tree, path: FieldPath): Problem[] {
  return labelsOf(labels)
    .filter(({ name }) => name.startsWith(OUR_PREFIX))
    .map(({ name, at, part }) =>
      errorAt('ReservedLabel', `the label "${name}" is set by stackctl itself`, {
        path: [...path, part],
        at,
        hint: `choose a name that does not start with "${OUR_PREFIX}"`,
      }),
    );
}

interface Label {
  readonly name: string;
  readonly at: Position;
  readonly part: string | number;
}

function labelsOf(tree: Tree): Label[] {
  if (tree.kind === 'mapping') {
    return [...tree.entries].map(([name, { keyAt }]) => ({ name, at: keyAt, part: name }));
  }
  if (tree.kind === 'scalar') return [];
  return tree.items.flatMap((item, index) =>
    item.kind === 'scalar'
      ? [{ name: String(item.value).split('=')[0] ?? '', at: item.at, part: index }]
      : [],
  );
}

interface Match {
  readonly tree: Tree;
  readonly path: FieldPath;
}

function matching(tree: Tree, [head, ...rest]: readonly string[], path: FieldPath): Match[] {
  if (head === undefined) return [{ tree, path }];
  if (head !== '*') {
    const next = fieldOf(tree, head);
    return next === undefined ? [] : matching(next, rest, [...path, head]);
  }
  return childrenOf(tree).flatMap(([part, child]) => matching(child, rest, [...path, part]));
}

function childrenOf(tree: Tree): (readonly [string | number, Tree])[] {
  switch (tree.kind) {
    case 'mapping':
      return [...tree.entries].map(([key, { value }]) => [key, value] as const);
    case 'sequence':
      return tree.items.map((item, index) => [index, item] as const);
    case 'scalar':
      return [];
  }
}
