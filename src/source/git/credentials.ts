import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GitFault } from './fault.ts';
import { type GitAccess, NO_ACCESS } from './git-binary.ts';

const LARGEST_BYTES = 64 * 1024;
/** In the command of ssh a path stands in quotes, once for the shell and once for ssh. */
const PLAIN_PATH = /^[A-Za-z0-9_./@+,:=-]+$/;
const TIMEOUT_SECONDS = 15;

/**
 * How Git is let in, out of a directory with a file for each credential. Nothing of it becomes an argument, is
 * written anywhere, or is sent to another host than the url's. Throws `GitFault` `SecretUnusable`.
 */
export async function accessTo(url: string, directory: string | undefined): Promise<GitAccess> {
  const isHttp = /^https?:/.test(url);
  const isSsh = !isHttp && !url.startsWith('file:');
  if (isSsh) return sshAccess(directory);
  if (!isHttp || directory === undefined) return NO_ACCESS;
  const secret = await openSecret(directory);
  const authorization = await authorizationOf(secret, directory);
  const { origin } = new URL(url);
  const ca = secret.has('ca.crt') ? { 'http.sslCAInfo': join(directory, 'ca.crt') } : {};
  return {
    settings: {
      // An empty one forgets others; one for an origin is not sent anywhere else.
      ...(authorization === undefined
        ? {}
        : { [`http.${origin}/.extraHeader`]: `Authorization: ${authorization}` }),
      ...ca,
    },
    environment: {},
  };
}

async function authorizationOf(secret: ReadonlySet<string>, directory: string): Promise<string | undefined> {
  if (secret.has('bearerToken')) return `Bearer ${await oneLine(directory, 'bearerToken')}`;
  if (!secret.has('password')) {
    if (secret.has('ca.crt')) return undefined;
    throw unusable(
      directory,
      'it has neither password nor bearerToken',
      'write the token to a file password in it',
    );
  }
  const user = secret.has('username') ? await oneLine(directory, 'username') : 'git';
  const password = await oneLine(directory, 'password');
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

async function sshAccess(directory: string | undefined): Promise<GitAccess> {
  if (directory === undefined) {
    throw new GitFault(
      'SecretUnusable',
      'ssh needs a secretRef',
      'a directory with the files identity and known_hosts',
    );
  }
  const secret = await openSecret(directory);
  for (const name of ['identity', 'known_hosts']) {
    const hint =
      name === 'identity'
        ? '`ssh-keygen -t ed25519 -N "" -f identity`'
        : '`ssh-keyscan HOST > known_hosts`, and compare';
    if (!secret.has(name)) throw unusable(directory, `it has no ${name}`, hint);
  }
  if (!PLAIN_PATH.test(directory)) {
    throw unusable(
      directory,
      'its path has characters that ssh reads otherwise',
      'use letters, digits, /, - and _',
    );
  }
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${join(directory, 'known_hosts')}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    `ConnectTimeout=${TIMEOUT_SECONDS}`,
  ];
  const words = [
    'ssh',
    '-F',
    '/dev/null',
    '-i',
    join(directory, 'identity'),
    ...options.flatMap((each) => ['-o', each]),
  ];
  return {
    settings: {},
    environment: { GIT_SSH_COMMAND: words.map((word) => `'${word}'`).join(' '), GIT_SSH_VARIANT: 'ssh' },
  };
}

/** The names of the files in it, each of which nobody else may read. */
async function openSecret(directory: string): Promise<ReadonlySet<string>> {
  try {
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
    for (const name of ['password', 'bearerToken', 'identity'].filter((each) => names.includes(each))) {
      const { mode } = await stat(join(directory, name));
      if ((mode & 0o077) !== 0)
        throw unusable(directory, `others may use its ${name}`, `chmod 600 ${join(directory, name)}`);
    }
    return new Set(names);
  } catch (error) {
    if (error instanceof GitFault) throw error;
    throw unusable(directory, codeOf(error), 'make the directory, with a file for each credential');
  }
}

async function oneLine(directory: string, name: string): Promise<string> {
  try {
    const path = join(directory, name);
    if ((await stat(path)).size > LARGEST_BYTES) throw unusable(directory, `its ${name} is too large`);
    const text = (await readFile(path, 'utf8')).trim();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a second line would be another header.
    if (text === '' || /[\u0000-\u001f\u007f]/.test(text))
      throw unusable(directory, `its ${name} is not one line of text`);
    return text;
  } catch (error) {
    if (error instanceof GitFault) throw error;
    throw unusable(directory, `its ${name} cannot be read (${codeOf(error)})`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

const unusable = (directory: string, reason: string, hint?: string): GitFault =>
  new GitFault('SecretUnusable', `the secret ${directory} cannot be used: ${reason}`, hint);
