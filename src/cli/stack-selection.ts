import type { StackStatus } from '../model/status.ts';
import type { Client } from './client.ts';
import type { Context } from './command.ts';
import { flag, type OptionSpec, UsageError } from './option.ts';
import { parseStacks } from './reference.ts';
import { parseSelector, type Selector, selects } from './selector.ts';

/** `-l`, for every command that takes several stacks. Several of them are asked for together. */
export const selectorOption: OptionSpec<Selector> = {
  flags: '-l, --selector <labels>',
  description:
    'only stacks with these labels: key=value, key!=value, key in (a,b), key notin (a,b), key, !key, with commas between',
  initial: [],
  shownDefault: undefined,
  read: (text, previous) => [...previous, ...parseSelector(text)],
};

/** The options of a command that acts on the stacks that are named, selected, or all. */
export const selectionOptions = {
  all: flag('--all', 'every stack'),
  selector: selectorOption,
};

interface Selection {
  readonly args: readonly string[];
  readonly options: { readonly all?: boolean; readonly selector: Selector };
}

/**
 * The names of the stacks that a command is about: those named, or those that the daemon has and the options choose.
 * Throws `UsageError` when nothing is named, or both ways are used. None at all is told to stderr.
 */
export async function chooseStacks(
  client: Client,
  { args, options: { all = false, selector } }: Selection,
  context: Context,
): Promise<readonly string[]> {
  const named = parseStacks(args);
  const isChosen = all || selector.length > 0;
  if (named.length > 0 && isChosen)
    throw new UsageError('stacks are named and selected', `give STACK, or ${all ? '--all' : '-l'}, not both`);
  if (named.length > 0) return named;
  if (!isChosen) throw new UsageError('no stack is named', 'give STACK, -l LABELS or --all');
  const chosen = selectStacks(await client.stacks(context.signal), selector);
  if (chosen.length === 0) await context.stderr.write(nothingChosen(selector));
  return chosen.map(({ name }) => name);
}

export function selectStacks(statuses: readonly StackStatus[], selector: Selector): readonly StackStatus[] {
  return statuses.filter(({ labels }) => selects(selector, labels));
}

const nothingChosen = (selector: Selector): string =>
  selector.length === 0 ? 'no stacks\n' : 'no stack has such labels\n';
