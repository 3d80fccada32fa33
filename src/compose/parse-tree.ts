import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Position, Problem } from '../model/problem.ts';
import type { FieldPath } from './field-path.ts';
import { hasNul, nulFault, readKey } from './parse-key.ts';
import { errorAt } from './report.ts';
import {
  type MappingEntry,
  type MergeTag,
  mappingTree,
  type ScalarTree,
  scalarTree,
  type Tree,
} from './tree.ts';
import { mergedInto } from './yaml-merge-key.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';

/** Walks one parsed document and makes the tree; a document that breaks a limit has no tree. */
export function buildTree(
  contents: ParsedNode,
  positionOf: (offset: number) => Position,
  limits: Limits,
): { readonly tree?: Tree; readonly problems: readonly Problem[] } {
  const walk: Walk = { positionOf, limits, problems: [], anchors: new Map(), nodes: 0, stopped: false };
  const tree = visit(contents, walk, []);
  const failed = walk.problems.some((problem) => problem.severity === 'error');
  return failed ? { problems: walk.problems } : { tree, problems: walk.problems };
}

/** What an anchor names: a finished tree and its size, or a node that is still being read. */
type Anchor = { readonly tree: Tree; readonly nodes: number; readonly depth: number } | 'open';

interface Limits {
  readonly nodes: number;
  readonly depth: number;
  /** Compose takes no dates; other documents do. */
  readonly dates?: 'refused' | 'text' | undefined;
}

interface Walk {
  readonly positionOf: (offset: number) => Position;
  readonly limits: Limits;
  readonly problems: Problem[];
  /** As read so far: YAML lets a later anchor take over a name. */
  readonly anchors: Map<string, Anchor>;
  /** Counts every node of the expanded document. */
  nodes: number;
  stopped: boolean;
}

function visit(node: unknown, walk: Walk, path: FieldPath): Tree {
  const at = positionIn(node, walk);
  if (walk.stopped) return scalarTree(null, at);
  if (isAlias(node)) return expandAlias(node.source, at, walk, path);
  const before = walk.nodes;
  count(1, path.length, at, walk);
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
  if (anchor !== undefined) walk.anchors.set(anchor, 'open');
  const tree = visitContent(node, at, walk, path);
  if (anchor !== undefined) {
    walk.anchors.set(anchor, { tree, nodes: walk.nodes - before, depth: depthOfTree(tree) });
  }
  return tree;
}

function visitContent(node: unknown, at: Position, walk: Walk, path: FieldPath): Tree {
  if (isMap(node)) return visitMap(node, at, walk, path);
  if (isSeq(node)) return visitSequence(node, at, walk, path);
  if (isScalar(node)) return visitScalar(node, at, walk, path);
  return scalarTree(null, at);
}

function visitSequence(node: YAMLSeq, at: Position, walk: Walk, path: FieldPath): Tree {
  const items = node.items.map((item, index) => visit(item, walk, [...path, index]));
  return { kind: 'sequence', items, at, tag: mergeTagOf(node.tag) };
}

function visitMap(node: YAMLMap, at: Position, walk: Walk, path: FieldPath): Tree {
  const entries = new Map<string, MappingEntry>();
  let merged: Tree | undefined;
  const seen = new Map<string, Position>();
  for (const pair of node.items) {
    const keyAt = positionIn(pair.key, walk);
    const key = keyOf(pair, keyAt, walk, path);
    if (key === undefined || isDuplicate(key, keyAt, seen, walk, path)) continue;
    const isMerge = key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN';
    const value = visit(pair.value, walk, isMerge ? path : [...path, key]);
    if (isMerge) merged = value;
    else entries.set(key, { keyAt, value: isNode(pair.value) ? value : { ...value, at: keyAt } });
  }
  const own = { ...mappingTree(entries, at), tag: mergeTagOf(node.tag) };
  return merged === undefined ? own : mergedInto(own, merged, (problem) => walk.problems.push(problem), path);
}

function keyOf({ key }: Pair, at: Position, walk: Walk, path: FieldPath): string | undefined {
  const read = readKey(key, path, isAlias(key) ? textOfAlias(key.source, walk) : undefined);
  if (read.ok) return read.text;
  walk.problems.push(errorAt(read.code, read.message, { path, at, hint: read.hint }));
  return undefined;
}

function textOfAlias(name: string, walk: Walk): string | undefined {
  const anchor = walk.anchors.get(name);
  if (anchor === undefined || anchor === 'open' || anchor.tree.kind !== 'scalar') return undefined;
  return typeof anchor.tree.value === 'string' ? anchor.tree.value : undefined;
}

