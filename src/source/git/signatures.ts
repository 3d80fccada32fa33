import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RepositoryDeclaration } from '../../model/repository.ts';
import type { BareStore } from './bare-store.ts';
import { GitFault, shown } from './fault.ts';
import type { GitAccess } from './git-binary.ts';

const run = promisify(execFile);
const KEY_TIMEOUT_MS = 15_000;

/** What is asked of one fetch. */
export interface SignedThing {
  readonly commit: string;
  /** The object that was fetched: the commit itself, or a tag that names it. */
  readonly object: string;
}

/**
 * Has Git check the signatures that a repository must have, with the keys of the operator and no others. Throws
 * `VerificationFailed`, or `SecretUnusable` when there are no keys.
 */
export async function verifySignatures(
  store: BareStore,
  wanted: NonNullable<RepositoryDeclaration['verify']>,
  thing: SignedThing,
  keyHome: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const access = await knownKeys(wanted.keyDirectory, keyHome);
    if (wanted.mode !== 'Tag') await check(store, ['verify-commit', thing.commit], access, signal);
    if (wanted.mode === 'HEAD') return;
    if (thing.object === thing.commit) {
      throw new GitFault(
        'VerificationFailed',
        'a signed tag is asked for, and no tag with a signature names the commit',
        'set ref.tag or ref.semver, and sign the tag: `git tag -s`',
      );
    }
    await check(store, ['verify-tag', thing.object], access, signal);
  } finally {
    await rm(keyHome, { recursive: true, force: true });
  }
}

async function check(
  store: BareStore,
  args: readonly string[],
  access: GitAccess,
  signal: AbortSignal,
): Promise<void> {
  try {
    await store.git({ args, access }, 'it is not signed by anybody who is known', signal);
  } catch (error) {
    if (!(error instanceof GitFault)) throw error;
    const what = args[0] === 'verify-tag' ? 'the tag' : 'the commit';
    throw new GitFault(
      'VerificationFailed',
      `${what} ${shown(args[1] ?? '').slice(0, 12)}: ${error.message}`,
      'sign it with a known key, or add its key to verify.secretRef',
    );
  }
}

/** A key ring of its own, made for one check: what the daemon's user trusts otherwise counts for nothing. */
async function knownKeys(directory: string, keyHome: string): Promise<GitAccess> {
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) {
    throw new GitFault(
      'SecretUnusable',
      `the keys ${directory} cannot be read`,
      'make the directory, with allowed_signers or *.asc',
    );
  }
  const rings = names.filter((name) => /\.(asc|gpg)$/.test(name) && !name.startsWith('.')).sort();
  const signers = join(directory, 'allowed_signers');
  const hasSigners = await stat(signers).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (rings.length === 0 && !hasSigners) {
    throw new GitFault(
      'SecretUnusable',
      `there are no keys in ${directory}`,
      'put allowed_signers (ssh) or public keys as *.asc (GnuPG) there',
    );
  }
  await rm(keyHome, { recursive: true, force: true });
  await mkdir(keyHome, { recursive: true, mode: 0o700 });
  if (rings.length > 0)
    await importKeys(
      rings.map((name) => join(directory, name)),
      keyHome,
    );
  return {
    settings: {
      'gpg.ssh.allowedSignersFile': hasSigners ? signers : '/dev/null',
      // Certificates of other kinds would be checked with what this host trusts.
      'gpg.x509.program': '/bin/false',
    },
    environment: { GNUPGHOME: keyHome },
  };
}

async function importKeys(files: readonly string[], keyHome: string): Promise<void> {
  const args = ['--batch', '--no-autostart', '--homedir', keyHome, '--import', '--', ...files];
  try {
    await run('gpg', args, {
      timeout: KEY_TIMEOUT_MS,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', HOME: '/nonexistent' },
    });
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = isMissing
      ? 'there is no gpg on this host'
      : `the public keys cannot be read: ${shown(String((error as { stderr?: unknown }).stderr ?? error))}`;
    throw new GitFault(
      'SecretUnusable',
      message,
      isMissing ? 'install GnuPG, or sign with ssh' : 'export them with `gpg --armor --export`',
    );
  }
}
