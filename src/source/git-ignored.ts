import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ignore from 'ignore';
import type { Files } from '../model/files.ts';
import { ignoreFault } from './ignore-rules.ts';

/**
 * Whether Git would leave a file out: by the `.gitignore` of its directory and of those above it, up to the root of
 * the work tree. Outside of a work tree only the file beside it counts, which is there before the first commit.
 * What a user or a clone ignores on its own (`.git/info/exclude`) protects nobody else, and so does not count.
 */
export function isIgnoredByGit(path: string, files: Pick<Files, 'readText'>): boolean {
  return directoriesOf(path).some((directory, index, all) => {
    const read = files.readText(join(directory, '.gitignore'));
    if (!read.ok || ignoreFault(read.text) !== undefined) return false;
    const rules = ignore().add(read.text);
    const { ignored, unignored } = rules.test(relative(directory, path));
    // A file further down that takes it back wins.
    return ignored && !unignored && !all.slice(0, index).some((below) => takesBack(below, path, files));
  });
}

function takesBack(directory: string, path: string, files: Pick<Files, 'readText'>): boolean {
  const read = files.readText(join(directory, '.gitignore'));
  return (
    read.ok &&
    ignoreFault(read.text) === undefined &&
    ignore().add(read.text).test(relative(directory, path)).unignored
  );
}

/** From the file's own directory up to the root of its work tree. */
function directoriesOf(path: string): readonly string[] {
  const found: string[] = [];
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    found.push(directory);
    if (existsSync(join(directory, '.git'))) return found;
    if (directory === dirname(directory)) return found.slice(0, 1);
  }
}
