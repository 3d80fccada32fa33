import type { z } from 'zod';
import type { Position, Problem } from '../model/problem.ts';
import type { FieldPath } from './field-path.ts';
import { toPlain } from './plain.ts';
import { errorAt } from './report.ts';
import { findSchemaFaults, type SchemaFault } from './schema-faults.ts';
import { nearestName } from './spelling.ts';
import type { Tree } from './tree.ts';

/**
 * Every way in which a tree differs from a schema, each with its place and a hint; [] when it fits. A file
 * that is wrong throughout gets the first hundred, as finding hints takes time.
 */
export function checkTree(tree: Tree, schema: z.ZodType): Problem[] {
  const faults = findSchemaFaults(schema, toPlain(tree));
  const problems = faults.slice(0, MOST_PROBLEMS).map((fault) => problemOf(fault, tree));
  if (faults.length <= MOST_PROBLEMS) return problems;
  const more = `${faults.length - MOST_PROBLEMS} more problems of this kind are not shown`;
  return [...problems, errorAt('TooManyProblems', more, { at: tree.at, hint: 'correct the others first' })];
}
const MOST_PROBLEMS = 100;
/** Docker compose 5 knows it, and the one whose files we take (2.40) refuses it. */
const PRE_START_HINT =
  'x-stackctl.preStart takes the same commands, and leaves the file one of docker compose 2.40';

function problemOf(fault: SchemaFault, tree: Tree): Problem {
  const { path } = fault;
  const node = lookUp(tree, path);
  switch (fault.kind) {
    case 'unknown-field':
      return errorAt('UnknownField', `unknown field "${shorten(fault.key)}"`, {
        path,
        at: positionOfKey(tree, path),
        hint: fault.key === 'pre_start' ? PRE_START_HINT : hintForUnknown(fault.key, fault.known),
      });
    case 'bad-key':
      return errorAt('InvalidValue', `invalid name ${JSON.stringify(shorten(String(path.at(-1))))}`, {
        path,
        at: positionOfKey(tree, path),
        hint: `expected ${fault.expected}`,
      });
    case 'wrong-type':
      if (node === undefined) return missingField(path, tree);
      return errorAt('WrongType', `expected ${fault.expected}, got ${nameKind(node)}`, {
        path,
        at: node.at,
        hint: hintForType(fault.expected, node),
      });
    case 'not-allowed':
      if (node === undefined) return missingField(path, tree);
      return errorAt('InvalidValue', `expected ${oneOf(fault.allowed)}${gotOther(node)}`, {
        path,
        at: node.at,
        hint: hintForValue(node, fault.allowed),
      });
    case 'bad-value':
      return errorAt('InvalidValue', `expected ${fault.expected}`, {
        path,
        at: nearestPosition(tree, path),
        hint: `write ${fault.expected}`,
      });
  }
}

function missingField(path: FieldPath, tree: Tree): Problem {
  const name = String(path.at(-1));
  return errorAt('MissingField', `missing field "${name}"`, {
    path,
    at: nearestPosition(tree, path),
    hint: `add "${name}"`,
  });
}

/** A key may be as long as a file. */
function shorten(key: string): string {
  return key.length <= LONGEST_NAME ? key : `${key.slice(0, LONGEST_NAME)}...`;
}
const LONGEST_NAME = 80;

function hintForUnknown(key: string, known: readonly string[]): string {
  const meant = nearestName(shorten(key), known);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  const note = `remove it, or name it "x-${shorten(key)}" to keep it as a note`;
  return known.length <= MOST_FIELDS_LISTED ? `known fields: ${known.join(', ')}` : note;
}
const MOST_FIELDS_LISTED = 15;

function hintForType(expected: string, node: Tree): string {
  if (node.kind === 'scalar' && node.value === null) return 'give it a value, or remove the field';
  if (node.kind === 'scalar' && typeof node.value === 'number' && expected.startsWith('a duration')) {
    return `write the unit: "${node.value}s"`;
  }
  if (node.kind === 'scalar' && node.value !== null && expected === 'a string') return 'put it in quotes';
  if (node.kind === 'scalar' && expected.startsWith('a list'))
    return 'write "- " before it, on a line of its own';
  return `write ${expected}`;
}

function hintForValue(node: Tree, allowed: readonly string[]): string {
  const meant = node.kind === 'scalar' ? nearestName(shorten(String(node.value)), allowed) : undefined;
  return meant === undefined
    ? allowed.length === 1
      ? `write "${allowed[0]}"`
      : 'use one of them'
    : `did you mean "${meant}"?`;
}

function oneOf(allowed: readonly string[]): string {
  return allowed.length === 1 ? `"${allowed[0]}"` : `one of ${allowed.join(', ')}`;
}

function gotOther(node: Tree): string {
  return node.kind === 'scalar' && typeof node.value === 'string' ? '' : `, got ${nameKind(node)}`;
}

/** The kind of a node in users' words; never its value, which may be secret. */
export function nameKind(node: Tree): string {
  if (node.kind === 'sequence') return 'a list';
  if (node.kind === 'mapping') return 'a map';
  if (node.value === null) return 'nothing';
  switch (typeof node.value) {
    case 'string':
      return 'a string';
    case 'boolean':
      return String(node.value);
    default:
      return 'a number';
  }
}

function step(tree: Tree, part: string | number): Tree | undefined {
  if (tree.kind === 'mapping') return tree.entries.get(String(part))?.value;
  return tree.kind === 'sequence' && typeof part === 'number' ? tree.items[part] : undefined;
}

/** The node at a path; undefined when there is none. */
export function lookUp(tree: Tree, path: FieldPath): Tree | undefined {
  let node: Tree | undefined = tree;
  for (const part of path) node = node === undefined ? undefined : step(node, part);
  return node;
}

/** Where the node at a path stands, or the nearest of its parents that exists. */
export function nearestPosition(tree: Tree, path: FieldPath): Position {
  let node = tree;
  for (const part of path) {
    const next = step(node, part);
    if (next === undefined) break;
    node = next;
  }
  return node.at;
}

function positionOfKey(tree: Tree, path: FieldPath): Position {
  const parent = lookUp(tree, path.slice(0, -1));
  const entry = parent?.kind === 'mapping' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyAt ?? nearestPosition(tree, path);
}
