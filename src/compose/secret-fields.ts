import type { SealedValue } from '../model/files.ts';
import type { Problem } from '../model/problem.ts';
import type { FieldPath } from './field-path.ts';
import { errorAt } from './report.ts';

/**
 * Whether a field of a Compose document is one that people are never shown: it is in no label, name, plan, status or
 * list of processes. Only there may an encrypted value stand.
 */
export function isSecretField([section, , field, below]: FieldPath): boolean {
  if (section === 'services') return field === 'environment' || (field === 'build' && below === 'args');
  return (section === 'configs' || section === 'secrets') && field === 'content';
}

export const SHOWN_HINT =
  "encrypt only what nobody is shown: sops --encrypt --encrypted-regex '^(environment|args|content|env)$'";

/** Problems with values that stood encrypted where everybody would be shown them: one for each of them, to a bound. */
export function shownSecrets(
  sealed: readonly SealedValue[],
  isSecret: (path: FieldPath) => boolean,
): readonly Problem[] {
  const shown = sealed.filter(({ path }) => !isSecret(path));
  return shown.slice(0, MAX_SHOWN).map(({ path, at }) => shownSecret(path, at));
}

/** A file that is encrypted as a whole has as many as it has values. */
const MAX_SHOWN = 10;

export function shownSecret(path: FieldPath, at: Problem['at']): Problem {
  return errorAt('SecretShown', 'an encrypted value stands where everybody is shown it', {
    path,
    at,
    hint: SHOWN_HINT,
  });
}
