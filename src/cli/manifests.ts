import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { PushedManifests } from '../api/contract.ts';
import { MAX_BODY_BYTES, MAX_MANIFEST_BYTES, MAX_MANIFEST_FILES } from '../api/paths.ts';
import { Failure } from '../model/failure.ts';
import { findManifestPaths } from './manifest-tree.ts';

const MEBIBYTE = 1024 * 1024;
/** Files that Compose itself reads beside a Compose file that is named. */
const OVERRIDES = ['compose', 'docker-compose'].flatMap((stem) => [
  `${stem}.override.yaml`,
  `${stem}.override.yml`,
]);
/** The names by which docker compose finds a file, in the order of its liking. */
const USUAL = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const COMPOSE_FILE = /^(docker-)?compose\.ya?ml$/;

/** What `-f` stands for: what is sent, and how its files are called on the screen. */
export interface ManifestSet {
  /** The argument of `-f`. */
  readonly argument: string;
  readonly manifests: PushedManifests;
  /** Files of a tree that are too large to be sent. */
  readonly leftOut: readonly string[];
  readonly isStdin: boolean;
}

interface Surroundings {
  readonly cwd: string;
  readonly stdin: AsyncIterable<string | Uint8Array>;
  /** A file that is named comes without its override file. */
  readonly alone?: boolean;
}

/** Reads a file, the manifests of a directory's tree, or `-` for stdin. Throws `Failure` when it cannot. */
export async function readManifests(
  argument: string,
  { cwd, stdin, alone = false }: Surroundings,
): Promise<ManifestSet> {
  if (argument === '-') return readStdin(cwd, stdin);
  const path = resolve(cwd, argument);
  const there = await stat(path).catch((error) => {
    throw unreadable(argument, error);
  });
  const set = there.isDirectory()
    ? await readTree(argument, path)
    : await readOne(argument, path, alone ? [] : OVERRIDES);
  const bytes = Buffer.byteLength(JSON.stringify(set.manifests));
  if (bytes > MAX_BODY_BYTES - MEBIBYTE / 4) {
    throw new Failure(
      'invalid',
      `the manifests of ${argument} are ${Math.ceil(bytes / MEBIBYTE)} MiB together`,
      {
        hint: `at most ${MAX_BODY_BYTES / MEBIBYTE} MiB are taken at once: apply its directories one by one`,
      },
    );
  }
  return set;
}

/** The Compose file of a directory or the nearest one above it, as docker compose looks for it. Throws `Failure`. */
export async function readUsualFile(cwd: string): Promise<ManifestSet> {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const names = new Set(await readdir(directory).catch(() => []));
    const usual = USUAL.filter((name) => names.has(name));
    if (usual.length > 0) {
      const wanted = [...usual, ...OVERRIDES.filter((name) => names.has(name))];
      const files = await Promise.all(wanted.map((name) => readNamed(directory, name)));
      return {
        argument: directory,
        manifests: { baseDirectory: directory, files },
        leftOut: [],
        isStdin: false,
      };
    }
    if (directory === dirname(directory)) break;
  }
  throw new Failure('invalid', 'cannot read a Compose file: there is none in this directory or above it', {
    hint: 'give -f FILE, -f DIR or -f -',
  });
}

async function readNamed(directory: string, name: string) {
  const text = await readBounded(join(directory, name)).catch((error) => {
    throw unreadable(name, error);
  });
  if (text === undefined) throw tooLarge(name);
  return { relativePath: name, text };
}

async function readStdin(cwd: string, stdin: AsyncIterable<string | Uint8Array>): Promise<ManifestSet> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > MAX_MANIFEST_BYTES) throw tooLarge('stdin');
    chunks.push(buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  // A plain Compose file is known by its name, and `docker compose -f -` names it after the directory too.
  const files = [{ relativePath: 'compose.yaml', text }];
  return { argument: '-', manifests: { baseDirectory: cwd, files }, leftOut: [], isStdin: true };
}

async function readOne(argument: string, path: string, overrides: readonly string[]): Promise<ManifestSet> {
  const baseDirectory = dirname(path);
  const relativePath = basename(path);
  const text = await readBounded(path).catch((error) => {
    throw unreadable(argument, error);
  });
  if (text === undefined) throw tooLarge(argument);
  const files = [{ relativePath, text }];
  for (const override of COMPOSE_FILE.test(relativePath) ? overrides : []) {
    const found = await readBounded(join(baseDirectory, override)).catch(() => undefined);
    if (found !== undefined) files.push({ relativePath: override, text: found });
  }
  return { argument, manifests: { baseDirectory, files }, leftOut: [], isStdin: false };
}

async function readTree(argument: string, baseDirectory: string): Promise<ManifestSet> {
  const files: { relativePath: string; text: string }[] = [];
  const leftOut: string[] = [];
  for (const relativePath of await findManifestPaths(baseDirectory)) {
    const path = join(baseDirectory, relativePath);
    const text = await readBounded(path).catch((error) => {
      throw unreadable(join(argument, relativePath), error);
    });
    if (text === undefined) leftOut.push(join(argument, relativePath));
    else if (mayBeManifest(relativePath, text)) files.push({ relativePath, text });
    if (files.length > MAX_MANIFEST_FILES) {
      throw new Failure('invalid', `${argument} holds more than ${MAX_MANIFEST_FILES} manifests`, {
        hint: 'apply its directories one by one',
      });
    }
  }
  return { argument, manifests: { baseDirectory, files }, leftOut, isStdin: false };
}

/** Whether the daemon could take it for one (it decides); everything else is data that stays where it is. */
function mayBeManifest(relativePath: string, text: string): boolean {
  return /compose/i.test(basename(relativePath)) || text.includes('stackctl.io');
}

/** The text of a file; undefined when it is too large to be a manifest. */
async function readBounded(path: string): Promise<string | undefined> {
  const { size } = await stat(path);
  if (size > MAX_MANIFEST_BYTES) return undefined;
  const bytes = await readFile(path);
  return bytes.length > MAX_MANIFEST_BYTES ? undefined : bytes.toString('utf8');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function unreadable(shown: string, error: unknown): Failure {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new Failure('invalid', `cannot read ${shown}: ${REASONS[code] ?? code}`, { cause: error });
}

function tooLarge(shown: string): Failure {
  return new Failure('invalid', `${shown} is larger than ${MAX_MANIFEST_BYTES / MEBIBYTE} MiB`, {
    hint: 'a manifest is never that large: is it the right file?',
  });
}
