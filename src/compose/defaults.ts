import { type PathTable, pathTable, stepInto } from './field-path.ts';
import { goText } from './go-text.ts';
import { fieldOf, type MappingTree, mapItems, mapValues, scalarTree, type Tree, withField } from './tree.ts';

/** Makes defaults explicit, once everything is merged: before, they would win over what another file says. */
export function withDefaultValues(tree: Tree): Tree {
  return visit(tree, defaultRules);
}

type Default = (tree: MappingTree) => MappingTree;

const defaultRules: PathTable<Default> = pathTable<Default>({
  'services.*.build': withAbsent('context', () => '.'),
  'services.*.secrets.*': withAbsent('target', (secret) => {
    const source = fieldOf(secret, 'source');
    return `/run/secrets/${source?.kind === 'scalar' ? goText(source) : ''}`;
  }),
  'services.*.ports.*': (port) =>
    withAbsent('mode', () => 'ingress')(withAbsent('protocol', () => 'tcp')(port)),
  'services.*.deploy.resources.reservations.devices.*': countAll,
  'services.*.gpus.*': countAll,
});

function withAbsent(key: string, value: (tree: MappingTree) => string | boolean): Default {
  return (tree) => (tree.entries.has(key) ? tree : withField(tree, key, scalarTree(value(tree), tree.at)));
}

function countAll(tree: MappingTree): MappingTree {
  return tree.entries.has('device_ids') ? tree : withAbsent('count', () => 'all')(tree);
}

function visit(tree: Tree, rules: PathTable<Default> | undefined): Tree {
  if (rules === undefined || tree.kind === 'scalar') return tree;
  if (tree.kind === 'sequence') return mapItems(tree, (item, index) => visit(item, stepInto(rules, index)));
  const complete = rules.rule === undefined ? tree : rules.rule(tree);
  return mapValues(complete, (value, key) => visit(value, stepInto(rules, key)));
}
