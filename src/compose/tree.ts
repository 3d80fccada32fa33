import type { Position } from '../model/problem.ts';

/**
 * A YAML document after parsing, with the place of every node. All phases until validation work on
 * trees, so that a problem found late can still point at its source, through include and extends.
 */
export type Tree = ScalarTree | SequenceTree | MappingTree;

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly value: string | number | bigint | boolean | null;
  readonly at: Position;
  readonly tag?: MergeTag | undefined;
  /** The number was written as a floating point number; as text it then looks different (`1e+06`). */
  readonly float?: true;
}
export interface SequenceTree {
  readonly kind: 'sequence';
  readonly items: readonly Tree[];
  readonly at: Position;
  readonly tag?: MergeTag | undefined;
}
export interface MappingTree {
  readonly kind: 'mapping';
  /** Insertion order is the document's; keys are unique. */
  readonly entries: ReadonlyMap<string, MappingEntry>;
  readonly at: Position;
  readonly tag?: MergeTag | undefined;
}
export interface MappingEntry {
  readonly keyAt: Position;
  readonly value: Tree;
}
/** Compose's own tags: take an attribute away, or replace instead of merge. */
export type MergeTag = '!reset' | '!override';

/** A scalar node. */
export function scalarTree(value: ScalarTree['value'], at: Position): ScalarTree {
  return { kind: 'scalar', value, at };
}

/** A sequence node. */
export function sequenceTree(items: readonly Tree[], at: Position): SequenceTree {
  return { kind: 'sequence', items, at };
}

/** A mapping node from ready entries. */
export function mappingTree(entries: ReadonlyMap<string, MappingEntry>, at: Position): MappingTree {
  return { kind: 'mapping', entries, at };
}

/** A mapping node whose keys stand where their values do; fields that are undefined are left out. */
export function mappingOf(fields: Readonly<Record<string, Tree | undefined>>, at: Position): MappingTree {
  const entries = new Map<string, MappingEntry>();
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) entries.set(key, { keyAt: value.at, value });
  }
  return mappingTree(entries, at);
}

/** The value under a key of a mapping; undefined when it is no mapping or has no such key. */
export function fieldOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === 'mapping' ? tree.entries.get(key)?.value : undefined;
}

/** The string under a key, when it is one. */
export function textField(tree: Tree | undefined, key: string): string | undefined {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}

/** The same mapping with one value set (`undefined` takes the key out). */
export function withField(tree: MappingTree, key: string, value: Tree | undefined): MappingTree {
  const entries = new Map(tree.entries);
  if (value === undefined) entries.delete(key);
  else entries.set(key, { keyAt: entries.get(key)?.keyAt ?? value.at, value });
  return { ...tree, entries };
}

/** The same mapping with every value passed through a function; the same object when nothing changed. */
export function mapValues(
  tree: MappingTree,
  change: (value: Tree, key: string, entry: MappingEntry) => Tree,
): MappingTree {
  let changed = false;
  const entries = new Map<string, MappingEntry>();
  for (const [key, entry] of tree.entries) {
    const value = change(entry.value, key, entry);
    changed ||= value !== entry.value;
    entries.set(key, value === entry.value ? entry : { keyAt: entry.keyAt, value });
  }
  return changed ? { ...tree, entries } : tree;
}

/** The same sequence with every item passed through a function; the same object when nothing changed. */
export function mapItems(tree: SequenceTree, change: (item: Tree, index: number) => Tree): SequenceTree {
  const items = tree.items.map(change);
  return items.every((item, index) => item === tree.items[index]) ? tree : { ...tree, items };
}

/** True for an explicit or empty null. */
export function isNull(tree: Tree | undefined): boolean {
  return tree?.kind === 'scalar' && tree.value === null;
}
