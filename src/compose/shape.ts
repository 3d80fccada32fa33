import type { Position } from '../model/problem.ts';
import { type FieldPath, formatFieldPath } from './field-path.ts';
import { goText, shortestFloat32 } from './go-text.ts';
import { errorAt, type Report } from './report.ts';
import type { ScalarTree, Tree } from './tree.ts';
import { formatDuration, parseBytes, parseDurationNs } from './units.ts';

/**
 * How a tree becomes plain JSON: a shape reads one node and gives its value, or undefined when the field
 * is to be left out. Like docker compose's JSON, empty texts, zeros, false and empty lists are left out,
 * except where a field tells unset from zero.
 */
export type Shape = (tree: Tree, path: FieldPath, reading: Reading) => unknown;

export interface Reading {
  readonly report: Report;
  /** Filled while reading: where each field of the result came from. */
  readonly positions: Map<string, Position>;
}

/** Reads a node and remembers where it stands. */
export function read(shape: Shape, tree: Tree, path: FieldPath, reading: Reading): unknown {
  reading.positions.set(formatFieldPath(path), tree.at);
  if (tree.kind === 'scalar' && tree.value === null && !nullable.has(shape)) return undefined;
  return shape(tree, path, reading);
}

/**
 * A mapping with known fields, in the order in which they are given here (docker compose's hash of a service
 * is over text, where order counts); `x-*` and unknown ones are left out (the schema reports the latter). `defaults` are the
 * values of fields that docker compose prints even when they are unset.
 */
export function object(
  fields: Readonly<Record<string, Shape>>,
  defaults: Readonly<Record<string, unknown>> = {},
): Shape {
  const shapes = new Map(Object.entries(fields));
  return (tree, path, reading) => {
    if (tree.kind !== 'mapping') return mistyped(tree, path, reading, 'a mapping');
    const values = new Map(Object.entries(defaults));
    for (const [key, entry] of tree.entries) {
      const shape = shapes.get(key);
      const value = shape === undefined ? undefined : read(shape, entry.value, [...path, key], reading);
      if (value !== undefined) values.set(key, value);
    }
    return pick(shapes.keys(), values);
  };
}

/** Those of the values that are set, in the order of the keys. */
function pick(keys: Iterable<string>, values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const entries = [...keys].map((key) => [key, values.get(key)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A list; left out when empty. */
export function list(item: Shape): Shape {
  return (tree, path, reading) => {
    if (tree.kind !== 'sequence') return mistyped(tree, path, reading, 'a list');
    const values = tree.items
      .map((entry, index) => read(item, entry, [...path, index], reading))
      .filter((value) => value !== undefined);
    return values.length === 0 ? undefined : values;
  };
}

/** A mapping with any keys, sorted; left out when empty. Null values are left to the value's shape. */
export function dictionary(value: Shape): Shape {
  return (tree, path, reading) => {
    if (tree.kind !== 'mapping') return mistyped(tree, path, reading, 'a mapping');
    const values = new Map<string, unknown>();
    for (const [key, entry] of tree.entries) {
      values.set(key, read(value, entry.value, [...path, key], reading));
    }
    const found = pick([...values.keys()].sort(), values);
    return Object.keys(found).length === 0 ? undefined : found;
  };
}

/** A text; numbers and booleans become their text. Left out when empty. */
export const text: Shape = (tree, path, reading) => {
  if (tree.kind !== 'scalar') return mistyped(tree, path, reading, 'a text');
  const value = goText(tree);
  return value === '' ? undefined : value;
};

/** A text that may be empty, as in a list or under a key of the user's; null is empty. */
export const anyText: Shape = (tree, path, reading) =>
  tree.kind === 'scalar' ? goText(tree) : mistyped(tree, path, reading, 'a text');

/** A text, or null for "not given". */
export const textOrNull: Shape = (tree, path, reading) =>
  tree.kind === 'scalar' && tree.value === null ? null : anyText(tree, path, reading);

/** true, or left out. */
export const flag: Shape = (tree, path, reading) => optionalFlag(tree, path, reading) || undefined;

/** true or false: unset means something else. */
export const optionalFlag: Shape = (tree, path, reading) =>
  tree.kind === 'scalar' && typeof tree.value === 'boolean'
    ? tree.value
    : mistyped(tree, path, reading, 'true or false');

/** A whole number; left out when zero. */
export const integer: Shape = (tree, path, reading) => optionalInteger(tree, path, reading) || undefined;

/** A whole number: unset means something else than zero. */
export const optionalInteger: Shape = (tree, path, reading) => {
  const value = numberOf(tree);
  return value !== undefined && Number.isSafeInteger(value)
    ? value
    : mistyped(tree, path, reading, 'a whole number');
};

/** A number with 32 bits; left out when zero. */
export const float: Shape = (tree, path, reading) => {
  const value = numberOf(tree);
  return value === undefined
    ? mistyped(tree, path, reading, 'a number')
    : shortestFloat32(value) || undefined;
};

/** A size in bytes, as a decimal text; left out when zero. Only a number may be negative: -1 is no limit. */
export const bytes: Shape = (tree, path, reading) => {
  const size = tree.kind === 'scalar' ? sizeOf(tree) : undefined;
  if (size === undefined) {
    return mistyped(tree, path, reading, 'a size in bytes', 'write a number with b, k, m or g: 512m');
  }
  return size === 0 ? undefined : String(size);
};

function sizeOf({ value }: ScalarTree): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  const size = typeof value === 'string' ? parseBytes(value) : undefined;
  return size !== undefined && size < 0 ? undefined : size;
}

/** A duration, as Go prints it. */
export const duration: Shape = (tree, path, reading) => {
  const durationNs = tree.kind === 'scalar' ? parseDurationNs(goText(tree)) : undefined;
  return durationNs === undefined
    ? mistyped(tree, path, reading, 'a duration', 'write a number with its unit: 30s, 1m30s')
    : formatDuration(durationNs);
};

/** Anything, as plain JSON. */
export const anything: Shape = (tree) => toJson(tree);

/** A tree as plain JSON; integers beyond 2^53 become their text. */
export function toJson(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return typeof tree.value === 'bigint' ? tree.value.toString() : tree.value;
    case 'sequence':
      return tree.items.map(toJson);
    case 'mapping':
      return Object.fromEntries(
        [...tree.entries].map(([key, { value }]) => [key, toJson(value)] as const).sort(byKey),
      );
  }
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** A shape that also wants to see nulls. */
export function withNull(shape: Shape): Shape {
  const own: Shape = (tree, path, reading) => shape(tree, path, reading);
  nullable.add(own);
  return own;
}

/** Shapes for which null is a value of its own. */
const nullable = new WeakSet<Shape>([anyText, textOrNull, anything]);

/** Reports a wrong value; the field is left out. */
export function mistyped(
  tree: Tree,
  path: FieldPath,
  reading: Reading,
  expected: string,
  hint?: string,
): undefined {
  const more = hint === undefined ? {} : { hint };
  reading.report(errorAt('InvalidValue', `this must be ${expected}`, { path, at: tree.at, ...more }));
}

function numberOf(tree: Tree): number | undefined {
  if (tree.kind !== 'scalar') return undefined;
  if (typeof tree.value === 'number' || typeof tree.value === 'bigint') return Number(tree.value);
  const isNumber = typeof tree.value === 'string' && /^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$/.test(tree.value);
  return isNumber ? Number(tree.value) : undefined;
}
