import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../model/failure.ts';
import { formatPosition, type Problem } from '../model/problem.ts';
import { DEFAULT_POLICY, type Policy, parsePolicy } from '../policy/configuration.ts';
import { isInside } from '../source/inside.ts';
import { realPath } from '../source/real-path.ts';

const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;

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
  const place = realPath(file);
  if (place === undefined) throw unusable(file, 'where it leads cannot be seen');
  checkTrust(file, place);
  const watched = manifests.find((root) => isInside(realPath(root) ?? root, place));
  if (watched !== undefined) {
    throw unusable(file, `it lies in ${watched}, where manifests are watched`, 'keep it somewhere else');
  }
  const { policy, problems } = parsePolicy(file, readText(file, place));
  if (policy === undefined) throw wrong(file, problems);
  return policy;
}

function checkTrust(file: string, place: string): void {
  const ownStats = statsOf(file, place);
  if (!ownStats.isFile()) throw unusable(file, 'it is not a file');
  const directory = dirname(place);
  refuseUntrusted(file, 'it', ownStats);
  const above = statsOf(file, directory);
  // In a directory such as /tmp nobody can replace what is not theirs.
  if ((above.mode & STICKY) === 0) refuseUntrusted(file, `its directory ${directory}`, above);
}

function refuseUntrusted(file: string, what: string, { uid, mode }: Stats): void {
  const us = process.geteuid?.() ?? uid;
  if (uid !== 0 && uid !== us) {
    throw unusable(file, `${what} belongs to user ${uid}`, 'chown it to root, or to who runs stackctld');
  }
  if ((mode & OTHERS_MAY_WRITE) !== 0) throw unusable(file, `others may write to ${what}`, 'chmod go-w');
}

function statsOf(file: string, place: string): Stats {
  try {
    return statSync(place);
  } catch (thrown) {
    throw unusable(file, reasonOf(thrown));
  }
}

function readText(file: string, place: string): string {
  try {
    return readFileSync(place, 'utf8');
  } catch (thrown) {
    throw unusable(file, reasonOf(thrown));
  }
}

const reasonOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? String(thrown);

const unusable = (file: string, reason: string, hint?: string): Failure =>
  new Failure('invalid', `the policy ${file} cannot be used: ${reason}`, hint === undefined ? {} : { hint });

function wrong(file: string, problems: readonly Problem[]): Failure {
  const lines = problems.map(
    ({ at, message, hint }) => `${formatPosition(at)}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
  return new Failure('invalid', `the policy ${file} is wrong: ${lines.join('; ')}`);
}
