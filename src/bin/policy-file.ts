import { Failure } from '../model/failure.ts';
import { formatPosition, type Problem } from '../model/problem.ts';
import { DEFAULT_POLICY, type Policy, parsePolicy } from '../policy/configuration.ts';
import { isInside } from '../source/inside.ts';
import { realPath } from '../source/real-path.ts';
import { readTrusted, unusable } from './trusted-file.ts';

export interface PolicyFileOptions {
  /** Absolute; undefined: the defaults are in force. */
  readonly file: string | undefined;
  /** Directories of manifests: who writes there must not decide what may be written there. */
  readonly manifests: readonly string[];
}

/**
 * Reads the operator's policy. Throws `invalid`, and the daemon does not start, when somebody else could have written
 * it, or when anything in it is wrong: a policy that is half understood protects nobody.
 */
export function readPolicy({ file, manifests }: PolicyFileOptions): Policy {
  if (file === undefined) return DEFAULT_POLICY;
  const trusted = { what: 'the policy', file };
  const { text, place } = readTrusted(trusted);
  const watched = manifests.find((root) => isInside(realPath(root) ?? root, place));
  if (watched !== undefined) {
    throw unusable(trusted, `it lies in ${watched}, where manifests are watched`, 'keep it somewhere else');
  }
  const { policy, problems } = parsePolicy(file, text);
  if (policy === undefined) throw wrong(file, problems);
  return policy;
}

function wrong(file: string, problems: readonly Problem[]): Failure {
  const lines = problems.map(
    ({ at, message, hint }) => `${formatPosition(at)}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
  return new Failure('invalid', `the policy ${file} is wrong: ${lines.join('; ')}`);
}
