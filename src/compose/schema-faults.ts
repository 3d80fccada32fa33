import type { z } from 'zod';
import type { FieldPath } from './field-path.ts';

/** What is wrong with a value according to a schema, before it is put in words. */
export type SchemaFault =
  | {
      readonly kind: 'unknown-field';
      readonly path: FieldPath;
      readonly key: string;
      readonly known: readonly string[];
    }
  | { readonly kind: 'wrong-type'; readonly path: FieldPath; readonly expected: string }
  | { readonly kind: 'not-allowed'; readonly path: FieldPath; readonly allowed: readonly string[] }
  | { readonly kind: 'bad-key'; readonly path: FieldPath; readonly expected: string }
  | { readonly kind: 'bad-value'; readonly path: FieldPath; readonly expected: string };

/**
 * All faults of a value. Where a schema allows several forms, the faults are those of the form that was
 * most likely meant, and `x-*` fields are no faults in any mapping (Compose specification, "Extensions").
 */
export function findSchemaFaults(schema: z.ZodType, value: unknown): readonly SchemaFault[] {
  const result = schema.safeParse(value, { error: factsOfIssue });
  return result.success ? [] : result.error.issues.flatMap((issue) => faultsOfIssue(issue, []));
}

/**
 * Issues cannot carry data of ours, only a message; so the message of an issue is what its fault must know.
 * A schema's own `error` goes before this and says what was expected.
 */
function factsOfIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return knownKeys(issue.inst).join(' ');
    case 'invalid_type':
      return EXPECTED[issue.expected] ?? `a ${issue.expected}`;
    case 'too_small':
      return issue.origin === 'string' ? 'something that is not empty' : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    default:
      return '';
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
};

function knownKeys(inst: unknown): string[] {
  if (typeof inst !== 'object' || inst === null || !('shape' in inst)) return [];
  return typeof inst.shape === 'object' && inst.shape !== null ? Object.keys(inst.shape) : [];
}

function faultsOfIssue(issue: z.core.$ZodIssue, parent: FieldPath): SchemaFault[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys
        .filter((key) => !key.startsWith('x-'))
        .map((key) => ({
          kind: 'unknown-field',
          path: [...path, key],
          key,
          known: issue.message.split(' '),
        }));
    case 'invalid_union':
      return faultsOfUnion(issue, path);
    case 'invalid_type':
      return [{ kind: 'wrong-type', path, expected: issue.message }];
    case 'invalid_value':
      return [{ kind: 'not-allowed', path, allowed: issue.values.map(String) }];
    case 'invalid_key':
      return [{ kind: 'bad-key', path, expected: issue.issues.map((inner) => inner.message).join(', ') }];
    default:
      return [{ kind: 'bad-value', path, expected: issue.message }];
  }
}

/** Nothing when a form fits but for `x-*` fields; else the faults of the form that was meant. */
function faultsOfUnion(issue: z.core.$ZodIssueInvalidUnion, path: FieldPath): SchemaFault[] {
  const forms = issue.errors.map((errors) => errors.flatMap((error) => faultsOfIssue(error, path)));
  if (forms.some((faults) => faults.length === 0)) return [];
  const meant = forms.filter((faults) => !faults.some((fault) => isOtherForm(fault, path)));
  const [first, ...others] = meant;
  if (first !== undefined) return others.reduce((a, b) => (b.length < a.length ? b : a), first);
  const expected = issue.message === '' ? alternatives(forms.flat()) : issue.message;
  return [{ kind: 'wrong-type', path, expected }];
}

/** The value has another type than this form, or is another word, so this form was not meant. */
function isOtherForm(fault: SchemaFault, path: FieldPath): boolean {
  const isAboutType = fault.kind === 'wrong-type' || fault.kind === 'not-allowed';
  return isAboutType && fault.path.length === path.length;
}

function alternatives(faults: readonly SchemaFault[]): string {
  const words = faults.flatMap((fault) => (fault.kind === 'wrong-type' ? [fault.expected] : []));
  return [...new Set(words)].join(' or ');
}
