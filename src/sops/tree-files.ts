import { parseYaml } from '../compose/parse.ts';
import { toPlain } from '../compose/plain.ts';
import type { MappingTree, ScalarTree, Tree } from '../compose/tree.ts';
import type { Position } from '../model/problem.ts';
import type { Edit, ParsedSealed, SealedLeaf, Span } from './sealed-file.ts';
import { isSealedValue, type OpenedValue } from './value.ts';

const METADATA = 'sops';
const SEALED_COMMENT = /^([ \t]*#)[ \t]*ENC\[AES256_GCM,[^\n]*$/gm;

/**
 * YAML or JSON. Only the encrypted values and the `sops` block are replaced in the text, and no line goes away before
 * the last one that matters: what is said of the file later points to the right place.
 */
export function parseTreeFile(file: string, given: string): ParsedSealed {
  const isFlow = given.trimStart().startsWith('{');
  // The tabs of JSON stand where YAML forbids some, and are as long.
  const body = isFlow ? given.replaceAll('\t', ' ') : given;
  const { documents, problems } = parseYaml(file, body, { dates: 'text' });
  const [problem] = problems;
  if (problem !== undefined) {
    const at = problem.at ?? { file, line: 1, column: 1 };
    return { kind: 'broken', at, message: problem.message };
  }
  const [first] = documents;
  const metadata = first?.kind === 'mapping' ? first.entries.get(METADATA) : undefined;
  if (metadata === undefined) return { kind: 'plain' };
  const offsetOf = offsets(body);
  const leaves: SealedLeaf[] = [];
  const cuts: Edit[] = [];
  for (const document of documents) {
    if (document.kind !== 'mapping') continue;
    walk(document, { keys: [], path: [] }, { body, offsetOf, leaves });
    cuts.push(...cutsOf(document, { body, offsetOf, isFlow }));
  }
  for (const comment of body.matchAll(SEALED_COMMENT)) {
    const start = comment.index + (comment[1]?.length ?? 0);
    cuts.push({ start, end: comment.index + comment[0].length, by: '' });
  }
  const metadataAt = metadata.keyAt;
  const sealed = { body, leaves, metadata: toPlain(metadata.value), metadataAt, cuts, write };
  return { kind: 'sealed', file: sealed };
}

type OffsetOf = (at: Position) => number;

interface Place {
  readonly keys: readonly string[];
  readonly path: readonly (string | number)[];
}

interface Walk {
  readonly body: string;
  readonly offsetOf: OffsetOf;
  readonly leaves: SealedLeaf[];
}

function walk(tree: Tree, place: Place, into: Walk): void {
  const { keys, path } = place;
  switch (tree.kind) {
    case 'mapping':
      for (const [key, { value }] of tree.entries) {
        if (path.length === 0 && key === METADATA) continue;
        walk(value, { keys: [...keys, key], path: [...path, key] }, into);
      }
      return;
    case 'sequence':
      for (const [index, item] of tree.items.entries()) walk(item, { keys, path: [...path, index] }, into);
      return;
    case 'scalar':
      into.leaves.push(leafOf(tree, place, into));
  }
}

function leafOf(tree: ScalarTree, { keys, path }: Place, { body, offsetOf }: Walk): SealedLeaf {
  const { value, at } = tree;
  const text = typeof value === 'string' ? value : undefined;
  const isSealed = text !== undefined && isSealedValue(text);
  return { keys, path, at, text, clear: clearBytes(tree), span: isSealed ? spanOf(text) : undefined };

  /** Undefined when it is written in some other way than `sops` does. */
  function spanOf(sealed: string): Span | undefined {
    const start = offsetOf(at);
    const quote = /["']/.test(body.charAt(start)) ? body.charAt(start) : '';
    const written = `${quote}${sealed}${quote}`;
    return body.startsWith(written, start) ? { start, end: start + written.length } : undefined;
  }
}

/** What `sops` hashes of a value: Go's text of it. */
function clearBytes({ value }: ScalarTree): Buffer | undefined {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return Buffer.from(value ? 'True' : 'False');
  return Buffer.from(typeof value === 'number' ? withoutExponent(value) : String(value));
}

/** The shortest digits that mean the same, and never an exponent. */
function withoutExponent(value: number): string {
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

interface Layout {
  readonly body: string;
  readonly offsetOf: OffsetOf;
  readonly isFlow: boolean;
}

/** The part of a document that is its `sops` block. */
function cutsOf(document: MappingTree, layout: Layout): readonly Edit[] {
  const keys = [...document.entries.keys()];
  const index = keys.indexOf(METADATA);
  const entry = document.entries.get(METADATA);
  if (entry === undefined) return [];
  const next = document.entries.get(keys[index + 1] ?? '');
  const { body, offsetOf, isFlow } = layout;
  const start = offsetOf(entry.keyAt);
  const end = next === undefined ? undefined : offsetOf(next.keyAt);
  if (!isFlow) return [cutLines(body, start, end)];
  if (end !== undefined) return [{ start, end, by: breaksIn(body.slice(start, end)) }];
  const before = body.slice(0, start).trimEnd();
  const from = before.endsWith(',') ? before.length - 1 : before.length;
  return [{ start: from, end: endOfFlow(body, offsetOf(entry.value.at)), by: '' }];
}

function cutLines(body: string, key: number, next: number | undefined): Edit {
  const start = body.lastIndexOf('\n', key) + 1;
  if (next !== undefined) {
    const end = body.lastIndexOf('\n', next) + 1;
    return { start, end, by: breaksIn(body.slice(start, end)) };
  }
  const marker = /^(?:---|\.\.\.)/m.exec(body.slice(key));
  if (marker === null) return { start, end: body.length, by: '' };
  const end = key + marker.index;
  return { start, end, by: breaksIn(body.slice(start, end)) };
}

const breaksIn = (text: string): string => '\n'.repeat(text.split('\n').length - 1);

/** Behind the bracket that closes the one at `start`; both were found to be there when it was parsed. */
function endOfFlow(body: string, start: number): number {
  let depth = 0;
  for (let index = start; index < body.length; index += 1) {
    const character = body.charAt(index);
    if (character === '"') index = endOfString(body, index);
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return body.length;
}

function endOfString(body: string, start: number): number {
  let index = start + 1;
  while (index < body.length && body.charAt(index) !== '"') index += body.charAt(index) === '\\' ? 2 : 1;
  return index;
}

function offsets(body: string): OffsetOf {
  const marks = body.startsWith('\uFEFF') ? 1 : 0;
  const starts = [marks];
  for (let end = body.indexOf('\n'); end !== -1; end = body.indexOf('\n', end + 1)) starts.push(end + 1);
  return ({ line, column }) => (starts[line - 1] ?? body.length) + column - 1;
}

/** Texts in double quotes, which YAML reads as JSON does. */
function write({ type, bytes }: OpenedValue): string {
  const text = bytes.toString('utf8');
  if (type === 'bool') return text.toLowerCase();
  if (type === 'int' || type === 'float') return text;
  return JSON.stringify(text).replaceAll(/[\u007F-\u009F\uFEFF\uFFFE\uFFFF]/g, escaped);
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
