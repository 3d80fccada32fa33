import type { Command } from '../command.ts';
import { GLOBAL_OPTIONS } from '../help.ts';
import type { OptionSpec, OptionSpecs } from '../option.ts';
import type { Candidate, Live } from './completer.ts';

/** What a shell is told: candidates, and what to do with them. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Nothing of ours fits here, but a file does. */
  readonly takesFiles: boolean;
}

const NOTHING: Completion = { candidates: [], takesFiles: false };

/** `words`: the command line without the program, up to the cursor; the last of them is completed and may be empty. */
export async function complete(
  words: readonly string[],
  commands: readonly Command[],
  live: Live,
): Promise<Completion> {
  const word = words.at(-1) ?? '';
  const { command, args, pending, isOver } = walk(words.slice(0, -1), commands);
  const specs = { ...command?.options, ...GLOBAL_OPTIONS };
  if (pending !== undefined) return completeValue(pending, { word, prefix: '' }, live);
  if (!isOver && word.startsWith('-')) {
    const [, flag, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (flag === undefined || value === undefined) return fitting(flagsOf(specs, word), word);
    const spec = findOption(specs, flag);
    if (spec === undefined) return NOTHING;
    return completeValue(spec, { word: value, prefix: `${flag}=` }, live);
  }
  if (command === undefined)
    return args.length === 0 ? fitting(namesOf(commands), word) : helpOf(args, word, commands);
  if (command.completes === undefined) return NOTHING;
  return fitting(await command.completes({ args, word }, live), word);
}

interface Walk {
  readonly command: Command | undefined;
  /** Of the command; without one, the words that named none. */
  readonly args: readonly string[];
  /** The option whose value comes next. */
  readonly pending: OptionSpec<unknown> | undefined;
  /** `--` was there: no option comes any more. */
  readonly isOver: boolean;
}

function walk(words: readonly string[], commands: readonly Command[]): Walk {
  const start: Walk = { command: undefined, args: [], pending: undefined, isOver: false };
  return words.reduce((walked, word) => pass(walked, word, commands), start);
}

function pass(walked: Walk, word: string, commands: readonly Command[]): Walk {
  const { command, args, pending, isOver } = walked;
  if (pending !== undefined) return { ...walked, pending: undefined };
  if (!isOver && word === '--') return { ...walked, isOver: true };
  if (!isOver && word.startsWith('-')) {
    const spec = findOption({ ...command?.options, ...GLOBAL_OPTIONS }, word);
    return spec !== undefined && takesValue(spec) && !word.includes('=')
      ? { ...walked, pending: spec }
      : walked;
  }
  const isFirst = command === undefined && args.length === 0;
  const named = isFirst ? commands.find(({ name, aliases }) => [name, ...aliases].includes(word)) : undefined;
  return named === undefined ? { ...walked, args: [...args, word] } : { ...walked, command: named };
}

const takesValue = ({ flags }: OptionSpec<unknown>): boolean => flags.includes('<');

/** `-f`, `--filename`, `--filename=x`. */
function findOption(specs: OptionSpecs, word: string): OptionSpec<unknown> | undefined {
  const [flag = ''] = word.split('=', 1);
  return Object.values(specs).find(({ flags }) => spellings(flags).includes(flag));
}

const spellings = (flags: string): readonly string[] =>
  flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));

function flagsOf(specs: OptionSpecs, word: string): readonly Candidate[] {
  return Object.values(specs).flatMap(({ flags, description }) =>
    spellings(flags)
      .filter((flag) => flag.startsWith('--') || word === '-')
      .map((value) => ({ value, says: description })),
  );
}

/** An option says what its value may be; one that takes a `<path>` takes files. */
async function completeValue(
  { flags, values = [], completes }: OptionSpec<unknown>,
  { word, prefix }: { readonly word: string; readonly prefix: string },
  live: Live,
): Promise<Completion> {
  const given =
    completes === undefined ? values.map((value) => ({ value })) : await completes({ args: [], word }, live);
  const candidates = given
    .filter(({ value }) => value.startsWith(word))
    .map(({ value, ...rest }) => ({ value: `${prefix}${value}`, ...rest }));
  return { candidates, takesFiles: /<(path|file|dir)>/.test(flags) };
}

function namesOf(commands: readonly Command[]): readonly Candidate[] {
  return [
    ...commands.map(({ name, summary }) => ({ value: name, says: summary })),
    { value: 'help', says: 'show help' },
  ];
}

/** `stackctl help COMMAND` */
function helpOf(args: readonly string[], word: string, commands: readonly Command[]): Completion {
  const isHelp = args.length === 1 && args[0] === 'help';
  return isHelp ? fitting(namesOf(commands), word) : NOTHING;
}

function fitting(candidates: readonly Candidate[], word: string): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(word)), takesFiles: false };
}
