const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 600_000;

/**
 * How long to wait before the remote is asked again: its interval, or after failures in a row ever longer, up to ten
 * minutes. `random` (0 <= x < 1) spreads many repositories by 5 %.
 */
export function fetchDelayMs(asked: {
  readonly failures: number;
  readonly intervalMs: number;
  readonly random: number;
}): number {
  const { failures, intervalMs, random } = asked;
  const delayMs =
    failures === 0
      ? intervalMs
      : Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(20, failures - 1));
  return Math.round(delayMs * (0.95 + 0.1 * random));
}
