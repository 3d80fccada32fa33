import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { isInside } from './inside.ts';

/** One attempt at a file. `unsettled` is worth another attempt; `gone` is not there any more. */
export type ReadAttempt =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'gone' };

export interface ReadLimits {
  readonly fileBytes: number;
  /** A file touched more recently than this may be half-written. */
  readonly quietMs: number;
}

/**
 * Reads one text file so that what is returned was really its content at one moment: it is opened without
 * following links or blocking, must be a regular file inside `root` (a resolved path), and its identity, size
 * and times must be the same before and after. A truncated manifest can be valid YAML, so stability matters
 * as much as parsing does. Symbolic links are followed when they stay inside.
 */
export async function readStable(path: string, root: string, limits: ReadLimits): Promise<ReadAttempt> {
  try {
    const target = await resolveTarget(path, root);
    if (typeof target !== 'string') return target;
    const file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!isInside(root, await placeOf(file, target))) return OUTSIDE;
      return await readOpened(file, limits);
    } finally {
      await file.close();
    }
  } catch (error) {
    return attemptOf(error);
  }
}

const OUTSIDE: ReadAttempt = { kind: 'unreadable', reason: 'leads outside the source by a symbolic link' };
const NOT_REGULAR: ReadAttempt = { kind: 'unreadable', reason: 'is not a regular file' };

/** What to open. Looked at before opening: opening a device can already have an effect. */
async function resolveTarget(path: string, root: string): Promise<string | ReadAttempt> {
  const stats = await lstat(path);
  if (stats.isFile()) return path;
  if (!stats.isSymbolicLink()) return NOT_REGULAR;
  const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ELOOP') return undefined;
    throw error;
  });
  if (target === undefined) return { kind: 'unreadable', reason: 'is a symbolic link that leads nowhere' };
  if (!isInside(root, target)) return OUTSIDE;
  return (await lstat(target)).isFile() ? target : NOT_REGULAR;
}

/** Where the opened file really is: a directory of its path may have become a link since it was looked at. */
async function placeOf(file: FileHandle, path: string): Promise<string> {
  return readlink(`/proc/self/fd/${file.fd}`).catch(() => realpath(path));
}

async function readOpened(file: FileHandle, limits: ReadLimits): Promise<ReadAttempt> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) return NOT_REGULAR;
  if (before.size > limits.fileBytes) {
    return { kind: 'unreadable', reason: `is too large (${before.size} bytes; at most ${limits.fileBytes})` };
  }
  const bytes = await readUpTo(file, Number(before.size) + 1);
  const after = await file.stat({ bigint: true });
  const unchanged = stamp(before) === stamp(after) && BigInt(bytes.length) === before.size;
  if (!unchanged || isFresh(after, limits.quietMs)) return { kind: 'unsettled' };
  return decode(bytes);
}

async function readUpTo(file: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Equal stamps: the same content, as far as a file system can tell. */
export function stamp(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** A time in the future is a clock that was set back, and says nothing about writers. */
function isFresh(stats: BigIntStats, quietMs: number): boolean {
  const ageMs = Date.now() - Number(stats.ctimeMs);
  return ageMs >= 0 && ageMs < quietMs;
}

/** Nothing, or NUL bytes, is what a crash or an unfinished write leaves: it must not read as "no stacks here". */
export function decode(bytes: Buffer): ReadAttempt {
  if (bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) {
    return { kind: 'unreadable', reason: 'is empty' };
  }
  if (bytes.includes(0))
    return { kind: 'unreadable', reason: 'is half-written or not UTF-8 text (it contains NUL bytes)' };
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: 'unreadable', reason: 'is not UTF-8 text' };
  }
}

function attemptOf(error: unknown): ReadAttempt {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'gone' };
  if (code === 'ELOOP') return { kind: 'unsettled' };
  if (code === 'EACCES' || code === 'EPERM')
    return { kind: 'unreadable', reason: 'may not be read (permission denied)' };
  return { kind: 'unreadable', reason: `cannot be read (${code ?? String(error)})` };
}
