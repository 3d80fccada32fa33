import { type FieldPath, type PathTable, pathTable, stepInto } from './field-path.ts';
import { goText } from './go-text.ts';
import { keyValuesToMapping, namesToMapping, toList, variablesToMapping } from './lists.ts';
import { buildToMapping, dependenciesToMapping } from './merge.ts';
import { mountToLong, parseMount } from './mounts.ts';
import { parsePort, portToLong } from './ports.ts';
import { errorAt, type Report, warningAt } from './report.ts';
import {
  fieldOf,
  isNull,
  type MappingTree,
  mapItems,
  mappingOf,
  mapValues,
  scalarTree,
  type Tree,
  textField,
  withField,
} from './tree.ts';

/**
 * Makes every short form long, in a document that already went through the schema. What has a wrong type
 * stays as it is, because the schema has reported it; what has a wrong spelling is reported here. A text with
 * variables in it says nothing yet: while templates are kept, it stays.
 */
export function canonicalise(tree: Tree, report: Report, templates: 'filled' | 'kept' = 'filled'): Tree {
  return visit(tree, canonicalRules, [], {
    report,
    keepsTemplates: templates === 'kept',
    portsLeft: maxPorts,
  });
}

/** Ranges are expanded, so a few words could otherwise become millions of ports. */
const maxPorts = 20_000;

interface Walk {
  readonly report: Report;
  readonly keepsTemplates: boolean;
  portsLeft: number;
}

type Canonical = (tree: Tree, path: FieldPath, walk: Walk) => Tree;

const names: Canonical = (tree) => namesToMapping(tree, (item) => scalarTree(null, item.at));

const canonicalRules: PathTable<Canonical> = pathTable<Canonical>({
  'services.*.annotations': keyValuesToMapping,
  'services.*.build': buildToMapping,
  'services.*.build.args': variablesToMapping,
  'services.*.build.labels': keyValuesToMapping,
  'services.*.build.secrets.*': fileReferenceToLong,
  'services.*.build.provenance': toText,
  'services.*.build.sbom': toText,
  'services.*.build.additional_contexts': additionalContextsToMapping,
  'services.*.build.ssh': keyValuesToMapping,
  'services.*.build.cache_from': toList,
  'services.*.build.cache_to': toList,
  'services.*.build.tags': toList,
  'services.*.build.platforms': toList,
  'services.*.configs.*': fileReferenceToLong,
  'services.*.depends_on': dependsOnToLong,
  'services.*.deploy.labels': keyValuesToMapping,
  'services.*.develop.watch.*.ignore': toList,
  'services.*.develop.watch.*.include': toList,
  'services.*.devices.*': deviceToLong,
  'services.*.dns': dnsToList,
  'services.*.dns_search': toList,
  'services.*.env_file': envFilesToLong,
  'services.*.environment': variablesToMapping,
  'services.*.gpus': gpusToLong,
  'services.*.label_file': toList,
  'services.*.labels': keyValuesToMapping,
  'services.*.models': names,
  'services.*.networks': names,
  'services.*.ports': portsToLong,
  'services.*.post_start.*.environment': variablesToMapping,
  'services.*.pre_start.*.environment': variablesToMapping,
  'services.*.pre_stop.*.environment': variablesToMapping,
  'services.*.secrets.*': fileReferenceToLong,
  'services.*.sysctls': keyValuesToMapping,
  'services.*.tmpfs': toList,
  'services.*.volumes.*': volumeToLong,
  'services.*.volumes.*.volume.labels': keyValuesToMapping,
  'configs.*': externalToLong,
  'configs.*.labels': keyValuesToMapping,
  'networks.*': externalToLong,
  'networks.*.labels': keyValuesToMapping,
  'secrets.*': externalToLong,
  'secrets.*.labels': keyValuesToMapping,
  'volumes.*': externalToLong,
  'volumes.*.labels': keyValuesToMapping,
});

function visit(tree: Tree, rules: PathTable<Canonical> | undefined, path: FieldPath, walk: Walk): Tree {
  if (rules === undefined || isTemplate(tree, walk)) return tree;
  const long = rules.rule === undefined ? tree : rules.rule(tree, path, walk);
  switch (long.kind) {
    case 'mapping':
      return mapValues(long, (value, key) => visit(value, stepInto(rules, key), [...path, key], walk));
    case 'sequence':
      return mapItems(long, (item, index) => visit(item, stepInto(rules, index), [...path, index], walk));
    case 'scalar':
      return long;
  }
}

function isTemplate(tree: Tree, walk: Walk): boolean {
  return walk.keepsTemplates && isText(tree) && goText(tree).includes('$');
}

/** An unset variable in the place of a server means no server. */
function dnsToList(tree: Tree): Tree {
  const list = toList(tree);
  if (list.kind !== 'sequence') return list;
  const items = list.items.filter((item) => item.kind !== 'scalar' || goText(item) !== '');
  return items.length === list.items.length ? list : { ...list, items };
}

