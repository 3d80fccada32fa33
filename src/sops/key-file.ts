import { statSync } from 'node:fs';
import type { Files } from '../model/files.ts';

/** The identities of a key file, or why it cannot be used. */
export type ReadKeyFile =
  | { readonly ok: true; readonly identities: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly hint: string };

const OTHERS = 0o077;
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/;
/** Each is tried with each recipient. */
const MAX_IDENTITIES = 256;

/**
 * Reads a file of age identities, as `age-keygen` writes it and `SOPS_AGE_KEY_FILE` names it. It is refused when others
 * could read it or replace what it says. No message holds anything of its content.
 */
export function readKeyFile(path: string, files: Pick<Files, 'readText'>): ReadKeyFile {
  // First, so that who watches what is read sees this file change, whatever is wrong with it.
  const read = files.readText(path);
  const untrusted = whyUntrusted(path);
  if (untrusted !== undefined) return untrusted;
  if (!read.ok) return refused(path, read.message, 'check the path and who may read it');
  const identities: string[] = [];
  for (const [index, line] of read.text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    if (!IDENTITY.test(text)) {
      return refused(
        path,
        `line ${index + 1} is no age identity`,
        'each line is AGE-SECRET-KEY-1..., as age-keygen writes it; plugins, SSH keys and passphrases are not supported',
      );
    }
    identities.push(text);
  }
  if (identities.length === 0) return refused(path, 'it holds no identity', 'write one with age-keygen');
  if (identities.length > MAX_IDENTITIES) {
    return refused(path, `it holds more than ${MAX_IDENTITIES} identities`, 'keep those that are in use');
  }
  return { ok: true, identities };
}

function whyUntrusted(path: string): ReadKeyFile | undefined {
  try {
    const { mode, uid } = statSync(path);
    const us = process.geteuid?.() ?? uid;
    if (uid !== 0 && uid !== us) {
      return refused(path, `it belongs to user ${uid}`, 'chown it to root, or to who runs stackctld');
    }
    if ((mode & OTHERS) !== 0) return refused(path, 'others may read or write it', `chmod 600 ${path}`);
    return undefined;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be looked at (${code})`;
    return refused(path, reason, 'write one with age-keygen, or correct --sops-age-key-file');
  }
}

const refused = (path: string, reason: string, hint: string): ReadKeyFile => ({
  ok: false,
  message: `the age key file ${path} cannot be used: ${reason}`,
  hint,
});
