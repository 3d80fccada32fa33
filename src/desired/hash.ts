import { createHash, createHmac } from 'node:crypto';
import { compareText } from './defined.ts';

/**
 * JSON with the keys of every mapping sorted and what is undefined left out: equal values give equal texts.
 * Lists keep their order; whoever builds them sorts those whose order means nothing.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([left], [right]) => compareText(left, right))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/**
 * The hash by which we see that something must be made anew: `v1.<sha256>`. The version stands for how
 * things are resolved; who finds another version must compare the fields instead of recreating.
 */
export function specHash(value: unknown): string {
  return `v1.${sha256(canonicalJson(value))}`;
}

/** Hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Hex; tells nothing to who does not have the key, not even whether a guess is right. */
export function keyedDigest(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
