import { sep } from 'node:path';

/** Whether a path is the root or below it. Both resolved: no links, no `..`. */
export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
