import type { Completer } from './completion/completer.ts';

/** One option of a command: how it is written, what it means, and how its text becomes a value. */
export interface OptionSpec<Value> {
  /** `-f, --filename <path>`, as `--help` shows it; without `<...>` it is a switch. */
  readonly flags: string;
  readonly description: string;
  /** The value when it is not given. */
  readonly initial: Value;
  /** Text for `--help`, when the value itself would not say it. */
  readonly shownDefault: string | undefined;
  /** All that it may be, when those are few words. */
  readonly values?: readonly string[];
  /** Knows what it may be, for completion, when that shows only now. */
  readonly completes?: Completer;
  /** `previous` holds what came before, for options that may be given several times. Throws `UsageError`. */
  read(text: string, previous: Value): Value;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
export type OptionValues<Specs> = {
  readonly [Key in keyof Specs]: Specs[Key] extends OptionSpec<infer Value> ? Value : never;
};

/** The command line makes no sense as it is written: exit 2, and where to read how it should be. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** On or off. A switch that is on unless told otherwise is put out by `--x=false` or `--no-x`. */
export function flag(flags: string, description: string, initial = false): OptionSpec<boolean> {
  const shownDefault = initial ? 'true' : undefined;
  return { flags, description, initial, shownDefault, read: (text) => text !== 'false' };
}

export function text(
  flags: string,
  description: string,
  completes?: Completer,
): OptionSpec<string | undefined> {
  const spec = { flags, description, initial: undefined, shownDefault: undefined };
  const read = (value: string): string => value;
  return completes === undefined ? { ...spec, read } : { ...spec, completes, read };
}

/** May be given several times. */
export function list(flags: string, description: string): OptionSpec<readonly string[]> {
  const read = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];
  return { flags, description, initial: [], shownDefault: undefined, read };
}

export function choice<const Choice extends string>(
  flags: string,
  description: string,
  choices: readonly [Choice, ...Choice[]],
): OptionSpec<Choice> {
  const [initial] = choices;
  const read = (value: string): Choice => {
    const chosen = choices.find((each) => each === value);
    if (chosen === undefined) throw new UsageError(`must be one of ${choices.join(', ')}`);
    return chosen;
  };
  return {
    flags,
    description: `${description}: ${choices.join('|')}`,
    initial,
    shownDefault: initial,
    values: choices,
    read,
  };
}

/** A whole number from 0, or a word that stands for no limit. */
export function count(flags: string, description: string, unlimited: string): OptionSpec<number | undefined> {
  const read = (value: string): number | undefined => {
    if (value === unlimited || value === '-1') return undefined;
    if (!/^\d{1,9}$/.test(value)) throw new UsageError(`must be a number or "${unlimited}"`);
    return Number(value);
  };
  return { flags, description, initial: undefined, shownDefault: unlimited, read };
}

/** A number that counts from 1. */
export function ordinal(flags: string, description: string): OptionSpec<number | undefined> {
  const read = (value: string): number => {
    if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError('must be a number from 1');
    return Number(value);
  };
  return { flags, description, initial: undefined, shownDefault: undefined, read };
}

/** A span of time in milliseconds, from Go's spelling: `90s`, `5m`, `1h30m`. */
export function duration(flags: string, description: string, initial: string): OptionSpec<number> {
  return {
    flags,
    description,
    initial: parseDurationMs(initial),
    shownDefault: initial,
    read: parseDurationMs,
  };
}

/** A time (unix ms): a span before now, or a date. */
export function since(flags: string, description: string): OptionSpec<Since | undefined> {
  const read = (value: string): Since => {
    const atMs = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(atMs) ? { agoMs: parseDurationMs(value) } : { atMs };
  };
  return { flags, description, initial: undefined, shownDefault: undefined, read };
}

export type Since = { readonly atMs: number } | { readonly agoMs: number };

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parseDurationMs(value: string): number {
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const whole = parts.map(([part]) => part).join('');
  if (value === '0') return 0;
  if (whole === '' || whole !== value) throw new UsageError('must be a duration such as 90s, 5m or 1h30m');
  return parts.reduce(
    (total, [, amount, unit]) => total + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
}
