import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../model/failure.ts';

const EXTENSIONS = /\.(ya?ml|json)$/i;
const NEVER = new Set(['node_modules', '.git']);
const IGNORE_FILE = '.stackctlignore';
const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 32;

type IsIgnored = (path: string) => boolean;

/** Every file of a tree whose name a manifest may have, relative to the root, sorted; `.stackctlignore` is heeded. */
export async function findManifestPaths(root: string): Promise<readonly string[]> {
  const isIgnored = await readIgnoreFile(root);
  const files: string[] = [];
  let level: readonly string[] = [''];
  let entries = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    const below: string[] = [];
    for (const directory of level) {
      const found = await readdir(join(root, directory), { withFileTypes: true });
      entries += found.length;
      if (entries > MAX_ENTRIES || depth > MAX_DEPTH) throw tooBig(root);
      const sorted = await sortEntries(root, { directory, found, isIgnored });
      files.push(...sorted.files);
      below.push(...sorted.directories);
    }
    level = below;
  }
  return files.sort();
}

interface Entries {
  readonly directory: string;
  readonly found: readonly Dirent[];
  readonly isIgnored: IsIgnored;
}

/** What of a directory counts. Links to directories are not followed: they may lead out of the tree, or round in it. */
async function sortEntries(root: string, { directory, found, isIgnored }: Entries) {
  const files: string[] = [];
  const directories: string[] = [];
  for (const entry of found) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!NEVER.has(entry.name) && !isIgnored(`${path}/`)) directories.push(path);
    } else if (EXTENSIONS.test(entry.name) && !isIgnored(path) && (await isFile(join(root, path)))) {
      files.push(path);
    }
  }
  return { files, directories };
}

async function readIgnoreFile(root: string): Promise<IsIgnored> {
  const rules = await readFile(join(root, IGNORE_FILE), 'utf8').catch(() => undefined);
  if (rules === undefined) return () => false;
  const { default: ignore } = await import('ignore');
  const matcher = ignore().add(rules);
  return (path) => matcher.ignores(path);
}

async function isFile(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there?.isFile() ?? false;
}

function tooBig(root: string): Failure {
  return new Failure(
    'invalid',
    `${root} has more than ${MAX_ENTRIES} entries or is deeper than ${MAX_DEPTH}`,
    {
      hint: 'is it the right directory? .stackctlignore leaves parts of it out',
    },
  );
}
