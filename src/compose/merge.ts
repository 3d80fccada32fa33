import { type FieldPath, type PathTable, pathTable, stepInto } from './field-path.ts';
import { hostsToList, keyValuesToMapping, namesToMapping, toList, variablesToMapping } from './lists.ts';
import { errorAt, type Report } from './report.ts';
import {
  fieldOf,
  isNull,
  type MappingEntry,
  type MappingTree,
  mapItems,
  mappingOf,
  scalarTree,
  type Tree,
} from './tree.ts';

/**
 * Lays one document over another (Compose specification, chapter Merge): mappings merge, scalars
 * replace, lists append, null changes nothing, `!reset` takes away and `!override` replaces. Some fields
 * have rules of their own; a variable, label or sysctl without a value replaces the one below it.
 *
 * `final` follows the tags and drops them. `layered` keeps them, because a result that is itself laid
 * over a further document (a service over the one it extends, a file over those it includes) must have
 * the same effect there.
 */
export function mergeTrees(base: Tree, over: Tree, mode: MergeMode, report: Report): Tree {
  return merge(base, over, mergeRules, [], { mode, report });
}

/** The same for one service over the service that it extends. */
export function mergeServices(base: Tree, over: Tree, name: string, report: Report): Tree {
  const rules = stepInto(stepInto(mergeRules, 'services'), name);
  return merge(base, over, rules, ['services', name], { mode: 'layered', report });
}

/** The same document with its merge tags followed: nothing stands below it. */
export function withoutMergeTags(tree: Tree): Tree {
  switch (tree.kind) {
    case 'scalar':
      return tree.tag === undefined ? tree : { ...tree, tag: undefined };
    case 'sequence': {
      const kept = tree.items.filter((item) => item.tag !== '!reset');
      const same = kept.length === tree.items.length && tree.tag === undefined;
      return mapItems(same ? tree : { ...tree, items: kept, tag: undefined }, withoutMergeTags);
    }
    case 'mapping':
      return mappingWithoutTags(tree);
  }
}

export type MergeMode = 'final' | 'layered';

interface Context {
  readonly mode: MergeMode;
  readonly report: Report;
}

/** How a field is merged when it is not merged like others. */
type MergeRule =
  /** The later value replaces, null too: of a command it means "the image's own", of a variable "from outside". */
  | { readonly kind: 'replace' }
  /** Both are brought into one form first. */
  | { readonly kind: 'unify'; readonly into: (tree: Tree) => Tree }
  | { readonly kind: 'special'; readonly merge: SpecialMerge };

type SpecialMerge = (base: Tree, over: Tree, path: FieldPath, context: Context) => Tree;

const replace: MergeRule = { kind: 'replace' };
const keyValues: MergeRule = { kind: 'unify', into: keyValuesToMapping };
const variables: MergeRule = { kind: 'unify', into: variablesToMapping };
const list: MergeRule = { kind: 'unify', into: toList };
const names: MergeRule = {
  kind: 'unify',
  into: (tree) => namesToMapping(tree, (item) => scalarTree(null, item.at)),
};
const hosts: MergeRule = { kind: 'special', merge: mergeHosts };

/**
 * An entry of variables, labels and sysctls (`FIELD.*`) is replaced by a bare `KEY` too, since docker compose 2.40 merges
 * these fields as lists of texts. Labels of configs and secrets it merges as mappings, in which null changes nothing.
 */
const mergeRules = pathTable<MergeRule>({
  'networks.*.ipam.config': { kind: 'special', merge: mergeSubnets },
  'networks.*.labels': keyValues,
  'networks.*.labels.*': replace,
  'volumes.*.labels': keyValues,
  'volumes.*.labels.*': replace,
  'configs.*.labels': keyValues,
  'secrets.*.labels': keyValues,
  'services.*.annotations': keyValues,
  'services.*.annotations.*': replace,
  'services.*.build': { kind: 'unify', into: buildToMapping },
  'services.*.build.args': variables,
  'services.*.build.args.*': replace,
  'services.*.build.additional_contexts': keyValues,
  'services.*.build.extra_hosts': hosts,
  'services.*.build.labels': keyValues,
  'services.*.build.labels.*': replace,
  'services.*.command': replace,
  'services.*.depends_on': { kind: 'unify', into: dependenciesToMapping },
  'services.*.deploy.labels': keyValues,
  'services.*.deploy.labels.*': replace,
  'services.*.dns': list,
  'services.*.dns_opt': list,
  'services.*.dns_search': list,
  'services.*.entrypoint': replace,
  'services.*.env_file': list,
  'services.*.label_file': list,
  'services.*.environment': variables,
  'services.*.environment.*': replace,
  'services.*.extra_hosts': hosts,
  'services.*.healthcheck.test': replace,
  'services.*.labels': keyValues,
  'services.*.labels.*': replace,
  'services.*.volumes.*.volume.labels': keyValues,
  'services.*.logging': { kind: 'special', merge: mergeLogging },
  'services.*.models': names,
  'services.*.networks': names,
  'services.*.sysctls': keyValues,
  'services.*.sysctls.*': replace,
  'services.*.tmpfs': list,
  'services.*.ulimits.*': replace,
});

type Rules = PathTable<MergeRule> | undefined;

function merge(base: Tree, over: Tree, rules: Rules, path: FieldPath, context: Context): Tree {
  if (over.tag !== undefined) return settle(over, context);
  const rule = rules?.rule;
  if (rule?.kind === 'replace') return settle(over, context);
  if (isNull(over)) return base;
  if (rule?.kind === 'special') return rule.merge(base, over, path, context);
  const into = rule?.kind === 'unify' ? rule.into : same;
  return mergeByKind(into(base), into(over), rules, path, context);
}

