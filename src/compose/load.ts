import type { Files } from '../model/files.ts';
import type { Position, Problem } from '../model/problem.ts';
import { bindProject } from './bind.ts';
import { otherComposeFiles } from './compose-file-variable.ts';
import { loadModel, type SourceFile } from './document.ts';
import { parseDotenv } from './dotenv.ts';
import { readServiceFiles } from './env-files.ts';
import {
  type Loading,
  loadingLimits,
  noteSecretVariables,
  readDocuments,
  readOptionalText,
  readText,
} from './loading.ts';
import type { ComposeProject } from './model.ts';
import { normalise } from './normalise.ts';
import { parseYaml } from './parse.ts';
import { problemList } from './problem-list.ts';
import { profilesNamedIn, selectServices } from './profiles.ts';
import { decideProjectName } from './project-name.ts';
import { unusedIn, withoutUnused } from './prune.ts';
import { errorAt } from './report.ts';
import { checkRules } from './rules.ts';
import type { Lookup } from './template.ts';
import { fieldOf, type MappingTree, mappingOf, scalarTree, type Tree, withField } from './tree.ts';

/** One Compose document or file, in the order in which they override each other. */
export type ComposeInput =
  | { readonly kind: 'text'; readonly file: string; readonly text: string }
  /** A file to be read; `at` is where its name was written. */
  | { readonly kind: 'file'; readonly file: string; readonly at: Position }
  /** A mapping that was parsed already: the Compose part of a Stack's `spec`. */
  | { readonly kind: 'tree'; readonly tree: Tree };

export interface LoadRequest {
  /** The stack's name unless the files' own `name:` says otherwise; decides resource names. */
  readonly name: string | undefined;
  /** Absolute; relative paths resolve against it, and `.env` is looked for in it. */
  readonly projectDirectory: string;
  readonly inputs: readonly ComposeInput[];
  /** Variables for interpolation that the manifest gives; they win over `.env`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Those of them whose values came out of an encrypted manifest. */
  readonly secretVariables?: readonly string[] | undefined;
  /** Further files of variables (absolute); later ones win. Without any, `.env` of the directory is used. */
  readonly envFiles: readonly string[];
  /** Where these were named. */
  readonly envFilesAt?: Position | undefined;
  readonly profiles: readonly string[];
  readonly home: string | undefined;
  /** The inputs were found by their usual names: `COMPOSE_FILE` of `.env` must not name others. */
  readonly foundByName?: boolean | undefined;
}

export interface LoadedProject {
  readonly project: ComposeProject;
  /** Errors forbid to use `project`; warnings do not. */
  readonly problems: readonly Problem[];
  /** Every file that was read or would have been, sorted: when one changes, load again. */
  readonly filesUsed: readonly string[];
  /** Values of configs and secrets given by `environment:`, by `configs.NAME` / `secrets.NAME`. */
  readonly contents: Readonly<Record<string, string>>;
  /** Every profile that a service names, active or not. Sorted. */
  readonly profiles: readonly string[];
  /** `volumes.data`: what is declared and what no service refers to, active or not. Sorted. */
  readonly unused: readonly string[];
  /** Where a field of the canonical model came from; the nearest known parent otherwise. */
  readonly locate: (path: string) => Position | undefined;
}

/**
 * Loads a project: parse, interpolate, include, extends, merge, validate, canonicalise, normalise, and then
 * checks what a schema cannot say. The order is the Compose specification's. A pure function of its
 * arguments; it never throws for what users wrote, and reports all of it at once.
 *
 * Of networks, volumes, configs and secrets only those stay that an active service refers to; in a
 * project without any service all of them stay (see `withoutUnused`).
 */
export function loadProject(request: LoadRequest, files: Files): LoadedProject {
  const { loading, found, sources, name, lookup } = prepare(request, files, 'filled');
  const tree = loadModel(sources, { directory: request.projectDirectory, lookup }, loading, []);
  const { project, locate, unused } = finish(tree, name, activeProfiles(request, lookup), lookup, loading);
  const isEmpty = sources.every((source) => source.documents.length === 0);
  if (isEmpty && !loading.state.isIncomplete) found.report(emptyProject(sources));
  return {
    project,
    problems: found.problems,
    filesUsed: [...loading.filesUsed, ...filesOf(project)].toSorted(),
    contents: Object.fromEntries(loading.contents),
    profiles: profilesNamedIn(fieldOf(tree, 'services')),
    unused,
    locate,
  };
}

/** A project before its variables are filled in. */
export interface LoadedTemplate {
  /** Merged, and canonical as far as no variable stands in the way. */
  readonly document: MappingTree;
  readonly problems: readonly Problem[];
}

/**
 * The same without filling in variables and without checking what they will decide: for people who want to see
 * which there are. Services of all profiles are in it.
 */
export function loadTemplate(request: LoadRequest, files: Files): LoadedTemplate {
  const { loading, found, sources, name } = prepare(request, files, 'kept');
  const lookup: Lookup = () => undefined;
  const tree = loadModel(sources, { directory: request.projectDirectory, lookup }, loading, []);
  const document = normalise(withField(tree, 'name', scalarTree(name, tree.at)), name, lookup);
  return { document, problems: found.problems };
}

