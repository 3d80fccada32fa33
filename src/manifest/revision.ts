import { createHash } from 'node:crypto';
import type { Tree } from '../compose/tree.ts';

/** `sha256:<hex>` over texts in their order; lengths keep neighbours apart. */
export function revisionOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return `sha256:${hash.digest('hex')}`;
}

/**
 * A document as text that does not depend on comments, layout, or the documents beside it. The order of
 * keys stays: Compose gives it a meaning in places.
 */
export function textOfTree(tree: Tree): string {
  const tag = tree.tag ?? '';
  switch (tree.kind) {
    case 'scalar':
      return `${tag}${tree.float === true ? 'float' : typeof tree.value}:${JSON.stringify(String(tree.value))}`;
    case 'sequence':
      return `${tag}[${tree.items.map(textOfTree).join(',')}]`;
    case 'mapping': {
      const entries = [...tree.entries].map(
        ([key, { value }]) => `${JSON.stringify(key)}:${textOfTree(value)}`,
      );
      return `${tag}{${entries.join(',')}}`;
    }
  }
}
