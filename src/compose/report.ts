import type { Position, Problem } from '../model/problem.ts';
import { type FieldPath, formatFieldPath } from './field-path.ts';

/** Where a phase puts the problems it finds; it goes on after each, so that all are found at once. */
export type Report = (problem: Problem) => void;

/** An error at a place in a document. */
export function errorAt(
  code: string,
  message: string,
  where: { readonly path?: FieldPath; readonly at?: Position | undefined; readonly hint?: string },
): Problem {
  return {
    severity: 'error',
    code,
    message,
    hint: where.hint,
    path: where.path === undefined || where.path.length === 0 ? undefined : formatFieldPath(where.path),
    at: where.at,
  };
}

/** The same as a warning: the document may be used, but its author should know. */
export function warningAt(code: string, message: string, where: Parameters<typeof errorAt>[2]): Problem {
  return { ...errorAt(code, message, where), severity: 'warning' };
}

/** Names that JavaScript gives a meaning of its own, `__proto__`, `toString`; no Compose document needs them. */
export function isUnsafeKey(key: string): boolean {
  return key === 'prototype' || Object.hasOwn(Object.prototype, key);
}
