import type { Position } from '../model/problem.ts';
import type { OpenedValue } from './value.ts';

/** One value of an encrypted file, in clear or not. */
export interface SealedLeaf {
  /** The keys that lead to it, without the indices of lists. */
  readonly keys: readonly string[];
  /** The same with the indices. */
  readonly path: readonly (string | number)[];
  readonly at: Position;
  /** What it says, should it be a text; only a text can be encrypted. */
  readonly text: string | undefined;
  /** As `sops` hashes it when it is in clear; undefined: it is not hashed (null). */
  readonly clear: Buffer | undefined;
  /** Where its text stands, quotes included, when it is encrypted. */
  readonly span: Span | undefined;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A replacement for a part of a text. */
export interface Edit extends Span {
  readonly by: string;
}

/** An encrypted file, taken apart: what has to be put where to have it as it was. */
export interface SealedFile {
  readonly body: string;
  /** In the order of the file, which the MAC depends on. */
  readonly leaves: readonly SealedLeaf[];
  /** The `sops` block as plain values. */
  readonly metadata: unknown;
  readonly metadataAt: Position;
  /** Takes the `sops` block and encrypted comments out. */
  readonly cuts: readonly Edit[];
  /** How a value is written in this format. */
  readonly write: (value: OpenedValue) => string;
}

export type ParsedSealed =
  | { readonly kind: 'sealed'; readonly file: SealedFile }
  /** There is no `sops` block, whatever it looked like. */
  | { readonly kind: 'plain' }
  /** It cannot be read; `at` is where. */
  | { readonly kind: 'broken'; readonly at: Position; readonly message: string };

/** The text with all parts replaced; they must not overlap. */
export function withEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let from = 0;
  for (const { start, end, by } of edits.toSorted((one, other) => one.start - other.start)) {
    if (start < from) continue;
    result += text.slice(from, start) + by;
    from = end;
  }
  return result + text.slice(from);
}
