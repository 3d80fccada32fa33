import { cleanPath } from '../model/clean-path.ts';
import { type PathTable, pathTable, stepInto } from './field-path.ts';
import { goText } from './go-text.ts';
import { parseMount } from './mounts.ts';
import { fieldOf, mapItems, mapValues, type Tree } from './tree.ts';

/**
 * Lists in which an entry has an identity (a mount its target, a port its binding) keep one entry for
 * each: the last, in the place of the first (Compose specification, chapter Merge, "Unique resources").
 */
export function keepUnique(tree: Tree): Tree {
  return visit(tree, uniqueRules);
}

type Identity = (item: Tree) => string | undefined;

const byText: Identity = (item) => (item.kind === 'scalar' ? goText(item) : undefined);
const byKey: Identity = (item) => byText(item)?.split('=', 1)[0];

const uniqueRules: PathTable<Identity> = pathTable<Identity>({
  'networks.*.labels': byKey,
  'networks.*.ipam.options': byKey,
  'services.*.annotations': byKey,
  'services.*.build.args': byKey,
  'services.*.build.additional_contexts': byKey,
  'services.*.build.tags': byKey,
  'services.*.build.labels': byKey,
  'services.*.cap_add': byKey,
  'services.*.cap_drop': byKey,
  'services.*.devices': deviceIdentity,
  'services.*.configs': fileIdentity('/'),
  'services.*.deploy.labels': byKey,
  'services.*.dns': byKey,
  'services.*.dns_opt': byKey,
  'services.*.dns_search': byKey,
  'services.*.environment': byKey,
  'services.*.env_file': (item) => byText(item) ?? scalarField(item, 'path'),
  'services.*.expose': byText,
  'services.*.labels': byKey,
  'services.*.links': byKey,
  'services.*.networks.*.aliases': byKey,
  'services.*.networks.*.link_local_ips': byKey,
  'services.*.ports': portIdentity,
  'services.*.profiles': byKey,
  'services.*.secrets': fileIdentity('/run/secrets/'),
  'services.*.sysctls': byKey,
  // The whole entry: two of one target are a mistake, which the rules report.
  'services.*.tmpfs': byText,
  'services.*.volumes': mountIdentity,
});

function visit(tree: Tree, rules: PathTable<Identity> | undefined): Tree {
  if (rules === undefined || tree.kind === 'scalar') return tree;
  if (tree.kind === 'mapping') return mapValues(tree, (value, key) => visit(value, stepInto(rules, key)));
  const inner = mapItems(tree, (item, index) => visit(item, stepInto(rules, index)));
  if (rules.rule === undefined || inner.kind !== 'sequence') return inner;
  const items = lastOfEach(inner.items, rules.rule);
  return items.length === inner.items.length ? inner : { ...inner, items };
}

function lastOfEach(items: readonly Tree[], identity: Identity): readonly Tree[] {
  const kept: Tree[] = [];
  const places = new Map<string, number>();
  for (const item of items) {
    const key = identity(item);
    const place = key === undefined ? undefined : places.get(key);
    if (place !== undefined) {
      kept[place] = item;
    } else {
      if (key !== undefined) places.set(key, kept.length);
      kept.push(item);
    }
  }
  return kept;
}

function scalarField(item: Tree, key: string): string | undefined {
  const field = fieldOf(item, key);
  return field?.kind === 'scalar' ? goText(field) : undefined;
}

function mountIdentity(item: Tree): string | undefined {
  const short = item.kind === 'scalar' && typeof item.value === 'string' ? parseMount(item.value) : undefined;
  const target = short?.ok === true ? short.mount.target : scalarField(item, 'target');
  return target === undefined ? undefined : cleanPath(target);
}

function deviceIdentity(item: Tree): string | undefined {
  const short = byText(item)?.split(':');
  return short === undefined ? scalarField(item, 'target') : (short[1] ?? short[0]);
}

function fileIdentity(directory: string): Identity {
  return (item) => {
    const source = byText(item);
    if (source !== undefined) return `${directory}${source}`;
    return scalarField(item, 'target') ?? `${directory}${scalarField(item, 'source')}`;
  };
}

function portIdentity(item: Tree): string | undefined {
  if (item.kind === 'scalar') return byText(item);
  const field = (key: string, otherwise: string) => scalarField(item, key) ?? otherwise;
  return `${field('host_ip', '0.0.0.0')}:${field('published', '')}:${field('target', '')}/${field('protocol', 'tcp')}`;
}
