import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** As many links that lead nowhere may follow on each other: the kernel follows no more either. */
const MOST_LINKS = 40;

/**
 * A path without links, as far as it exists; the rest as it is written. Undefined when it cannot be seen: where
 * permissions forbid it or links go in a circle. A link that leads nowhere yet counts as where it leads.
 */
export function realPath(path: string, linksLeft = MOST_LINKS): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || linksLeft === 0) return undefined;
  }
  const directory = dirname(path);
  if (directory === path) return path;
  const parent = realPath(directory, linksLeft);
  if (parent === undefined) return undefined;
  const own = join(parent, basename(path));
  const target = linkTarget(own);
  return target === undefined ? own : realPath(resolve(parent, target), linksLeft - 1);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
