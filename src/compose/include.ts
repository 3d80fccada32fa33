import type { Position } from '../model/problem.ts';
import { parseDotenv } from './dotenv.ts';
import { goText } from './go-text.ts';
import {
  type Loading,
  noteSecretVariables,
  readDocuments,
  readOptionalText,
  readText,
  type Scope,
} from './loading.ts';
import { mergeTrees } from './merge.ts';
import { errorAt } from './report.ts';
import { resolvePath } from './resolve-paths.ts';
import { fieldOf, isNull, type MappingTree, mappingOf, type Tree, textField, withField } from './tree.ts';

interface Place {
  readonly scope: Scope;
  readonly loading: Loading;
  /** The files that led here, the present one last. */
  readonly including: readonly string[];
}

interface Source {
  readonly file: string;
  readonly documents: readonly Tree[];
}

type LoadIncluded = (sources: readonly Source[], scope: Scope) => MappingTree;

/**
 * Puts what a document includes under its own content: every entry of `include` is a project of its own,
 * with its own directory and its own `.env`, whose variables fill only what ours lack. Where both define
 * something, the including document's definition is laid over the included one (docker compose before
 * 2.41 refuses that).
 */
export function applyIncludes(tree: MappingTree, place: Place, loadIncluded: LoadIncluded): MappingTree {
  const include = fieldOf(tree, 'include');
  if (include === undefined || isNull(include)) return tree;
  const { report } = place.loading;
  if (include.kind !== 'sequence') {
    report(
      errorAt('WrongType', 'include is a list', {
        path: ['include'],
        at: include.at,
        hint: 'write "- " before the path',
      }),
    );
    return tree;
  }
  let under: Tree = mappingOf({}, tree.at);
  for (const [index, item] of include.items.entries()) {
    const entry = readEntry(item, index, place);
    const included = entry === undefined ? undefined : loadEntry(entry, place, loadIncluded);
    if (included !== undefined) under = mergeTrees(under, importable(included), 'layered', report);
  }
  const whole = mergeTrees(under, withField(tree, 'include', undefined), 'layered', report);
  return whole.kind === 'mapping' ? whole : tree;
}

interface Entry {
  readonly paths: readonly string[];
  readonly directory: string | undefined;
  readonly envFiles: readonly string[];
  readonly where: { readonly path: readonly (string | number)[]; readonly at: Position };
}

function readEntry(item: Tree, index: number, place: Place): Entry | undefined {
  const where = { path: ['include', index], at: item.at };
  const paths = textsOf(item.kind === 'mapping' ? fieldOf(item, 'path') : item);
  if (paths === undefined || paths.length === 0) {
    place.loading.report(
      errorAt('InvalidInclude', 'an include needs a path', { ...where, hint: 'write path: FILE' }),
    );
    return undefined;
  }
  const remote = paths.find((path) => /^(oci:|git@|[a-z]+:\/\/)/.test(path));
  if (remote !== undefined) {
    place.loading.report(
      errorAt('RemoteNotSupported', 'files cannot be included from elsewhere', {
        ...where,
        hint: 'keep a copy of the file beside this one',
      }),
    );
    return undefined;
  }
  return {
    paths,
    directory: textField(item, 'project_directory'),
    envFiles: textsOf(fieldOf(item, 'env_file')) ?? [],
    where,
  };
}

function textsOf(tree: Tree | undefined): readonly string[] | undefined {
  if (tree === undefined || isNull(tree)) return [];
  if (tree.kind === 'scalar') return [goText(tree)];
  if (tree.kind !== 'sequence') return undefined;
  return tree.items.flatMap((item) => (item.kind === 'scalar' ? [goText(item)] : []));
}

function loadEntry(entry: Entry, place: Place, loadIncluded: LoadIncluded): MappingTree | undefined {
  const base = { directory: place.scope.directory, home: place.loading.home };
  const files = entry.paths.map((path) => resolvePath(path, base));
  const main = files[0] ?? '';
  if (place.including.includes(main)) {
    place.loading.report(
      errorAt(
        'CircularInclude',
        `files include each other in a circle: ${[...place.including, main].join(' -> ')}`,
        {
          ...entry.where,
          hint: 'take one of them out of the circle',
        },
      ),
    );
    return undefined;
  }
  const directory =
    entry.directory === undefined
      ? main.slice(0, main.lastIndexOf('/')) || '/'
      : resolvePath(entry.directory, base);
  const variables = readVariables(entry, directory, place);
  const { lookup } = place.scope;
  const scope: Scope = { directory, lookup: (name) => lookup(name) ?? variables.get(name) };
  const request = { ...entry.where, role: 'the included file' };
  const sources = files.map((file) => ({ file, documents: readDocuments(file, request, place.loading) }));
  return loadIncluded(sources, scope);
}

/** `/dev/null` is how an include asks for no variables at all. */
function readVariables(entry: Entry, directory: string, place: Place): ReadonlyMap<string, string> {
  const { loading, scope } = place;
  let variables: ReadonlyMap<string, string> = new Map();
  const named = entry.envFiles.filter((file) => file !== '/dev/null');
  const files =
    entry.envFiles.length === 0
      ? [`${directory}/.env`]
      : named.map((file) => resolvePath(file, { directory: scope.directory, home: loading.home }));
  for (const file of files) {
    const request = { ...entry.where, role: 'the env file' };
    const read =
      entry.envFiles.length === 0
        ? readOptionalText(file, request, loading)
        : readText(file, request, loading);
    if (read === undefined) continue;
    const parsed = parseDotenv(file, read.text, scope.lookup, variables);
    parsed.problems.forEach(loading.report);
    noteSecretVariables(read, { before: variables, after: parsed }, loading);
    variables = parsed.variables;
  }
  return variables;
}

const imported = ['services', 'networks', 'volumes', 'configs', 'secrets', 'models'] as const;

/** An include brings resources, not names or extensions. */
function importable(tree: MappingTree): MappingTree {
  return mappingOf(Object.fromEntries(imported.map((kind) => [kind, fieldOf(tree, kind)])), tree.at);
}
