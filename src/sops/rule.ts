import { RE2JS } from 're2js';
import type { SealingRule } from './metadata.ts';

/**
 * Says of the keys that lead to a value whether it is encrypted. Patterns are Go's, as `sops` reads them, and take
 * linear time whoever wrote them. Undefined when the pattern is none.
 */
export function ruleOf({
  by,
  pattern,
  encrypts,
}: SealingRule): ((keys: readonly string[]) => boolean) | undefined {
  const fits = by === 'suffix' ? (key: string) => key.endsWith(pattern) : matcher(pattern);
  if (fits === undefined) return undefined;
  return (keys) => keys.some(fits) === (encrypts === 'matching');
}

function matcher(pattern: string): ((key: string) => boolean) | undefined {
  try {
    const compiled = RE2JS.compile(pattern);
    return (key) => compiled.matcher(key).find();
  } catch {
    return undefined;
  }
}
