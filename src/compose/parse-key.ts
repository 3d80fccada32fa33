import { isScalar, type Scalar } from 'yaml';
import { type FieldPath, formatFieldPath } from './field-path.ts';
import { isUnsafeKey } from './report.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';

/** A key of a mapping, or why it cannot be one. */
export type Key =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string };

/** Reads a key of the mapping at `path`. `aliased` is the text that it stands for when it is an alias. */
export function readKey(key: unknown, path: FieldPath, aliased: string | undefined): Key {
  const text = aliased ?? textOf(key);
  if (text === undefined) {
    const shown = isScalar(key) ? ` ${String(key.source ?? key.value)}` : '';
    const place = path.length === 0 ? 'the top level' : formatFieldPath(path);
    const message = `the key${shown} in ${place} is not a string`;
    return { ok: false, code: 'KeyNotText', message, hint: 'put it in quotes' };
  }
  if (hasNul(text)) return { ok: false, ...nulFault };
  if (isUnsafeKey(text)) {
    const message = `the key ${text} is not allowed`;
    return { ok: false, code: 'ReservedKey', message, hint: 'give it another name' };
  }
  return { ok: true, text };
}

/** YAML can write it, and no name, path, argument or variable of a process can hold it: there it would end the text. */
export function hasNul(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\0');
}

export const nulFault = {
  code: 'ControlCharacter',
  message: 'the character U+0000 is not allowed',
  hint: 'remove it, or mount a file with this content',
} as const;

function textOf(key: unknown): string | undefined {
  return isScalar(key) && typeof key.value === 'string' && isText(key) ? key.value : undefined;
}

function isText(key: Scalar): boolean {
  if (key.type !== 'PLAIN' || key.tag === 'tag:yaml.org,2002:str') return true;
  return resolvePlainScalar(String(key.value)).kind === 'string';
}