function same(tree: Tree): Tree {
  return tree;
}

function mergeByKind(base: Tree, over: Tree, rules: Rules, path: FieldPath, context: Context): Tree {
  if (base.kind === 'mapping') {
    if (over.kind === 'mapping') return mergeMappings(base, over, rules, path, context);
    return cannotOverride(base, over, path, context);
  }
  if (base.kind === 'sequence') {
    if (over.kind !== 'sequence') return cannotOverride(base, over, path, context);
    const added = settle(over, context);
    return added.kind === 'sequence' ? { ...base, items: [...base.items, ...added.items] } : base;
  }
  return settle(over, context);
}

function cannotOverride(base: Tree, over: Tree, path: FieldPath, context: Context): Tree {
  const kinds = { mapping: 'a mapping', sequence: 'a list', scalar: 'a single value' } as const;
  context.report(
    errorAt('CannotOverride', `${kinds[over.kind]} cannot be merged into ${kinds[base.kind]}`, {
      path,
      at: over.at,
      hint: 'use the same form in both places, or put !override before the new value',
    }),
  );
  return base;
}

function mergeMappings(
  base: MappingTree,
  over: MappingTree,
  rules: Rules,
  path: FieldPath,
  context: Context,
): MappingTree {
  const entries = new Map<string, MappingEntry>(base.entries);
  for (const [key, entry] of over.entries) {
    const below = base.entries.get(key);
    if (entry.value.tag === '!reset' && context.mode === 'final') {
      entries.delete(key);
    } else if (below === undefined || below.value.tag === '!reset') {
      entries.set(key, { keyAt: entry.keyAt, value: settle(entry.value, context) });
    } else {
      const value = merge(below.value, entry.value, stepInto(rules, key), [...path, key], context);
      entries.set(key, { keyAt: entry.keyAt, value });
    }
  }
  return { ...base, entries };
}

function settle(tree: Tree, context: Context): Tree {
  return context.mode === 'final' ? withoutMergeTags(tree) : tree;
}

function mappingWithoutTags(tree: MappingTree): MappingTree {
  let changed = tree.tag !== undefined;
  const entries = new Map<string, MappingEntry>();
  for (const [key, entry] of tree.entries) {
    if (entry.value.tag === '!reset') {
      changed = true;
      continue;
    }
    const value = withoutMergeTags(entry.value);
    changed ||= value !== entry.value;
    entries.set(key, value === entry.value ? entry : { keyAt: entry.keyAt, value });
  }
  return changed ? { ...tree, entries, tag: undefined } : tree;
}

/** `build: ./dir` is `build: {context: ./dir}`. */
export function buildToMapping(tree: Tree): Tree {
  if (tree.kind !== 'scalar' || typeof tree.value !== 'string') return tree;
  return { ...mappingOf({ context: { ...tree, tag: undefined } }, tree.at), tag: tree.tag };
}

/** `depends_on: [a]` is `depends_on: {a: {condition: service_started, required: true}}`. */
export function dependenciesToMapping(tree: Tree): Tree {
  return namesToMapping(tree, ({ at }) =>
    mappingOf({ condition: scalarTree('service_started', at), required: scalarTree(true, at) }, at),
  );
}

/** Host entries are not keyed: one host may have several addresses, so only equal entries are dropped. */
function mergeHosts(base: Tree, over: Tree, path: FieldPath, context: Context): Tree {
  const [below, above] = [hostsToList(base), hostsToList(over)];
  if (below.kind !== 'sequence' || above.kind !== 'sequence') {
    return mergeByKind(below, above, undefined, path, context);
  }
  const known = new Set(below.items.map((item) => (item.kind === 'scalar' ? item.value : undefined)));
  const added = above.items.filter((item) => item.kind !== 'scalar' || !known.has(item.value));
  return { ...below, items: [...below.items, ...added] };
}

/** Options belong to their driver: another driver starts afresh. */
function mergeLogging(base: Tree, over: Tree, path: FieldPath, context: Context): Tree {
  const [before, after] = [driverOf(base), driverOf(over)];
  const sameDriver = before === undefined || after === undefined || before === after;
  return sameDriver ? mergeByKind(base, over, undefined, path, context) : settle(over, context);
}

function driverOf(logging: Tree): Tree | string | undefined {
  const driver = fieldOf(logging, 'driver');
  return driver?.kind === 'scalar' ? String(driver.value) : driver;
}

/** Subnets are told apart by their `subnet`. */
function mergeSubnets(base: Tree, over: Tree, path: FieldPath, context: Context): Tree {
  if (base.kind !== 'sequence' || over.kind !== 'sequence')
    return mergeByKind(base, over, undefined, path, context);
  const items = [...base.items];
  const places = new Map(items.map((item, index) => [subnetOf(item), index]));
  for (const item of over.items) {
    const index = places.get(subnetOf(item));
    const known = index === undefined ? undefined : items[index];
    if (index === undefined || known === undefined) items.push(settle(item, context));
    else items[index] = mergeByKind(known, item, undefined, path, context);
  }
  return { ...base, items };
}

function subnetOf(tree: Tree): string | undefined {
  const subnet = fieldOf(tree, 'subnet');
  return subnet?.kind === 'scalar' ? String(subnet.value) : undefined;
}
