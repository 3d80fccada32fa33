import { constants, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Marks files that a crash may leave half-written; never read, and removed at the next start. */
const TEMPORARY = '.tmp';
const MAX_CORRUPT = 20;

/** Replaces a file so that after a crash at any point either the old or the new content is there, whole (R11). */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}${TEMPORARY}`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  try {
    const file = await open(temporary, flags, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Removes a file for good, also over a loss of power. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function removeTemporaries(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith(TEMPORARY)) rmSync(join(directory, name), { force: true });
  }
}

/** Throws for what is not a regular file (a FIFO would block), what is too large, and what cannot be read. */
export function readBounded(path: string, maxBytes: number): string {
  const stats = lstatSync(path);
  if (!stats.isFile()) throw new Error('is not a regular file');
  if (stats.size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
  return readFileSync(path, 'utf8');
}

/** Renames a damaged file to `*.corrupt-<n>`, for people to look at; the last one is overwritten when there are many. */
export function putAside(path: string): string {
  const taken = new Set(readdirSync(dirname(path)));
  const nameOf = (count: number) => `${path}.corrupt-${count}`;
  let count = 1;
  while (count < MAX_CORRUPT && taken.has(nameOf(count).slice(dirname(path).length + 1))) count += 1;
  renameSync(path, nameOf(count));
  return nameOf(count);
}
