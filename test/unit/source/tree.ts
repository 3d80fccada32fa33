import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory that is gone at the end of the test. */
export function temporaryDirectory(onEnd: (clean: () => void) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-test-'));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/**
 * Runs `body` so that `path` may not be read. Permission bits do not hold root back, so as root the process
 * takes another effective user meanwhile; `parents` are opened to it first.
 */
export async function withoutPermission<T>(
  path: string,
  parents: readonly string[],
  body: () => Promise<T>,
): Promise<T> {
  for (const parent of parents) chmodSync(parent, 0o755);
  chmodSync(path, 0);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await body();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(path, 0o700);
  }
}
