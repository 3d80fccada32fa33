import path from 'node:path/posix';
import { cleanPath } from '../model/clean-path.ts';
import { type FieldPath, type PathTable, pathTable, stepInto } from './field-path.ts';
import { errorAt, type Report } from './report.ts';
import { fieldOf, mapItems, mapValues, type Tree, textField, withField } from './tree.ts';

export interface PathBase {
  /** Absolute; what relative paths are relative to. */
  readonly directory: string;
  /** What `~` stands for; undefined leaves it. */
  readonly home: string | undefined;
}

/** Makes every path of a canonical document absolute. Paths that are absolute already stay. */
export function resolvePaths(tree: Tree, base: PathBase, report: Report): Tree {
  return visit(tree, pathRules, [], { ...base, report });
}

/** One path, made absolute. An empty one stays empty. */
export function resolvePath(text: string, base: PathBase): string {
  const expanded =
    base.home !== undefined && text.startsWith('~') ? path.join(base.home, text.slice(1)) : text;
  return expanded === '' || path.isAbsolute(expanded)
    ? expanded
    : cleanPath(path.join(base.directory, expanded));
}

interface Walk extends PathBase {
  readonly report: Report;
}

type Resolve = (tree: Tree, walk: Walk, path: FieldPath) => Tree;

const pathRules: PathTable<Resolve> = pathTable<Resolve>({
  'services.*.build.context': textRule(resolveContext),
  'services.*.build.additional_contexts.*': textRule(resolveContext),
  'services.*.build.ssh.*': textRule(resolvePath),
  'services.*.env_file.*.path': textRule(resolvePath),
  'services.*.label_file.*': textRule(resolvePath),
  'services.*.extends.file': textRule(resolvePath),
  'services.*.develop.watch.*.path': textRule(resolvePath),
  'services.*.volumes.*': resolveMount,
  'configs.*.file': textRule(resolveHostPath),
  'secrets.*.file': textRule(resolveHostPath),
  'volumes.*': resolveLocalVolume,
});

function visit(tree: Tree, rules: PathTable<Resolve> | undefined, at: FieldPath, walk: Walk): Tree {
  if (rules === undefined) return tree;
  if (rules.rule !== undefined) return rules.rule(tree, walk, at);
  switch (tree.kind) {
    case 'mapping':
      return mapValues(tree, (value, key) => visit(value, stepInto(rules, key), [...at, key], walk));
    case 'sequence':
      return mapItems(tree, (item, index) => visit(item, stepInto(rules, index), [...at, index], walk));
    case 'scalar':
      return tree;
  }
}

function textRule(resolve: (text: string, base: PathBase) => string): Resolve {
  return (tree, walk) => {
    if (tree.kind !== 'scalar' || typeof tree.value !== 'string') return tree;
    const value = resolve(tree.value, walk);
    return value === tree.value ? tree : { ...tree, value };
  };
}

/** A build context may also be a URL, a Git reference, another service or a builder's own kind. */
function resolveContext(text: string, base: PathBase): string {
  const remote = text.includes('://') || /^(service:|github\.com\/|git@)/.test(text);
  return remote ? text : resolvePath(text, base);
}

/** Windows paths are kept for the reader's sake; no engine that we talk to takes them. */
function resolveHostPath(text: string, base: PathBase): string {
  return /^(\p{L}:[\\/]|\\\\)/u.test(text) ? text : hostPath(text, base);
}

/** In contrast to other paths an empty one is the directory itself. */
function hostPath(text: string, base: PathBase): string {
  return text === '' ? base.directory : resolvePath(text, base);
}

function resolveMount(tree: Tree, walk: Walk, at: FieldPath): Tree {
  if (tree.kind !== 'mapping' || textField(tree, 'type') !== 'bind') return tree;
  const source = fieldOf(tree, 'source');
  if (source === undefined) {
    walk.report(
      errorAt('InvalidMount', 'a bind mount needs a source', {
        path: at,
        at: tree.at,
        hint: 'add source: a path of the host',
      }),
    );
    return tree;
  }
  return withField(tree, 'source', textRule(resolveHostPath)(source, walk, at));
}

/** A volume of the `local` driver with `o: bind` names its directory in `device`. */
function resolveLocalVolume(tree: Tree, walk: Walk, at: FieldPath): Tree {
  const options = fieldOf(tree, 'driver_opts');
  if (tree.kind !== 'mapping' || options?.kind !== 'mapping') return tree;
  const device = fieldOf(options, 'device');
  if (textField(tree, 'driver') !== 'local' || textField(options, 'o') !== 'bind' || device === undefined)
    return tree;
  const resolved = textRule(resolveHostPath)(device, walk, at);
  return withField(tree, 'driver_opts', withField(options, 'device', resolved));
}
