import { asFailure } from '../model/failure.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import type { Context } from './command.ts';
import { UsageError } from './option.ts';
import type { Colors } from './output/color.ts';
import { type FindSource, renderProblem } from './output/problems.ts';
import type { Sink } from './output/sink.ts';
import { printable } from './output/table.ts';

/** Prints every problem to stderr; true when none of them is an error. */
export async function reportProblems(
  problems: readonly Problem[],
  findSource: FindSource,
  { stderr, errorColors }: Context,
): Promise<boolean> {
  for (const problem of problems) await stderr.write(renderProblem(problem, findSource, errorColors));
  return isAcceptable(problems);
}

/** Prints `error: ...` and, below, what to do. */
export async function reportError(
  message: string,
  hint: string | undefined,
  { stderr, errorColors }: { readonly stderr: Sink; readonly errorColors: Colors },
): Promise<void> {
  const more = hint === undefined ? '' : `hint: ${printable(hint)}\n`;
  await stderr.write(`${errorColors.bad('error')}: ${printable(message)}\n${more}`);
}

/** The message and hint of anything thrown. */
export function describeThrown(thrown: unknown): {
  readonly message: string;
  readonly hint: string | undefined;
} {
  if (thrown instanceof UsageError) return thrown;
  const failure = asFailure(thrown);
  if (failure.kind !== 'bug') return failure;
  return {
    message: `internal error: ${failure.message}`,
    hint: failure.hint ?? 'this is a fault of stackctl, please report it',
  };
}