function prepare(request: LoadRequest, files: Files, templates: Loading['templates']) {
  const found = problemList();
  const loading: Loading = {
    files,
    report: found.report,
    home: request.home,
    templates,
    filesUsed: new Set(),
    contents: new Map(),
    secretVariables: new Set(request.secretVariables),
    state: { filesLeft: loadingLimits.files, charactersLeft: loadingLimits.characters, isIncomplete: false },
  };
  const sources = request.inputs.map((input) => parseInput(input, loading));
  const documents = sources.flatMap((source) => source.documents);
  const variables = readVariables(request, loading);
  const named = decideProjectName(documents, request.name, request.projectDirectory, variables);
  named.problems.forEach(found.report);
  const { name } = named;
  const lookup: Lookup = (variable) => (variable === 'COMPOSE_PROJECT_NAME' ? name : variables(variable));
  return { loading, found, sources, name, lookup };
}

function parseInput(input: ComposeInput, loading: Loading): SourceFile {
  if (input.kind === 'tree') return { file: input.tree.at.file, documents: [input.tree] };
  if (input.kind === 'file') {
    const asked = { role: 'the Compose file', at: input.at };
    return { file: input.file, documents: readDocuments(input.file, asked, loading) };
  }
  const parsed = parseYaml(input.file, input.text);
  loading.state.isIncomplete ||= parsed.problems.length > 0;
  parsed.problems.forEach(loading.report);
  return { file: input.file, documents: parsed.documents };
}

/** The manifest's own variables, then those of its files. The environment of the process has no part in it. */
function readVariables(request: LoadRequest, loading: Loading): Lookup {
  const own: Lookup = (name) =>
    Object.hasOwn(request.environment, name) ? request.environment[name] : undefined;
  const byDefault = request.envFiles.length === 0;
  const files = byDefault ? [`${request.projectDirectory}/.env`] : request.envFiles;
  let variables: ReadonlyMap<string, string> = new Map();
  for (const [index, file] of files.entries()) {
    const asked = { role: 'the env file', path: ['spec', 'envFile', index], at: request.envFilesAt };
    const read = byDefault ? readOptionalText(file, asked, loading) : readText(file, asked, loading);
    if (read === undefined) continue;
    const parsed = parseDotenv(file, read.text, own, variables);
    parsed.problems.forEach(loading.report);
    noteSecretVariables(read, { before: variables, after: parsed }, loading);
    variables = parsed.variables;
    if (request.foundByName === true) {
      const found = request.inputs.flatMap((input) => (input.kind === 'tree' ? [] : [input.file]));
      otherComposeFiles(found, { file, text: read.text, variables }).forEach(loading.report);
    }
  }
  return (name) => own(name) ?? variables.get(name);
}

/**
 * `COMPOSE_PROFILES` counts when the manifest names no profile itself. Where it is not set either, the list is one empty
 * name, as docker compose 2.40 has it: that runs a service of `profiles: ["${ENABLE:-}"]`.
 */
function activeProfiles(request: LoadRequest, lookup: Lookup): readonly string[] {
  if (request.profiles.length > 0) return request.profiles;
  return (lookup('COMPOSE_PROFILES') ?? '').split(',').map((profile) => profile.trim());
}

function finish(
  tree: MappingTree,
  name: string,
  profiles: readonly string[],
  lookup: Lookup,
  loading: Loading,
): Pick<LoadedProject, 'project' | 'locate' | 'unused'> {
  const normal = normalise(tree, name, lookup);
  const services = fieldOf(normal, 'services');
  const selected = selectServices(asMapping(services, normal), profiles);
  const active = readServiceFiles(selected.active, lookup, loading);
  const { project, positions } = bindProject(withField(normal, 'services', active), name, loading.report);
  const locate = locator(positions);
  if (!loading.state.isIncomplete) {
    checkRules({ project, disabled: selected.disabled, locate }).forEach(loading.report);
  }
  return { project: withoutUnused(project, selected.disabled), unused: unusedIn(project, services), locate };
}

function asMapping(tree: Tree | undefined, parent: Tree): MappingTree {
  return tree?.kind === 'mapping' ? tree : mappingOf({}, tree?.at ?? parent.at);
}

/** Takes parts off the end of a path until a known one is left. */
function locator(positions: ReadonlyMap<string, Position>): (path: string) => Position | undefined {
  return (path) => {
    for (
      let rest = path;
      rest !== '';
      rest = rest.slice(0, Math.max(rest.lastIndexOf('.'), rest.lastIndexOf('['), 0))
    ) {
      const position = positions.get(rest);
      if (position !== undefined) return position;
    }
    return undefined;
  };
}

/** Files that configs and secrets are made of are not read here, but a change to them matters as much. */
function filesOf(project: ComposeProject): readonly string[] {
  return [...Object.values(project.configs), ...Object.values(project.secrets)].flatMap((object) =>
    object.file === undefined ? [] : [object.file],
  );
}

function emptyProject(sources: readonly SourceFile[]): Problem {
  const file = sources[0]?.file;
  return errorAt('EmptyProject', 'there is nothing in the file', {
    at: file === undefined ? undefined : { file, line: 1, column: 1 },
    hint: 'add services:',
  });
}
