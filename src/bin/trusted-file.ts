import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../model/failure.ts';
import { realPath } from '../source/real-path.ts';

const OTHERS_MAY_WRITE = 0o022;
const EVERYBODY_MAY_READ = 0o004;
const STICKY = 0o1000;

/** A file that the daemon does as it says. */
export interface TrustedFile {
  /** For messages: `the policy`. */
  readonly what: string;
  readonly file: string;
  /** Nobody but its owner and group may read it. */
  readonly secret?: boolean;
}

/**
 * The text of a file that only root or we could have written, and where it really is. Throws `invalid` otherwise, and
 * when it cannot be read.
 */
export function readTrusted(trusted: TrustedFile): { readonly text: string; readonly place: string } {
  const place = realPath(trusted.file);
  if (place === undefined) throw unusable(trusted, 'where it leads cannot be seen');
  const own = statsOf(trusted, place);
  if (!own.isFile()) throw unusable(trusted, 'it is not a file');
  refuseUntrusted(trusted, 'it', own);
  if (trusted.secret === true && (own.mode & EVERYBODY_MAY_READ) !== 0) {
    throw unusable(trusted, 'everybody may read it', 'chmod o-r');
  }
  const directory = dirname(place);
  const above = statsOf(trusted, directory);
  // In a directory such as /tmp nobody can replace what is not theirs.
  if ((above.mode & STICKY) === 0) refuseUntrusted(trusted, `its directory ${directory}`, above);
  try {
    return { text: readFileSync(place, 'utf8'), place };
  } catch (thrown) {
    throw unusable(trusted, reasonOf(thrown));
  }
}

/** The same where there need be no such file: undefined. */
export function readTrustedIfThere(trusted: TrustedFile): string | undefined {
  try {
    statSync(trusted.file);
  } catch (thrown) {
    if (reasonOf(thrown) === 'ENOENT' || reasonOf(thrown) === 'ENOTDIR') return undefined;
    throw unusable(trusted, reasonOf(thrown));
  }
  return readTrusted(trusted).text;
}

function refuseUntrusted(trusted: TrustedFile, what: string, { uid, mode }: Stats): void {
  const us = process.geteuid?.() ?? uid;
  if (uid !== 0 && uid !== us) {
    throw unusable(trusted, `${what} belongs to user ${uid}`, 'chown it to root, or to who runs stackctld');
  }
  if ((mode & OTHERS_MAY_WRITE) !== 0) throw unusable(trusted, `others may write to ${what}`, 'chmod go-w');
}

function statsOf(trusted: TrustedFile, place: string): Stats {
  try {
    return statSync(place);
  } catch (thrown) {
    throw unusable(trusted, reasonOf(thrown));
  }
}

const reasonOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? String(thrown);

/** A file that is not used, and why. */
export const unusable = ({ what, file }: TrustedFile, reason: string, hint?: string): Failure =>
  new Failure('invalid', `${what} ${file} cannot be used: ${reason}`, hint === undefined ? {} : { hint });
