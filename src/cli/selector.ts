import { UsageError } from './option.ts';

/** One demand on the labels of a stack. */
interface Requirement {
  readonly key: string;
  /** True when labels without the key fulfil it. */
  readonly isMetByAbsence: boolean;
  readonly isMetBy: (value: string) => boolean;
}

/** What `-l` asks for: all of it must be so. */
export type Selector = readonly Requirement[];

type Labels = Readonly<Record<string, string>>;

/** Whether labels are as a selector asks; none of it asks for nothing. */
export function selects(selector: Selector, labels: Labels): boolean {
  return selector.every(({ key, isMetByAbsence, isMetBy }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value === undefined ? isMetByAbsence : isMetBy(value);
  });
}

/**
 * Understands a selector as kubectl does: `key=value`, `key==value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`,
 * `key`, `!key`, with commas between. What must not be is met by labels without the key too. Throws `UsageError`.
 */
export function parseSelector(text: string): Selector {
  if (text.trim() === '') throw notUnderstood(text);
  return splitOutside(text).map(parseRequirement);
}

function parseRequirement(text: string): Requirement {
  const [, setKey, word, members] = /^\s*([^\s!=,()]+)\s+(in|notin)\s*\(([^()]*)\)\s*$/.exec(text) ?? [];
  if (setKey !== undefined && members !== undefined) {
    const values = members.split(',').map((member) => member.trim());
    const isIn = word === 'in';
    return { key: setKey, isMetByAbsence: !isIn, isMetBy: (value) => values.includes(value) === isIn };
  }
  const [, key, sign, wanted] = /^\s*([^\s!=,()]+)\s*(==?|!=)\s*([^\s!=,()]*)\s*$/.exec(text) ?? [];
  if (key !== undefined) {
    const isEqual = sign !== '!=';
    return { key, isMetByAbsence: !isEqual, isMetBy: (value) => (value === wanted) === isEqual };
  }
  const [, not, plain] = /^\s*(!?)\s*([^\s!=,()]+)\s*$/.exec(text) ?? [];
  if (plain === undefined) throw notUnderstood(text.trim());
  return { key: plain, isMetByAbsence: not === '!', isMetBy: () => not !== '!' };
}

/** At commas that are not within parentheses. */
function splitOutside(text: string): readonly string[] {
  return text.split(/,(?![^(]*\))/);
}

function notUnderstood(text: string): UsageError {
  return new UsageError(
    `"${text}" is no selector`,
    'write key=value, key!=value, "key in (a,b)", "key notin (a,b)", key or !key, with commas between',
  );
}
