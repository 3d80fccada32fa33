import { statSync } from 'node:fs';
import type { LintedManifests, LintRequest } from '../cli/manifest-loader.ts';
import { loadProject, loadTemplate } from '../compose/load.ts';
import type { ComposeNetwork, ComposeProject } from '../compose/model.ts';
import { parseYaml } from '../compose/parse.ts';
import { fieldOf, type MappingTree, type Tree } from '../compose/tree.ts';
import type { RuleHead } from '../lint/finding.ts';
import { lintStack } from '../lint/lint.ts';
import type { LintFiles, LintInput } from '../lint/rule.ts';
import { RULE_HEADS } from '../lint/rules.ts';
import { isOurs } from '../manifest/read-envelope.ts';
import type { StackManifest } from '../manifest/stack.ts';
import type { Position } from '../model/problem.ts';
import { isAcceptable } from '../model/problem.ts';
import { isIgnoredByGit } from '../source/git-ignored.ts';
import { localFiles as files } from './local-files.ts';
import { findLocal } from './local-loader.ts';

/** Every rule there is, in the order of the docs. */
export const lintRules = (): readonly RuleHead[] => RULE_HEADS;

const lintFiles: LintFiles = {
  readText: (path) => files.readText(path),
  kind: (path) => files.kind(path),
  realPath: (path) => files.realPath(path),
  isIgnoredByGit: (path) => isIgnoredByGit(path, files),
  isReadableByAll: (path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && (stats.mode & 0o004) !== 0;
  },
};

/** Asks the rules about manifests, in this process. Stacks that are wrong otherwise are not asked about. */
export function lintManifests(request: LintRequest): LintedManifests {
  const found = findLocal(request);
  const texts = new Map(found.files.map(({ path, text }) => [path, text]));
  const loaded = found.stacks.map((manifest) => ({
    manifest,
    project: loadProject(manifest.compose, files),
  }));
  const networks = networksOf(loaded.map(({ project }) => project.project));
  const good = loaded.filter(({ project }) => isAcceptable(project.problems));
  const reports = good.map(({ manifest, project }) => {
    const input: LintInput = {
      ...inputOf(manifest, texts),
      project: project.project,
      unused: project.unused,
      locate: project.locate,
      networkNamed: (name) => networks.get(name),
    };
    return lintStack(input, request.selection);
  });
  return {
    stacks: good.map(({ manifest }) => manifest.name),
    problems: [...found.problems, ...loaded.flatMap(({ project }) => project.problems)],
    findings: reports.flatMap(({ findings }) => findings),
    waived: reports.flatMap(({ waived }) => waived),
  };
}

/** By their names on the engine; who declares a network knows it better than who only joins it. */
function networksOf(projects: readonly ComposeProject[]): ReadonlyMap<string, ComposeNetwork> {
  const declared = projects
    .flatMap(({ networks }) => Object.values(networks))
    .filter(({ external }) => external !== true);
  return new Map(declared.map((network) => [network.name, network]));
}

type Known = 'project' | 'unused' | 'locate' | 'networkNamed';

function inputOf(manifest: StackManifest, texts: ReadonlyMap<string, string>): Omit<LintInput, Known> {
  const { name, annotations, at, compose } = manifest;
  const textOf = createTextOf(texts);
  const trees = manifest.files.flatMap((file) => parseYaml(file, textOf(file) ?? '').documents);
  const envelope = trees.find((tree) => isOurs(tree) && isSamePlace(tree.at, at));
  return {
    stack: name,
    annotations,
    at,
    template: loadTemplate(compose, files).document,
    documents: trees.flatMap((tree) => composeOf(tree, envelope)),
    isLifted: envelope === undefined,
    directory: compose.projectDirectory,
    envFiles: compose.envFiles,
    locateAnnotation: (key) => keyPlace(fieldOf(fieldOf(envelope, 'metadata'), 'annotations'), key),
    textFrom: ({ file, line, column }) =>
      textOf(file)
        ?.split('\n', line)
        [line - 1]?.slice(column - 1) ?? '',
    files: lintFiles,
  };
}

/** The Compose part of a document: of an envelope its spec, of another stack’s nothing. */
function composeOf(tree: Tree, envelope: Tree | undefined): readonly MappingTree[] {
  if (tree.kind !== 'mapping') return [];
  if (!isOurs(tree)) return [tree];
  const spec = tree === envelope ? fieldOf(tree, 'spec') : undefined;
  return spec?.kind === 'mapping' ? [spec] : [];
}

const keyPlace = (tree: Tree | undefined, key: string): Position | undefined =>
  tree?.kind === 'mapping' ? tree.entries.get(key)?.keyAt : undefined;

const isSamePlace = (one: Position, other: Position): boolean =>
  one.file === other.file && one.line === other.line && one.column === other.column;

/** Texts of files that were given, else of this host; each is read once. */
function createTextOf(given: ReadonlyMap<string, string>): (file: string) => string | undefined {
  const known = new Map<string, string | undefined>(given);
  return (file) => {
    if (!known.has(file)) {
      const read = files.readText(file);
      known.set(file, read.ok ? read.text : undefined);
    }
    return known.get(file);
  };
}
