import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import dockerignore from '@balena/dockerignore';

/** One thing of a build context. `path` is relative, with slashes. */
export interface ContextEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Of links. */
  readonly linkTarget: string | undefined;
}

/** More than any sane context holds; a home directory given by mistake stops here. */
const MAX_ENTRIES = 200_000;
const CHUNK_BYTES = 1024 * 1024;

/**
 * sha256 (hex) over names, modes and contents of a build context, leaving out what its ignore file leaves
 * out. The Dockerfile counts even when it is ignored or lies outside. Undefined when anything cannot be
 * read, or the context is too large to be one.
 */
export function digestContext(directory: string, dockerfile: string | undefined): string | undefined {
  try {
    const hash = createHash('sha256');
    for (const entry of contextEntries(directory, dockerfile)) {
      hash.update(`${entry.kind}\0${entry.path}\0${entry.mode.toString(8)}\0${entry.linkTarget ?? ''}\0`);
      if (entry.kind !== 'file') continue;
      hash.update(`${entry.sizeBytes}\0`);
      hashFile(join(directory, entry.path), (chunk) => hash.update(chunk));
    }
    const outside = outsideDockerfile(directory, dockerfile);
    if (outside !== undefined) hash.update('outside\0').update(readFileSync(outside));
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

/**
 * What belongs to a build context, sorted by path; directories come before what is in them. Sockets, pipes
 * and devices are left out. Throws what the file system throws.
 *
 * @param dockerfile relative to the context; always belongs to it, and so does the ignore file
 */
export function contextEntries(directory: string, dockerfile: string | undefined): readonly ContextEntry[] {
  const rules = readRules(directory, dockerfile);
  const found: ContextEntry[] = [];
  for (const entry of walk(directory, '', rules)) {
    if (found.length >= MAX_ENTRIES) throw new Error('the build context has too many files');
    found.push(entry);
  }
  return found;
}

function* walk(directory: string, parent: string, rules: IgnoreRules): Generator<ContextEntry> {
  for (const name of readdirSync(join(directory, parent)).sort()) {
    const path = parent === '' ? name : `${parent}/${name}`;
    const entry = readEntry(directory, path);
    if (entry === undefined) continue;
    const ignored = rules.ignores(path);
    if (!ignored) yield entry;
    // Below an ignored directory something may be wanted again by a `!` rule.
    if (entry.kind === 'directory' && (!ignored || rules.hasExceptions)) yield* walk(directory, path, rules);
  }
}

/** The absolute path of a Dockerfile that does not lie inside its context. */
export function outsideDockerfile(directory: string, dockerfile: string | undefined): string | undefined {
  if (dockerfile === undefined) return undefined;
  if (isAbsolute(dockerfile)) return dockerfile;
  return normalize(dockerfile).startsWith('..') ? join(directory, dockerfile) : undefined;
}

interface IgnoreRules {
  readonly hasExceptions: boolean;
  ignores(path: string): boolean;
}

/** `<Dockerfile>.dockerignore` goes before `.dockerignore`; neither they nor the Dockerfile can be ignored. */
function readRules(directory: string, dockerfile: string | undefined): IgnoreRules {
  const dockerfilePath = normalize(dockerfile ?? 'Dockerfile');
  const own = `${dockerfilePath}.dockerignore`;
  const ownText = isAbsolute(own) ? undefined : readOptional(join(directory, own));
  const text = ownText ?? readOptional(join(directory, '.dockerignore')) ?? '';
  const rules = dockerignore.default().add(text);
  const always = new Set([dockerfilePath, '.dockerignore', own]);
  return {
    hasExceptions: /^[^\S\n]*!/m.test(text),
    ignores: (path) => !always.has(path) && rules.ignores(path),
  };
}

function readOptional(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8')
    : undefined;
}

function readEntry(directory: string, path: string): ContextEntry | undefined {
  const stat = lstatSync(join(directory, path));
  const base = {
    path,
    mode: stat.mode & 0o7777,
    sizeBytes: stat.size,
    modifiedAtMs: Math.floor(stat.mtimeMs),
  };
  if (stat.isDirectory()) return { ...base, kind: 'directory', linkTarget: undefined };
  if (stat.isFile()) return { ...base, kind: 'file', linkTarget: undefined };
  if (!stat.isSymbolicLink()) return undefined;
  return { ...base, kind: 'link', linkTarget: readlinkSync(join(directory, path)) };
}

function hashFile(path: string, onChunk: (chunk: Buffer) => void): void {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      onChunk(chunk.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}
