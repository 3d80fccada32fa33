import { answerFailure } from '../../../src/engine/docker/failures.ts';
import type { Failure } from '../../../src/model/failure.ts';

const CALL = 'simulated';

/** What the adapter makes of an engine's answer: status and words, kind and hint as of a real engine. */
export const refusal = (status: number, words: string): Failure => answerFailure(CALL, status, words);

/** The engine's own words in a refusal, which it also keeps as a container's `State.Error`. */
export function wordsOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.startsWith(`${CALL}: `) ? message.slice(CALL.length + 2) : message;
}
