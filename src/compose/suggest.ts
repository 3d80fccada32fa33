import { nearestName } from './spelling.ts';

/** The hint for a name that does not exist: the one that was most likely meant. */
export function hintFor(name: string, known: Iterable<string>): { readonly hint?: string } {
  const candidates = [...known];
  if (candidates.length > maxCandidates) return {};
  const meant = nearestName(name.slice(0, maxLength), candidates);
  if (meant !== undefined) return { hint: `did you mean ${meant}?` };
  if (candidates.length === 0 || candidates.length > maxListed) return {};
  return { hint: `there is ${candidates.join(', ')}` };
}

/** Comparing spellings costs time; a hint is worth only so much. */
const maxCandidates = 200;
const maxLength = 100;
const maxListed = 8;
