import { randomInt } from 'node:crypto';

/** How much is done: `npm test` does a part of it, `npm run chaos` all. */
export function effort<Amount>(usual: Amount, full: Amount): Amount {
  return process.env['STACKCTL_CHAOS'] === 'full' ? full : usual;
}

/** What every random choice of a run follows from; STACKCTL_CHAOS_SEED repeats a run. */
export const SEED = process.env['STACKCTL_CHAOS_SEED'] || String(randomInt(2 ** 31));

/** The rounds to play: as many as STACKCTL_CHAOS_ROUNDS says, or the only one that STACKCTL_CHAOS_ROUND names. */
export function rounds(usual: number): readonly number[] {
  const only = process.env['STACKCTL_CHAOS_ROUND'] || undefined;
  const count = Number(process.env['STACKCTL_CHAOS_ROUNDS'] || usual);
  return only === undefined ? Array.from({ length: count }, (_, round) => round) : [Number(only)];
}

/** The line that repeats a round. */
export function replayLine(file: string, round: number): string {
  return `STACKCTL_CHAOS_SEED=${SEED} STACKCTL_CHAOS_ROUND=${round} npx vitest run --project chaos test/chaos/${file}`;
}
