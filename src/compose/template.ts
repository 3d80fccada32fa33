/** What a variable's name means; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export type Substitution =
  | { readonly ok: true; readonly text: string; readonly unset: readonly string[] }
  | { readonly ok: false; readonly fault: 'invalid' }
  /** `message` is what the author of `${NAME:?message}` wrote. */
  | { readonly ok: false; readonly fault: 'missing'; readonly variable: string; readonly message: string };

/**
 * Fills in variables: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`,
 * `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, nested in each other; `$$` is a plain `$`. With
 * a colon, empty counts as unset. A `$` before anything else stays (Compose specification, chapter
 * Interpolation). Variables that are not set and have no default become empty and are listed.
 */
export function substitute(template: string, lookup: Lookup): Substitution {
  return fill(template, lookup, 0);
}

/** References may stand in each other's defaults; nobody needs more levels. */
const maxNesting = 32;

function fill(template: string, lookup: Lookup, depth: number): Substitution {
  if (!template.includes('$')) return { ok: true, text: template, unset: [] };
  if (depth > maxNesting) return { ok: false, fault: 'invalid' };
  const unset: string[] = [];
  let text = '';
  let offset = 0;
  for (let dollar = template.indexOf('$'); dollar !== -1; dollar = template.indexOf('$', offset)) {
    text += template.slice(offset, dollar);
    const found = readReference(template, dollar + 1);
    if (found === 'invalid') return { ok: false, fault: 'invalid' };
    offset = found.end;
    const value =
      'text' in found ? { ok: true as const, text: found.text, unset: [] } : evaluate(found, lookup, depth);
    if (!value.ok) return value;
    text += value.text;
    unset.push(...value.unset);
  }
  return { ok: true, text: text + template.slice(offset), unset };
}

/** One reference to a variable in a text. */
export interface Reference {
  readonly name: string;
  /** `:-`, `-`, `:?`, `?`, `:+`, `+`, or nothing. */
  readonly operator: string;
  readonly operand: string;
  /** Where the text goes on after it. */
  readonly end: number;
}

/** Every reference in a text, those in others' defaults too; none where the text is no valid template. */
export function referencesIn(template: string): readonly Reference[] {
  return collect(template, 0) ?? [];
}

function collect(template: string, depth: number): Reference[] | undefined {
  if (depth > maxNesting) return undefined;
  const references: Reference[] = [];
  let offset = 0;
  for (let dollar = template.indexOf('$'); dollar !== -1; dollar = template.indexOf('$', offset)) {
    const found = readReference(template, dollar + 1);
    if (found === 'invalid') return undefined;
    offset = found.end;
    if ('text' in found) continue;
    const nested = collect(found.operand, depth + 1);
    if (nested === undefined) return undefined;
    references.push(found, ...nested);
  }
  return references;
}

const namePattern = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const bracedPattern = /^([_a-zA-Z][_a-zA-Z0-9]*)(?:(:?[-+?])([^\n]*))?$/;

function readReference(
  template: string,
  start: number,
): Reference | { readonly text: string; readonly end: number } | 'invalid' {
  const next = template[start];
  if (next === '$') return { text: '$', end: start + 1 };
  if (next === '{') {
    const close = closingBrace(template, start);
    if (close === -1) return 'invalid';
    const match = bracedPattern.exec(template.slice(start + 1, close));
    if (match === null) return 'invalid';
    return { name: match[1] ?? '', operator: match[2] ?? '', operand: match[3] ?? '', end: close + 1 };
  }
  namePattern.lastIndex = start;
  const name = namePattern.exec(template)?.[0];
  if (name === undefined) return { text: '$', end: start };
  return { name, operator: '', operand: '', end: start + name.length };
}

/** Braces inside count, whoever they belong to: `${UNSET:-{"a":1}}`. */
function closingBrace(template: string, open: number): number {
  let depth = 0;
  for (let index = open; index < template.length; index += 1) {
    if (template[index] === '{') depth += 1;
    else if (template[index] === '}') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

function evaluate(reference: Reference, lookup: Lookup, depth: number): Substitution {
  const { name, operator, operand } = reference;
  const value = lookup(name);
  const present = value !== undefined && !(operator.startsWith(':') && value === '');
  const plain = { ok: true, text: value ?? '', unset: [] } as const;
  switch (operator.at(-1)) {
    case '-':
      return present ? plain : fill(operand, lookup, depth + 1);
    case '+':
      return present ? fill(operand, lookup, depth + 1) : plain;
    case '?': {
      if (present) return plain;
      const message = fill(operand, lookup, depth + 1);
      return message.ok ? { ok: false, fault: 'missing', variable: name, message: message.text } : message;
    }
    default:
      return value === undefined ? { ok: true, text: '', unset: [name] } : plain;
  }
}
