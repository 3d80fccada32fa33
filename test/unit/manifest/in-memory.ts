import path from 'node:path/posix';
import { loadProject } from '../../../src/compose/load.ts';
import { findStacks } from '../../../src/manifest/find-stacks.ts';
import type { FoundStacks, ManifestFile, StackManifest } from '../../../src/manifest/stack.ts';
import type { Files } from '../../../src/model/files.ts';
import { formatPosition, type Problem } from '../../../src/model/problem.ts';

/** Files by their path below `/stacks`. */
export type Tree = Readonly<Record<string, string>>;

export function manifestFiles(tree: Tree): ManifestFile[] {
  return Object.entries(tree).map(([relativePath, text]) => ({
    path: path.join('/stacks', relativePath),
    relativePath,
    text,
  }));
}

export function find(tree: Tree): FoundStacks {
  return findStacks(manifestFiles(tree), { home: '/home/somebody' });
}

/** The only stack of a tree; fails when it is not exactly one. */
export function findOne(tree: Tree): StackManifest {
  const { stacks, problems } = find(tree);
  const [stack] = stacks;
  if (stack === undefined || stacks.length > 1) {
    throw new Error(
      `expected one stack, got ${stacks.length}: ${problems.map((each) => each.message).join('; ')}`,
    );
  }
  return stack;
}

export function filesOf(tree: Tree): Files {
  const texts = new Map(manifestFiles(tree).map((file) => [file.path, file.text]));
  return {
    readText: (file) => {
      const text = texts.get(file);
      return text === undefined ? { ok: false, reason: 'missing', message: 'missing' } : { ok: true, text };
    },
    digestFile: () => undefined,
    digestContext: () => undefined,
    kind: (file) => (texts.has(file) ? 'file' : 'missing'),
    realPath: (path) => path,
  };
}

/** All that is wrong with a tree: what its manifests say, and then what is in the stacks. */
export function faultsOf(tree: Tree): Problem[] {
  const { stacks, problems } = find(tree);
  return [...problems, ...stacks.flatMap((stack) => loadProject(stack.compose, filesOf(tree)).problems)];
}

/** `compose.yaml:3:5 UnknownField services.web.imagee`, relative to `/stacks`. */
export function brief(problem: Problem): string {
  const place = formatPosition(problem.at).replace('/stacks/', '');
  return [place, problem.code, problem.path].filter((part) => part !== undefined).join(' ');
}