function isDuplicate(
  key: string,
  at: Position,
  seen: Map<string, Position>,
  walk: Walk,
  path: FieldPath,
): boolean {
  const first = seen.get(key);
  if (first === undefined) {
    seen.set(key, at);
    return false;
  }
  walk.problems.push(
    errorAt('DuplicateKey', `the key ${key} is already defined at line ${first.line}`, {
      path: [...path, key],
      at,
      hint: 'keep one of the two',
    }),
  );
  return true;
}

function visitScalar(node: Scalar, at: Position, walk: Walk, path: FieldPath): ScalarTree {
  const scalar = scalarOf(node, at, walk, path);
  if (hasNul(scalar.value)) {
    walk.problems.push(errorAt(nulFault.code, nulFault.message, { path, at, hint: nulFault.hint }));
  }
  return scalar;
}

function scalarOf(node: Scalar, at: Position, walk: Walk, path: FieldPath): ScalarTree {
  const text = typeof node.value === 'string' ? node.value : String(node.source ?? '');
  const tag = mergeTagOf(node.tag);
  if (tag !== undefined) return { ...plainTree(text, node, at, walk, path), tag };
  const type = node.tag?.replace(/^tag:yaml\.org,2002:/, '');
  if (type === undefined || node.tag === '!' || standardTypes.has(type)) {
    if (type === 'str' || node.tag === '!') return scalarTree(text, at);
    if (type === 'binary') return scalarTree(Buffer.from(text, 'base64').toString('utf8'), at);
    return plainTree(text, type === undefined ? node : { type: 'PLAIN' }, at, walk, path);
  }
  walk.problems.push(
    errorAt('UnknownTag', `the YAML tag ${node.tag} is not known`, {
      path,
      at,
      hint: 'Compose knows !reset and !override',
    }),
  );
  return scalarTree(text, at);
}

const standardTypes: ReadonlySet<string> = new Set(['str', 'int', 'float', 'bool', 'null', 'binary']);

function plainTree(
  text: string,
  node: { readonly type?: Scalar['type'] },
  at: Position,
  walk: Walk,
  path: FieldPath,
): ScalarTree {
  if (node.type !== 'PLAIN' && node.type !== undefined) return scalarTree(text, at);
  const resolved = resolvePlainScalar(text);
  switch (resolved.kind) {
    case 'string':
      return scalarTree(text, at);
    case 'null':
      return scalarTree(null, at);
    case 'boolean':
    case 'integer':
      return scalarTree(resolved.value, at);
    case 'float':
      return { ...scalarTree(resolved.value, at), float: true };
    case 'timestamp':
      if (
        walk.limits.dates !== 'text' &&
        !path.some((part) => typeof part === 'string' && part.startsWith('x-'))
      ) {
        walk.problems.push(
          errorAt('TimestampNotText', 'a date stands here, and Compose takes none', {
            path,
            at,
            hint: 'put it in quotes',
          }),
        );
      }
      return scalarTree(text, at);
  }
}

function expandAlias(name: string, at: Position, walk: Walk, path: FieldPath): Tree {
  const anchor = walk.anchors.get(name);
  if (anchor === undefined) {
    walk.problems.push(
      errorAt('UnknownAlias', `no anchor &${name} stands before this alias`, {
        path,
        at,
        hint: 'an anchor must come before its alias, in the same document',
      }),
    );
  } else if (anchor === 'open') {
    walk.problems.push(
      errorAt('CyclicAlias', `the alias *${name} stands inside what it names`, {
        path,
        at,
        hint: 'write the value out instead of the alias',
      }),
    );
  } else {
    count(anchor.nodes, path.length + anchor.depth, at, walk);
    return anchor.tree;
  }
  return scalarTree(null, at);
}

function count(nodes: number, depth: number, at: Position, walk: Walk): void {
  walk.nodes += nodes;
  if (walk.stopped) return;
  if (walk.nodes > walk.limits.nodes) {
    walk.problems.push(
      errorAt(
        'TooManyNodes',
        `the document has more than ${walk.limits.nodes} values once its aliases are expanded`,
        { at, hint: 'use fewer aliases, or split the file' },
      ),
    );
    walk.stopped = true;
  } else if (depth > walk.limits.depth) {
    walk.problems.push(
      errorAt('NestedTooDeeply', `mappings and lists are nested more than ${walk.limits.depth} deep`, {
        at,
        hint: 'make it flatter',
      }),
    );
    walk.stopped = true;
  }
}

function depthOfTree(tree: Tree): number {
  if (tree.kind === 'scalar') return 0;
  const children =
    tree.kind === 'sequence' ? tree.items : [...tree.entries.values()].map((entry) => entry.value);
  return 1 + children.reduce((deepest, child) => Math.max(deepest, depthOfTree(child)), 0);
}

function mergeTagOf(tag: string | undefined): MergeTag | undefined {
  return tag === '!reset' || tag === '!override' ? tag : undefined;
}

function positionIn(node: unknown, walk: Walk): Position {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
  return walk.positionOf(range?.[0] ?? 0);
}
