import { createHash } from 'node:crypto';

/** `sha256:...` over paths and texts, in the order of the paths; lengths keep neighbours apart. */
export function revisionOf(files: readonly { readonly path: string; readonly text: string }[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    hash.update(`${Buffer.byteLength(file.path)}:${Buffer.byteLength(file.text)}:${file.path}${file.text}`);
  }
  return `sha256:${hash.digest('hex')}`;
}
