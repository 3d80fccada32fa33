import { goText } from './go-text.ts';
import { isUnsafeKey } from './report.ts';
import { isNull, type MappingEntry, mappingTree, scalarTree, sequenceTree, type Tree } from './tree.ts';

/**
 * Where Compose takes a mapping or a list of `key=value`, the mapping. A list entry without `=` has the
 * value null. What is neither stays as it is: the schema says what is wrong with it.
 */
export function keyValuesToMapping(tree: Tree): Tree {
  if (tree.kind !== 'sequence') return tree;
  const entries = new Map<string, MappingEntry>();
  for (const item of tree.items) {
    if (item.kind !== 'scalar') return tree;
    const text = goText(item);
    const equals = text.indexOf('=');
    const key = equals === -1 ? text : text.slice(0, equals);
    if (isUnsafeKey(key)) return tree;
    const value = scalarTree(equals === -1 ? null : text.slice(equals + 1), item.at);
    entries.set(key, { keyAt: item.at, value: { ...value, tag: item.tag } });
  }
  return { ...mappingTree(entries, tree.at), tag: tree.tag };
}

/**
 * The same of variables. A list of which an entry has a space before its `=` stays as it is, since docker compose
 * refuses it; it takes such a name of a label, and of a variable in a mapping.
 */
export function variablesToMapping(tree: Tree): Tree {
  const mapping = keyValuesToMapping(tree);
  if (tree.kind !== 'sequence' || mapping.kind !== 'mapping') return mapping;
  return [...mapping.entries.keys()].some((name) => /\s$/.test(name)) ? tree : mapping;
}

/** A list of names as a mapping from each to a value made for it: `networks: [a]` is `networks: {a: null}`. */
export function namesToMapping(tree: Tree, valueFor: (item: Tree) => Tree): Tree {
  if (tree.kind !== 'sequence') return tree;
  const entries = new Map<string, MappingEntry>();
  for (const item of tree.items) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string' || isUnsafeKey(item.value)) return tree;
    entries.set(item.value, { keyAt: item.at, value: valueFor(item) });
  }
  return { ...mappingTree(entries, tree.at), tag: tree.tag };
}

/** Where Compose takes one text or a list of them, the list. */
export function toList(tree: Tree): Tree {
  if (tree.kind !== 'scalar' || tree.value === null) return tree;
  return { ...sequenceTree([{ ...tree, tag: undefined }], tree.at), tag: tree.tag };
}

/** Where Compose takes `host: address` or a list of `host=address`, the list. */
export function hostsToList(tree: Tree): Tree {
  if (tree.kind !== 'mapping') return tree;
  const items: Tree[] = [];
  for (const [host, { value }] of tree.entries) {
    const addresses = value.kind === 'sequence' ? value.items : [value];
    for (const address of addresses) {
      if (address.kind !== 'scalar') return tree;
      const text = isNull(address) ? host : `${host}=${goText(address)}`;
      items.push(scalarTree(text, address.at));
    }
  }
  return { ...sequenceTree(items, tree.at), tag: tree.tag };
}
