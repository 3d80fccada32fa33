import { z } from 'zod';

/** Go's durations without fractions of a millisecond, as Flux takes them: `30s`, `5m`, `1h30m`. */
const pattern = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/;

/** A string field that holds a duration. */
export const durationSchema = (description: string, example: string) =>
  z
    .string({ error: 'a duration such as 30s, 5m or 1h30m' })
    .regex(pattern, { error: 'a duration such as 30s, 5m or 1h30m', abort: true })
    .refine((text) => (parseDurationMs(text) ?? 0) > 0, {
      error: 'a duration longer than nothing and up to a year',
    })
    .default(example)
    .meta({ description });

/** Milliseconds, whole; undefined when the text is no duration or is longer than a year. */
export function parseDurationMs(text: string): number | undefined {
  if (text.length > LONGEST_TEXT || !pattern.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    total += Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? 0);
  }
  return total > YEAR_MS ? undefined : Math.round(total);
}

const LONGEST_TEXT = 64;
const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const YEAR_MS = 366 * 24 * 3_600_000;
