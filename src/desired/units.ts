import { parseDurationNs } from '../compose/units.ts';

/** Milliseconds of a duration such as `1m30s`, for waits of our own; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const nanoseconds = parseDurationNs(text);
  return nanoseconds === undefined ? undefined : Math.round(nanoseconds / 1e6);
}

/** A whole number, whether it was written as one or as text; undefined when it is none. */
export function wholeNumber(value: string | number | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Go's `strconv.ParseBool`, which is how the engine reads the switches among driver options. */
export function goBoolean(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  return undefined;
}
