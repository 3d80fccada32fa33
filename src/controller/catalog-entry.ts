import { formatPosition, type Problem } from '../model/problem.ts';
import type { Source } from '../source/source.ts';
import type { DeclaredStack } from './loader.ts';

/** Where a stack comes from, for people. */
export interface Origin {
  readonly kind: Source['kind'];
  readonly name: string;
}

/** A stack as one source has it. */
export interface CatalogEntry {
  readonly manifest: DeclaredStack;
  readonly origin: Origin;
  /** Of the source, when it was read so; undefined where a revision of all of it says little of one stack. */
  readonly revision?: string | undefined;
  /** What is wrong with its file now; the manifest is then the last good one. */
  readonly problems: readonly Problem[];
}

/** Names a source in maps and in the store. */
export const keyOf = (origin: Origin): string => `${origin.kind}:${origin.name}`;

/** Of a stack that two sources have: which one counts, at the place of the other. */
export const declaredTwice = (name: string, owner: CatalogEntry, rival: CatalogEntry): Problem => ({
  severity: 'warning',
  code: 'DuplicateStack',
  message: `stack ${name} is declared twice: ${placeOf(owner)} counts, ${placeOf(rival)} is not used`,
  hint: 'take it out of one of them',
  at: rival.manifest.at,
});

const placeOf = ({ manifest, origin }: CatalogEntry): string =>
  `${formatPosition(manifest.at)} (${origin.name === origin.kind ? origin.kind : `${origin.kind} ${origin.name}`})`;
