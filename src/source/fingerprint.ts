import { type BigIntStats, statSync } from 'node:fs';
import type { FileLook } from '../model/files.ts';
import { realPath } from './real-path.ts';
import { stamp } from './stable-read.ts';

/** Looks at a path without reading it; links are followed. */
export function look(path: string): FileLook {
  try {
    return lookOf(path, statSync(path, { bigint: true }));
  } catch (error) {
    return absent(path, error as NodeJS.ErrnoException);
  }
}

/** File systems stamp with the kernel's tick, and some in whole seconds: what is younger may change unseen. */
const SETTLED_MS = 2000;

/** Whether a file is old enough that its next change will leave another stamp. */
export function isSettled(stats: BigIntStats): boolean {
  return Date.now() - Number(stats.ctimeMs) > SETTLED_MS;
}

function lookOf(path: string, stats: BigIntStats): FileLook {
  return { kind: kindOf(stats), stamp: stamp(stats), isSettled: isSettled(stats), place: realPath(path) };
}

function kindOf(stats: BigIntStats): FileLook['kind'] {
  if (stats.isFile()) return 'file';
  return stats.isDirectory() ? 'directory' : 'other';
}

function absent(path: string, { code = 'unknown' }: NodeJS.ErrnoException): FileLook {
  const kind = code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'other';
  return { kind, stamp: kind === 'missing' ? kind : code, isSettled: true, place: realPath(path) };
}
