import type { MappingTree, SequenceTree, Tree } from './tree.ts';

/**
 * A tree as plain values. Mappings have no prototype, so that a key such as `toString` is found only when
 * somebody wrote it. Whole numbers too large for JavaScript become the largest safe ones: this is for
 * checking kinds, not for calculating.
 */
export function toPlain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return typeof tree.value === 'bigint' ? clamp(tree.value) : tree.value;
    case 'sequence':
      return plainList(tree);
    case 'mapping':
      return plainMap(tree);
  }
}

function plainList(tree: SequenceTree): unknown[] {
  return tree.items.map(toPlain);
}

function plainMap(tree: MappingTree): unknown {
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of tree.entries) plain[key] = toPlain(value);
  return plain;
}

function clamp(value: bigint): number {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  if (value > limit) return Number.MAX_SAFE_INTEGER;
  return value < -limit ? -Number.MAX_SAFE_INTEGER : Number(value);
}
