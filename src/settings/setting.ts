import { resolve } from 'node:path';
import { z } from 'zod';
import { parseDurationMs } from '../manifest/schema/duration.ts';

/** Under which heading of `--help` and of docs/running.md a setting stands. */
export type Section = 'What to run' | 'How to work' | 'Where it is' | 'Who may call' | 'Who is told';

/** What somebody wrote, in words of one setting: its value, or what was expected in its place. */
export type Reading<Value> = { readonly value: Value } | { readonly expected: string };

/** One setting of stackctld: `--help`, the file's schema and docs/running.md are all made from this. */
export interface Setting<Value> {
  /** As commander spells it: `--state-dir <directory>`. The key in the file is its name in camel case. */
  readonly flag: string;
  /** The variable of the environment; one text, lists are separated by `:`. */
  readonly env: string;
  readonly section: Section;
  readonly summary: string;
  readonly isList: boolean;
  readonly initial: Value;
  /** For people; undefined: none. */
  readonly shownDefault: string | undefined;
  /** What may stand in the file. */
  readonly schema: z.ZodType;
  /** From texts (one, unless it is a list); relative paths count from `base`. */
  readonly read: (texts: readonly string[], base: string) => Reading<Value>;
}

/** What every setting says of itself. */
export interface Naming {
  readonly flag: string;
  readonly env: string;
  readonly section: Section;
  readonly summary: string;
}

/** A file or directory, made absolute; undefined: not given. */
export function path(naming: Naming): Setting<string | undefined> {
  return {
    ...naming,
    isList: false,
    initial: undefined,
    shownDefault: undefined,
    schema: pathSchema(naming),
    read: ([text = ''], base) => ({ value: resolve(base, text) }),
  };
}

/** A file or directory that has a usual place. */
export function usualPath(naming: Naming, usual: string): Setting<string> {
  return {
    ...naming,
    isList: false,
    initial: usual,
    shownDefault: usual,
    schema: pathSchema(naming),
    read: ([text = ''], base) => ({ value: resolve(base, text) }),
  };
}

export function paths(naming: Naming, usual: readonly string[]): Setting<readonly string[]> {
  return {
    ...naming,
    isList: true,
    initial: usual,
    shownDefault: usual.join(':'),
    schema: z.array(pathSchema(naming)).meta({ description: naming.summary }),
    read: (texts, base) => ({ value: texts.map((text) => resolve(base, text)) }),
  };
}

export function words(
  naming: Naming,
  isGood: (text: string) => boolean,
  expected: string,
): Setting<readonly string[]> {
  return {
    ...naming,
    isList: true,
    initial: [],
    shownDefault: undefined,
    schema: z
      .array(z.string({ error: expected }).refine(isGood, { error: expected }))
      .meta({ description: naming.summary }),
    read: (texts) => (texts.every(isGood) ? { value: texts } : { expected }),
  };
}

/** Off unless somebody turns it on. */
export function switchedOff(naming: Naming): Setting<boolean> {
  const expected = 'true or false';
  return {
    ...naming,
    isList: false,
    initial: false,
    shownDefault: 'false',
    schema: z.boolean({ error: expected }).meta({ description: naming.summary }),
    read: ([text]) => (text === 'true' || text === 'false' ? { value: text === 'true' } : { expected }),
  };
}

/** A span of time, in milliseconds. */
export function duration(
  naming: Naming,
  usual: string,
  { mayBeZero = false }: { readonly mayBeZero?: boolean } = {},
): Setting<number> {
  const expected = 'a duration such as 30s, 5m or 1h30m';
  const read = (text: string): Reading<number> => {
    const value = parseDurationMs(text);
    return value === undefined || (value === 0 && !mayBeZero) ? { expected } : { value };
  };
  return {
    ...naming,
    isList: false,
    initial: parseDurationMs(usual) ?? 0,
    shownDefault: usual,
    schema: textSchema(naming, read, expected),
    read: ([text = '']) => read(text),
  };
}

/** A whole number within bounds. */
export function count(
  naming: Naming,
  usual: number,
  [least, most]: readonly [number, number],
): Setting<number> {
  const expected = `a whole number from ${least} to ${most}`;
  return {
    ...naming,
    isList: false,
    initial: usual,
    shownDefault: String(usual),
    schema: z
      .int({ error: expected })
      .min(least, { error: expected })
      .max(most, { error: expected })
      .meta({ description: naming.summary }),
    read: ([text = '']) => {
      const value = Number(text);
      const isOne = /^\d{1,9}$/.test(text) && value >= least && value <= most;
      return isOne ? { value } : { expected };
    },
  };
}

/** One of a few words; the first one unless another is `usual`. */
export function choice<const Choice extends string>(
  naming: Naming,
  usual: Choice,
  choices: readonly Choice[],
): Setting<Choice> {
  const expected = `one of ${choices.join(', ')}`;
  return {
    ...naming,
    isList: false,
    initial: usual,
    shownDefault: usual,
    schema: z.enum(choices).meta({ description: naming.summary }),
    read: ([text]) => {
      const value = choices.find((each) => each === text);
      return value === undefined ? { expected } : { value };
    },
  };
}

/** A text that is checked; undefined: not given. */
export function text(
  naming: Naming,
  isGood: (text: string) => boolean,
  expected: string,
): Setting<string | undefined> {
  const read = (given: string): Reading<string> => (isGood(given) ? { value: given } : { expected });
  return {
    ...naming,
    isList: false,
    initial: undefined,
    shownDefault: undefined,
    schema: textSchema(naming, read, expected),
    read: ([given = '']) => read(given),
  };
}

/** A text that is checked and has a usual value. */
export function usualText(
  naming: Naming,
  usual: string,
  check: { readonly isGood: (text: string) => boolean; readonly expected: string },
): Setting<string> {
  const { expected } = check;
  const read = (given: string): Reading<string> => (check.isGood(given) ? { value: given } : { expected });
  return {
    ...naming,
    isList: false,
    initial: usual,
    shownDefault: usual,
    schema: textSchema(naming, read, expected),
    read: ([given = '']) => read(given),
  };
}

const pathSchema = ({ summary }: Naming) =>
  z.string({ error: 'a path' }).min(1, { error: 'a path' }).meta({ description: summary });

const textSchema = ({ summary }: Naming, read: (text: string) => Reading<unknown>, expected: string) =>
  z
    .string({ error: expected })
    .refine((given) => 'value' in read(given), { error: expected })
    .meta({ description: summary });
