import type { Problem } from '../model/problem.ts';
import { substitutionProblem } from './interpolate.ts';
import { hasNul, nulFault } from './parse-key.ts';
import { errorAt, isUnsafeKey } from './report.ts';
import { type Lookup, substitute } from './template.ts';

export interface DotenvResult {
  readonly variables: ReadonlyMap<string, string>;
  /** Which variables the value of a variable was made from, where it was from any. */
  readonly madeFrom: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

/**
 * Reads `.env` and `env_file` text: `KEY=value`, `KEY: value`, `export KEY=value`, `KEY` alone (taken
 * from `lookup`, left out when unset there). Unquoted and double-quoted values are interpolated from
 * `lookup` first, then from earlier lines; single-quoted ones are literal; quoted ones may span lines.
 * Stops at the first fault, which is reported with its line; values never appear in problems.
 */
export function parseDotenv(
  file: string,
  text: string,
  lookup: Lookup,
  earlier: ReadonlyMap<string, string> = new Map(),
): DotenvResult {
  const variables = new Map(earlier);
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const madeFrom = new Map<string, readonly string[]>();
  const known: Lookup = (name) => lookup(name) ?? variables.get(name);
  const reader: Reader = { file, source, variables, madeFrom, lookup: known };
  let offset = startOfStatement(source, 0);
  while (offset < source.length) {
    const next = readStatement(reader, offset, lookup);
    if (typeof next !== 'number') return { variables, madeFrom, problems: [next] };
    offset = startOfStatement(source, next);
  }
  return { variables, madeFrom, problems: [] };
}

/**
 * Reads an `env_file` of `format: raw`: `KEY=value` a line, nothing in the value has a meaning; `KEY`
 * alone is taken from `lookup`; lines that start with `#` and blank ones are skipped.
 */
export function parseRawEnv(
  file: string,
  text: string,
  lookup: Lookup,
  earlier: ReadonlyMap<string, string> = new Map(),
): DotenvResult {
  const variables = new Map(earlier);
  const problems: Problem[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const equals = trimmed.indexOf('=');
    const key = equals === -1 ? trimmed : trimmed.slice(0, equals);
    const value = equals === -1 ? lookup(key) : trimmed.slice(equals + 1);
    if (key === '' || /\s/.test(key) || isUnsafeKey(key)) {
      problems.push(invalidKey(file, index + 1, 1));
    } else if (value !== undefined) {
      variables.set(key, value);
    }
  }
  return { variables, madeFrom: new Map(), problems };
}

interface Reader {
  readonly file: string;
  readonly source: string;
  readonly variables: Map<string, string>;
  readonly madeFrom: Map<string, readonly string[]>;
  readonly lookup: Lookup;
}

/** Skips blank lines and comments. */
function startOfStatement(source: string, from: number): number {
  let offset = from;
  while (offset < source.length) {
    const character = source.charAt(offset);
    if (character === '#') {
      const end = source.indexOf('\n', offset);
      offset = end === -1 ? source.length : end;
    } else if (/\s/.test(character)) {
      offset += 1;
    } else {
      break;
    }
  }
  return offset;
}

// One blank after `export` is enough to know it, and the key is trimmed: two runs of blanks would take quadratic time.
const statement = /(?:export[^\S\n])?([\p{L}\p{N}_.\-[\] \t\v\f\r]*)([=:\n]|$)[^\S\n]*/uy;

/** Reads one assignment and returns where the next may start. */
function readStatement(reader: Reader, start: number, inherited: Lookup): number | Problem {
  statement.lastIndex = start;
  const match = statement.exec(reader.source);
  const key = match?.[1]?.trim() ?? '';
  if (match === null || key === '' || key.includes(' ') || isUnsafeKey(key)) {
    const { line, column } = placeOf(reader.source, start);
    return invalidKey(reader.file, line, column);
  }
  const after = statement.lastIndex;
  if (match[2] === '\n' || match[2] === '') {
    const value = inherited(key);
    if (value !== undefined) reader.variables.set(key, value);
    return start + match[0].trimEnd().length;
  }
  const quote = reader.source.charAt(after);
  if (quote === '"' || quote === "'") return readQuoted(reader, key, quote, after);
  const newline = reader.source.indexOf('\n', after);
  const end = newline === -1 ? reader.source.length : newline;
  const line = reader.source.slice(after, end);
  const comment = line.indexOf(' #');
  const value = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
  return assign(reader, key, value, true, after) ?? end;
}

function readQuoted(reader: Reader, key: string, quote: string, open: number): number | Problem {
  let value = '';
  for (let index = open + 1; index < reader.source.length; index += 1) {
    const character = reader.source.charAt(index);
    if (character === quote) {
      const doubled = quote === '"';
      return assign(reader, key, doubled ? withoutEscapes(value) : value, doubled, open) ?? index + 1;
    }
    if (character === '\\' && index + 1 < reader.source.length) {
      index += 1;
      const escaped = reader.source.charAt(index);
      value += escaped === quote ? escaped : `\\${escaped}`;
    } else {
      value += character;
    }
  }
  const { line, column } = placeOf(reader.source, open);
  return errorAt('InvalidEnvFile', `the quote of ${key} is not closed`, {
    at: { file: reader.file, line, column },
  });
}

function assign(
  reader: Reader,
  key: string,
  value: string,
  expand: boolean,
  at: number,
): Problem | undefined {
  const used: string[] = [];
  const lookup: Lookup = (name) => {
    used.push(name);
    return reader.lookup(name);
  };
  const result = expand ? substitute(value, lookup) : { ok: true as const, text: value };
  if (result.ok && hasNul(result.text)) {
    const place = { file: reader.file, ...placeOf(reader.source, at) };
    return errorAt(nulFault.code, nulFault.message, { path: [key], at: place, hint: nulFault.hint });
  }
  if (result.ok) {
    reader.variables.set(key, result.text);
    if (used.length > 0) reader.madeFrom.set(key, used);
    return undefined;
  }
  return substitutionProblem(result, [key], { file: reader.file, ...placeOf(reader.source, at) });
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  // Interpolation, which comes next, makes it a plain dollar.
  $: '$$',
};

function withoutEscapes(text: string): string {
  return text.replace(/\\(?:([abfnrtv$"\\])|0([0-7]{3}))/g, (whole, letter?: string, octal?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return letter === undefined ? whole : (escapes[letter] ?? whole);
  });
}

function invalidKey(file: string, line: number, column: number): Problem {
  return errorAt('InvalidEnvFile', 'this line is no assignment', {
    at: { file, line, column },
    hint: 'write KEY=value; a key has letters, digits and _ . - [ ] only',
  });
}

function placeOf(source: string, offset: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
