import { readFileSync, statSync } from 'node:fs';
import { Failure } from '../model/failure.ts';

const SHORTEST = 16;
const LARGEST_BYTES = 4096;

/** Reads the secret of webhooks. Throws `invalid`, and the daemon does not start, when it protects nothing. */
export function readWebhookSecret(file: string): string {
  try {
    const { mode, size } = statSync(file);
    if ((mode & 0o077) !== 0) throw unusable(file, 'others may use it', `chmod 600 ${file}`);
    if (size > LARGEST_BYTES) throw unusable(file, 'it is too large', 'it is one line of text');
    const secret = readFileSync(file, 'utf8').trim();
    if (secret.length < SHORTEST) {
      throw unusable(
        file,
        `it has fewer than ${SHORTEST} characters`,
        '`openssl rand -hex 32` makes a good one',
      );
    }
    return secret;
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw unusable(file, (thrown as NodeJS.ErrnoException).code ?? String(thrown), 'make the file');
  }
}

const unusable = (file: string, reason: string, hint: string): Failure =>
  new Failure('invalid', `the webhook secret ${file} cannot be used: ${reason}`, { hint });
