import { canonicalise } from './canonicalise.ts';
import { withDefaultValues } from './defaults.ts';
import { applyExtends } from './extends.ts';
import { applyIncludes } from './include.ts';
import { interpolate } from './interpolate.ts';
import { type Loading, readDocuments, type Scope } from './loading.ts';
import { mergeTrees } from './merge.ts';
import { resolveEnvironment } from './normalise.ts';
import { errorAt } from './report.ts';
import { resolvePaths } from './resolve-paths.ts';
import { fieldOf, type MappingTree, mappingOf, type Tree, textField, withField } from './tree.ts';
import { keepUnique } from './unique.ts';
import { validateProject } from './validate.ts';

/** A file with its documents, as parsed. */
export interface SourceFile {
  readonly file: string;
  readonly documents: readonly Tree[];
}

/**
 * Lays the documents of some files over each other, in order, and gives one canonical document with
 * defaults and absolute paths. The phases and their order are the Compose specification's: interpolate,
 * include, extends, merge, keep unique, validate, canonicalise.
 *
 * `including` are the files that led here by `include`, to recognise a cycle.
 */
export function loadModel(
  sources: readonly SourceFile[],
  scope: Scope,
  loading: Loading,
  including: readonly string[],
): MappingTree {
  const at = sources[0]?.documents[0]?.at ?? { file: sources[0]?.file ?? '', line: 1, column: 1 };
  let model = mappingOf({}, at);
  for (const { file, documents } of sources) {
    for (const document of documents) {
      model = layDocument(model, document, { file, scope, loading, including: [...including, file] });
    }
  }
  const complete = asMapping(
    resolvePaths(
      withDefaultValues(model),
      { directory: scope.directory, home: loading.home },
      loading.report,
    ),
    model,
  );
  collectContents(complete, scope, loading);
  return resolveEnvironment(complete, scope.lookup);
}

interface Place {
  readonly file: string;
  readonly scope: Scope;
  readonly loading: Loading;
  readonly including: readonly string[];
}

function layDocument(model: MappingTree, document: Tree, place: Place): MappingTree {
  const { report } = place.loading;
  if (document.kind !== 'mapping') {
    report(
      errorAt('TopLevelNotMapping', 'a Compose file is a mapping at its top', {
        at: document.at,
        hint: 'start with services:',
      }),
    );
    return model;
  }
  const { templates } = place.loading;
  const filled =
    templates === 'kept'
      ? document
      : asMapping(interpolate(document, place.scope.lookup, place.loading), document);
  const withIncludes = applyIncludes(filled, place, (source, scope) =>
    loadModel(source, scope, place.loading, place.including),
  );
  const extended = applyExtends(withIncludes, place, (file, request) => loadBase(file, request, place));
  const merged = keepUnique(mergeTrees(model, withField(extended, 'include', undefined), 'final', report));
  if (hasMoreNodes(merged, maxNodes)) {
    report(
      errorAt('TooManyNodes', `the project has more than ${maxNodes} values once it is put together`, {
        at: document.at,
        hint: 'use fewer aliases, includes and extends',
      }),
    );
    return model;
  }
  const project = asMapping(merged, model);
  if (templates === 'filled') validateProject(project).forEach(report);
  const canonical = asMapping(keepUnique(canonicalise(project, report, templates)), model);
  return withField(canonical, 'version', undefined);
}

/** Extending and including multiply what a file says. */
const maxNodes = 200_000;

function hasMoreNodes(tree: Tree, limit: number): boolean {
  const stack: Tree[] = [tree];
  let count = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    count += 1;
    if (count > limit) return true;
    if (next.kind === 'sequence') for (const item of next.items) stack.push(item);
    if (next.kind === 'mapping') for (const { value } of next.entries.values()) stack.push(value);
  }
  return false;
}

/**
 * The services of a file that is only extended from: in canonical form, with absolute paths, but not
 * checked, since only what extends it has to be complete. Its own includes do not count.
 */
function loadBase(
  file: string,
  request: Parameters<typeof readDocuments>[1],
  place: Place,
): Tree | undefined {
  const { loading, scope } = place;
  const documents = readDocuments(file, request, loading);
  if (documents.length === 0) return undefined;
  let base: Tree = mappingOf({}, { file, line: 1, column: 1 });
  for (const document of documents) {
    const { report, templates } = loading;
    const filled = templates === 'kept' ? document : interpolate(document, scope.lookup, loading);
    base = canonicalise(keepUnique(mergeTrees(base, filled, 'final', report)), report, templates);
  }
  const directory = file.slice(0, file.lastIndexOf('/')) || '/';
  return fieldOf(
    resolvePaths(keepUnique(base), { directory, home: loading.home }, loading.report),
    'services',
  );
}

/** A phase keeps the kind of a document's root. */
function asMapping(tree: Tree, otherwise: MappingTree): MappingTree {
  return tree.kind === 'mapping' ? tree : otherwise;
}

/** Values of variables that configs and secrets are made of; an included file has variables of its own. */
function collectContents(tree: MappingTree, scope: Scope, loading: Loading): void {
  for (const kind of ['configs', 'secrets'] as const) {
    const section = fieldOf(tree, kind);
    if (section?.kind !== 'mapping') continue;
    for (const [name, { value }] of section.entries) {
      const variable = textField(value, 'environment');
      const content = variable === undefined ? undefined : scope.lookup(variable);
      if (content !== undefined) loading.contents.set(`${kind}.${name}`, content);
    }
  }
}
