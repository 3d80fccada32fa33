import type { FailureKind } from '../../model/failure.ts';

/** What an engine's words mean: which kind of failure, and what the reader should do. */
export interface Reading {
  readonly when: RegExp;
  readonly kind: FailureKind;
  readonly hint: (match: RegExpExecArray) => string;
}
