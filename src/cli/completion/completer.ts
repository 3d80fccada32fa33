import type { StackStatus } from '../../model/status.ts';

/** Something that may stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  /** For shells that show it. */
  readonly says?: string;
}

/** What is to be completed. */
export interface Asked {
  /** The arguments of the command before it, without options. */
  readonly args: readonly string[];
  /** What is typed of it already. */
  readonly word: string;
}

/** What there is to choose from just now. */
export interface Live {
  /** None when no daemon answers soon. */
  stacks(): Promise<readonly StackStatus[]>;
  /** The same. */
  sources(): Promise<readonly { readonly name: string }[]>;
}

/** Knows what an argument of a command, or the value of an option, may be. What does not fit the word is left out later. */
export type Completer = (asked: Asked, live: Live) => Promise<readonly Candidate[]>;

/** Any number of stacks, each once: `demo`, or `stack/demo` when that is how it begins. */
export const completeStacks: Completer = async ({ args, word }, live) => {
  const prefix = /^[a-z]+\//.exec(word)?.[0] ?? '';
  const named = new Set(args.map((argument) => argument.slice(argument.indexOf('/') + 1)));
  const stacks = await live.stacks();
  return stacks
    .filter(({ name }) => !named.has(name))
    .map(({ name, sync, health }) => ({ value: `${prefix}${name}`, says: `${sync}, ${health}` }));
};

/** One stack, and nothing after it. */
export const completeStack: Completer = async (asked, live) =>
  asked.args.length === 0 ? completeStacks(asked, live) : [];

/** A stack, and then services of it. */
export const completeServices: Completer = async ({ args, word }, live) => {
  const [stack, ...given] = args;
  if (stack === undefined) return completeStack({ args, word }, live);
  const name = stack.slice(stack.indexOf('/') + 1);
  const status = (await live.stacks()).find((each) => each.name === name);
  return (status?.services ?? [])
    .filter((service) => !given.includes(service.name))
    .map((service) => ({
      value: service.name,
      says: `${service.ready}/${service.desired} ${service.state}`,
    }));
};

/** One of a few words, each with a meaning or without. */
export function completeWords(words: readonly string[]): Completer {
  return async ({ args }) => (args.length === 0 ? words.map((value) => ({ value })) : []);
}