function toText(tree: Tree): Tree {
  return tree.kind === 'scalar' && tree.value !== null ? scalarTree(goText(tree), tree.at) : tree;
}

function fileReferenceToLong(tree: Tree): Tree {
  return isText(tree) ? mappingOf({ source: tree }, tree.at) : tree;
}

function additionalContextsToMapping(tree: Tree, path: FieldPath, walk: Walk): Tree {
  const mapping = keyValuesToMapping(tree);
  if (tree.kind === 'mapping' || mapping.kind !== 'mapping') return mapping;
  for (const [key, { value }] of mapping.entries) {
    if (isNull(value)) invalid(walk, path, value, `${key} has no value`, 'write name=context');
  }
  return mapping;
}

function dependsOnToLong(tree: Tree): Tree {
  const mapping = dependenciesToMapping(tree);
  if (mapping.kind !== 'mapping') return mapping;
  return mapValues(mapping, (dependency) => {
    if (dependency.kind !== 'mapping') return dependency;
    return withDefaults(dependency, { condition: 'service_started', required: true });
  });
}

function withDefaults(tree: MappingTree, defaults: Readonly<Record<string, string | boolean>>): MappingTree {
  let complete = tree;
  for (const [key, value] of Object.entries(defaults)) {
    if (!tree.entries.has(key)) complete = withField(complete, key, scalarTree(value, tree.at));
  }
  return complete;
}

function deviceToLong(tree: Tree, path: FieldPath, walk: Walk): Tree {
  if (!isText(tree)) return tree;
  const [source = '', target = '', permissions = 'rwm', ...more] = goText(tree).split(':');
  if (more.length > 0) invalid(walk, path, tree, 'a device has at most three parts', 'use the long syntax');
  const text = (value: string) => scalarTree(value, tree.at);
  return mappingOf(
    { source: text(source), target: text(target === '' ? source : target), permissions: text(permissions) },
    tree.at,
  );
}

function envFilesToLong(tree: Tree): Tree {
  const list = toList(tree);
  if (list.kind !== 'sequence') return list;
  return mapItems(list, (item) => {
    const long = isText(item) ? mappingOf({ path: item }, item.at) : item;
    return long.kind === 'mapping' ? withDefaults(long, { required: true }) : long;
  });
}

function gpusToLong(tree: Tree): Tree {
  if (!isText(tree)) return tree;
  return {
    kind: 'sequence',
    items: [mappingOf({ count: scalarTree('all', tree.at) }, tree.at)],
    at: tree.at,
  };
}

function portsToLong(tree: Tree, path: FieldPath, walk: Walk): Tree {
  if (tree.kind !== 'sequence') return tree;
  const items: Tree[] = [];
  for (const [index, item] of tree.items.entries()) {
    if (item.kind !== 'scalar' || item.value === null || isTemplate(item, walk)) {
      items.push(item);
      continue;
    }
    if (walk.portsLeft < 0) break;
    const result = parsePort(goText(item));
    if (!result.ok) {
      invalid(walk, [...path, index], item, result.message, 'write [[host_ip:]published:]target[/protocol]');
      continue;
    }
    walk.portsLeft -= result.ports.length;
    if (walk.portsLeft < 0) {
      invalid(walk, path, item, `the file publishes more than ${maxPorts} ports`);
      break;
    }
    for (const port of result.ports) items.push(portToLong(port, item.at));
  }
  return { ...tree, items };
}

function volumeToLong(tree: Tree, path: FieldPath, walk: Walk): Tree {
  if (!isText(tree)) return tree;
  const result = parseMount(goText(tree));
  if (result.ok) return mountToLong(result.mount, tree.at);
  invalid(walk, path, tree, result.message, 'write [source:]target[:options]');
  return mappingOf({}, tree.at);
}

/** The old `external: {name: x}` is `external: true` and `name: x`. */
function externalToLong(tree: Tree, path: FieldPath, walk: Walk): Tree {
  const external = fieldOf(tree, 'external');
  if (tree.kind !== 'mapping' || external?.kind !== 'mapping') return tree;
  walk.report(
    warningAt('DeprecatedField', 'external.name is deprecated', {
      path: [...path, 'external'],
      at: external.at,
      hint: 'write external: true and name: beside it',
    }),
  );
  const [name, oldName] = [textField(tree, 'name'), fieldOf(external, 'name')];
  if (name !== undefined && oldName !== undefined && textField(external, 'name') !== name) {
    invalid(walk, path, oldName, 'name and external.name differ', 'keep name only');
  }
  const long = withField(tree, 'external', scalarTree(true, external.at));
  return name === undefined && oldName !== undefined ? withField(long, 'name', oldName) : long;
}

function isText(tree: Tree): tree is Extract<Tree, { kind: 'scalar' }> {
  return tree.kind === 'scalar' && typeof tree.value === 'string';
}

function invalid(walk: Walk, path: FieldPath, tree: Tree, message: string, hint?: string): void {
  walk.report(
    errorAt('InvalidValue', message, { path, at: tree.at, ...(hint === undefined ? {} : { hint }) }),
  );
}
