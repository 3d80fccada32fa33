import type { Position, Problem } from '../model/problem.ts';
import { isAcceptable } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import type { StackManifest } from './stack.ts';

/** One stack on its way: what a document or a Compose file says, good or not. */
export interface Draft {
  /** Undefined when it cannot be read from what is there. */
  readonly name: string | undefined;
  /** The file that counts as broken when something is wrong. */
  readonly file: string;
  readonly at: Position;
  readonly problems: readonly Problem[];
  /** Undefined when a problem forbids it. */
  readonly manifest: StackManifest | undefined;
  /** Of a document that is no stack but says who may talk to whom. */
  readonly policy?: ReachabilityPolicy | undefined;
}

/** Somebody else's stack that is wrong may not take this one down: a draft with an error has no manifest. */
export function withProblems(draft: Draft, more: readonly Problem[]): Draft {
  if (more.length === 0) return draft;
  return {
    ...draft,
    problems: [...draft.problems, ...more],
    manifest: isAcceptable(more) ? draft.manifest : undefined,
  };
}

/** A file that cannot be used at all. */
export function brokenDraft(file: string, problems: readonly Problem[], name?: string): Draft {
  return { name, file, at: problems[0]?.at ?? startOf(file), problems, manifest: undefined };
}

export function startOf(file: string): Position {
  return { file, line: 1, column: 1 };
}
