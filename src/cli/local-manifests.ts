import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Problem } from '../model/problem.ts';
import type { Context } from './command.ts';
import type { LoadingRequest } from './manifest-loader.ts';
import { type ManifestSet, readManifests, readUsualFile } from './manifests.ts';
import { reportProblems } from './report.ts';
import { createSourceFinder } from './source-finder.ts';

/** Manifests that belong together, read but not understood yet. */
export interface LocalManifests {
  readonly set: ManifestSet;
  readonly reading: LoadingRequest['reading'];
}

/**
 * What `-f` stands for where no daemon is asked, one set for each, as `apply` takes it: a file with its override
 * file. Without any, the Compose file of the working directory.
 */
export async function readEach(
  filenames: readonly string[],
  context: Context,
): Promise<readonly LocalManifests[]> {
  if (filenames.length === 0) return [{ set: await readUsualFile(context.cwd), reading: 'tree' }];
  const sets: LocalManifests[] = [];
  for (const argument of filenames) {
    const set = await readManifests(argument, context);
    sets.push({ set, reading: (await isTree(argument, context)) ? 'tree' : readingOf(set) });
  }
  return sets;
}

/** A Compose file that has its override file beside it is known by its usual name. */
function readingOf({ manifests }: ManifestSet): LoadingRequest['reading'] {
  return manifests.files.length > 1 ? 'tree' : 'named';
}

/**
 * What `-f` stands for as docker compose takes it: exactly the files that are named, laid over each other. A
 * directory stands for the manifests of its tree.
 */
export async function readTogether(
  filenames: readonly string[],
  context: Context,
): Promise<readonly LocalManifests[]> {
  if (filenames.length === 0) return readEach([], context);
  const trees: LocalManifests[] = [];
  const named: ManifestSet[] = [];
  for (const argument of filenames) {
    const set = await readManifests(argument, { ...context, alone: true });
    if (await isTree(argument, context)) trees.push({ set, reading: 'tree' });
    else named.push(set);
  }
  return named.length === 0 ? trees : [{ set: merge(named, context.cwd), reading: 'named' }, ...trees];
}

function merge(sets: readonly ManifestSet[], cwd: string): ManifestSet {
  const [only] = sets;
  if (sets.length === 1 && only !== undefined) return only;
  const files = sets.flatMap(({ manifests, isStdin }) =>
    manifests.files.map(({ relativePath, text }) => ({
      relativePath: isStdin ? '<stdin>' : resolve(manifests.baseDirectory, relativePath),
      text,
    })),
  );
  const argument = sets.map((set) => set.argument).join(', ');
  return { argument, manifests: { baseDirectory: cwd, files }, leftOut: [], isStdin: false };
}

async function isTree(argument: string, { cwd }: Context): Promise<boolean> {
  if (argument === '-') return false;
  const there = await stat(resolve(cwd, argument)).catch(() => undefined);
  return there?.isDirectory() ?? false;
}

/** Prints what is wrong with a set to stderr; true when nothing of it is an error. */
export function reportSetProblems(
  problems: readonly Problem[],
  { set }: LocalManifests,
  context: Context,
): Promise<boolean> {
  return reportProblems(problems, createSourceFinder(context.cwd, set), context);
}
