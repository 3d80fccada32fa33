import { nearestName } from '../compose/spelling.ts';
import { UsageError } from './option.ts';

/** The kinds that `get` and `describe` know, with every word for each. */
export const KINDS = {
  stack: ['stack', 'stacks', 'st'],
  service: ['service', 'services', 'svc'],
  network: ['network', 'networks', 'net'],
  volume: ['volume', 'volumes', 'vol'],
  source: ['source', 'sources', 'src', 'gitrepository', 'gitrepositories', 'gitrepo'],
} as const;
export type Kind = keyof typeof KINDS;

/** The kind that a word stands for; undefined when it is none. */
export function findKind(word: string): Kind | undefined {
  const kinds = Object.keys(KINDS) as Kind[];
  return kinds.find((kind) => KINDS[kind].some((each) => each === word.toLowerCase()));
}

/** A stack's name, written `demo` or `stack/demo`. Throws `UsageError` for another kind. */
export function parseStack(argument: string): string {
  const [kind, name, ...rest] = argument.split('/');
  if (name === undefined) {
    if (argument !== '') return argument;
  } else if (name !== '' && rest.length === 0 && kind !== undefined && findKind(kind) === 'stack') {
    return name;
  }
  throw new UsageError(`"${argument}" names no stack`, 'write NAME or stack/NAME');
}

/** Stacks' names from arguments such as `demo`, `stack/demo`, or `stack demo shop`. */
export function parseStacks(args: readonly string[]): readonly string[] {
  const [first, ...others] = args;
  const named = first !== undefined && others.length > 0 && findKind(first) === 'stack' ? others : args;
  return [...new Set(named.map(parseStack))];
}

/** A hint for a name that is not there; undefined when nothing is near it. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const meant = nearestName(word, known);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

/** Names of sources from `source NAME...` or `source/NAME...`; undefined when the arguments are about something else. */
export function parseSources(args: readonly string[]): readonly string[] | undefined {
  const [first = '', ...others] = args;
  if (findKind(first) === 'source') return [...new Set(others)];
  const names = args.flatMap((argument) => {
    const at = argument.indexOf('/');
    return at > 0 && findKind(argument.slice(0, at)) === 'source' ? [argument.slice(at + 1)] : [];
  });
  return names.length > 0 && names.length === args.length ? [...new Set(names)] : undefined;
}
