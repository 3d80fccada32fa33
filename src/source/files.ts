import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Files, FileText } from '../model/files.ts';
import { isSettled } from './fingerprint.ts';
import { isInside } from './inside.ts';
import { realPath } from './real-path.ts';
import { stamp } from './stable-read.ts';

export interface FilesOptions {
  /** Knows build contexts and their `.dockerignore`; the engine's room has it. */
  readonly digestContext: Files['digestContext'];
  /** Of a text that is read whole. */
  readonly textBytes?: number;
  /** Of a file that is only digested. */
  readonly digestBytes?: number;
  /** How many digests are remembered. */
  readonly digests?: number;
}

/**
 * The files of this host. Symbolic links are followed. Devices, FIFOs and sockets are never opened, and neither is
 * what has content beyond its size: `/proc/self/environ` would hand the daemon's environment to a manifest.
 */
export function createFiles(options: FilesOptions): Files {
  const { textBytes = 1024 * 1024, digestBytes = 256 * 1024 * 1024, digests = 10_000 } = options;
  const cache = new DigestCache(digests);
  return {
    readText: (path) => {
      const read = readWhole(path, textBytes, (file, size) => readBytes(file, size).toString('utf8'));
      return read.ok ? { ok: true, text: read.value } : read;
    },
    digestFile: (path) => {
      const read = readWhole(path, digestBytes, (file, size, stats) =>
        cache.digest(stats, () => digestBytesOf(file, size)),
      );
      return read.ok ? read.value : undefined;
    },
    digestContext: options.digestContext,
    kind: kindOf,
    realPath,
  };
}

/**
 * The same files, but only those in `root`: for everything else, also when it is reached by a link inside,
 * `readText` answers `outside-root`, and the others as if it were missing.
 */
export function withinRoot(files: Files, root: string): Files {
  const inside = (path: string) => {
    const place = resolveLinks(path);
    return isInside(resolveLinks(root), place) ? place : undefined;
  };
  return {
    readText: (path) => {
      const place = inside(path);
      return place === undefined ? failure('outside-root', 'is outside the source') : files.readText(place);
    },
    digestFile: (path) => {
      const place = inside(path);
      return place === undefined ? undefined : files.digestFile(place);
    },
    digestContext: (directory, dockerfile) => {
      const place = inside(directory);
      if (place === undefined) return undefined;
      if (dockerfile !== undefined && inside(resolve(place, dockerfile)) === undefined) return undefined;
      return files.digestContext(place, dockerfile);
    },
    kind: (path) => {
      const place = inside(path);
      return place === undefined ? 'missing' : files.kind(place);
    },
    realPath: (path) => inside(path),
  };
}

const resolveLinks = (path: string): string => realPath(path) ?? path;

type Unread = Extract<FileText, { ok: false }>;
type Read<T> = { readonly ok: true; readonly value: T } | Unread;

/** Attempts in a row at a file that changes meanwhile. No time passes between: the caller asks again later. */
const ATTEMPTS = 3;
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

class Unstable extends Error {}

function failure(reason: Unread['reason'], message: string): Unread {
  return { ok: false, reason, message };
}

function readWhole<T>(
  path: string,
  limitBytes: number,
  body: (file: number, size: number, stats: BigIntStats) => T,
): Read<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      // Looked at before opening: opening a device can already have an effect.
      if (!statSync(path).isFile()) return failure('not-a-file', 'is not a regular file');
      return readOpened(path, limitBytes, body);
    } catch (error) {
      if (!(error instanceof Unstable)) return failureOf(error as NodeJS.ErrnoException);
    }
  }
  return failure('unstable', 'changed while it was read');
}

function readOpened<T>(
  path: string,
  limitBytes: number,
  body: (file: number, size: number, stats: BigIntStats) => T,
): Read<T> {
  const file = openSync(path, FLAGS);
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) return failure('not-a-file', 'is not a regular file');
    if (before.size > limitBytes) {
      return failure('too-large', `is too large (${before.size} bytes; at most ${limitBytes})`);
    }
    const value = body(file, Number(before.size), before);
    if (stamp(fstatSync(file, { bigint: true })) !== stamp(before)) throw new Unstable();
    return { ok: true, value };
  } finally {
    closeSync(file);
  }
}

function failureOf(error: NodeJS.ErrnoException): Unread {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return failure('missing', 'does not exist');
    case 'EACCES':
    case 'EPERM':
      return failure('denied', 'may not be read (permission denied)');
    default:
      return failure('not-a-file', `cannot be read (${error.code ?? error.message})`);
  }
}

function readBytes(file: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(file, buffer, length, buffer.length - length, length);
    if (count === 0) break;
    length += count;
  }
  if (length !== size) throw new Unstable();
  return buffer.subarray(0, length);
}

function digestBytesOf(file: number, size: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(size + 1, 1024 * 1024));
  let length = 0;
  while (length <= size) {
    const count = readSync(file, buffer, 0, buffer.length, length);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    length += count;
  }
  if (length !== size) throw new Unstable();
  return hash.digest('hex');
}

function kindOf(path: string): ReturnType<Files['kind']> {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'other';
  }
}

/** Digests by what identifies content to a file system; the oldest are forgotten. */
class DigestCache {
  readonly #digests = new Map<string, string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  digest(stats: BigIntStats, compute: () => string): string {
    const key = stamp(stats);
    const known = this.#digests.get(key);
    if (known !== undefined) return known;
    const digest = compute();
    if (isSettled(stats)) this.#digests.set(key, digest);
    for (const oldest of this.#digests.keys()) {
      if (this.#digests.size <= this.#limit) break;
      this.#digests.delete(oldest);
    }
    return digest;
  }
}
