import { isSecretField, shownSecrets } from '../compose/secret-fields.ts';
import type { Problem } from '../model/problem.ts';
import type { ReadableFile } from './stack.ts';

/** Values of an encrypted manifest that people would be shown. */
export function secretsShownIn(
  { sealed = [] }: ReadableFile,
  content: 'envelopes' | 'compose',
): readonly Problem[] {
  if (content === 'compose') return shownSecrets(sealed, isSecretField);
  return shownSecrets(
    sealed,
    ([top, ...path]) => top === 'spec' && (path[0] === 'env' || isSecretField(path)),
  );
}

/** Names of the variables in `spec.env` that were encrypted. */
export function secretEnv({ sealed = [] }: ReadableFile): readonly string[] {
  return sealed.flatMap(({ path: [spec, env, name] }) =>
    spec === 'spec' && env === 'env' && typeof name === 'string' ? [name] : [],
  );
}
