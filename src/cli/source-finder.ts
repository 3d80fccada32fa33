import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { ManifestSet } from './manifests.ts';
import type { FindSource } from './output/problems.ts';

const MAX_BYTES = 1024 * 1024;

/** Finds the files that problems point into: among what was sent, else on this host as far as we may read it. */
export function createSourceFinder(cwd: string, set?: ManifestSet): FindSource {
  const baseDirectory = set?.manifests.baseDirectory ?? cwd;
  const sent = new Map(
    set?.manifests.files.map((file) => [resolve(baseDirectory, file.relativePath), file.text]),
  );
  return (file) => {
    const path = resolve(baseDirectory, file);
    const text = sent.get(path);
    if (text !== undefined && set?.isStdin === true) return { shown: '<stdin>', text };
    return { shown: nearest(cwd, path), text: text ?? readIfSmall(path) };
  };
}

/** Relative where that is within the working directory, as compilers do; else the whole path. */
function nearest(cwd: string, path: string): string {
  const inside = relative(cwd, path);
  return inside.startsWith('..') || isAbsolute(inside) || inside === '' ? path : inside;
}

function readIfSmall(path: string): string | undefined {
  try {
    const there = statSync(path);
    return there.isFile() && there.size <= MAX_BYTES ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
