import { statSync } from 'node:fs';
import { type AccessOf, parseTokens } from '../api/tokens.ts';
import { asFailure, Failure } from '../model/failure.ts';
import { formatPosition } from '../model/problem.ts';
import { readTrusted } from './trusted-file.ts';

/**
 * The tokens of a file, read again whenever it changes, so that one can be taken away while the daemon runs. A file
 * that is gone, or wrong, or that others could have written lets nobody in. Throws `invalid` when it is so at the start.
 */
export function watchTokens(file: string, log: { error(fields: object, message: string): void }): AccessOf {
  let seen = fingerprint(file);
  let accessOf = readTokens(file);
  return (token) => {
    const looks = fingerprint(file);
    if (looks !== seen) {
      seen = looks;
      try {
        accessOf = readTokens(file);
      } catch (thrown) {
        accessOf = () => undefined;
        log.error(
          { err: asFailure(thrown).message },
          'the tokens cannot be used, so nobody is let in by TCP',
        );
      }
    }
    return accessOf(token);
  };
}

function readTokens(file: string): AccessOf {
  const { text } = readTrusted({ what: 'the file of tokens', file, secret: true });
  const { accessOf, problems } = parseTokens(file, text);
  if (problems.length === 0) return accessOf;
  const lines = problems.map(({ at, message }) => `${formatPosition(at)}: ${message}`);
  throw new Failure('invalid', `the file of tokens is wrong: ${lines.join('; ')}`);
}

function fingerprint(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return 'gone';
  }
}
