import { createHash, timingSafeEqual } from 'node:crypto';
import type { Problem } from '../model/problem.ts';

/** What the bearer of a token may do. */
export type Access = 'read-only' | 'read-write';

/** Tells what a bearer's token allows; undefined: it is none of ours. */
export type AccessOf = (token: string) => Access | undefined;

interface KnownToken {
  readonly access: Access;
  readonly digest: Buffer;
}

const LEAST_CHARACTERS = 32;
const MOST_TOKENS = 100;
const LINE = /^(read-only|read-write)[ \t]+(\S+)$/;
const HASHED = /^sha256:([0-9a-f]{64})$/;

/**
 * Reads a file of tokens: a line each, `read-only TOKEN` or `read-write TOKEN`, where the token may be given as
 * `sha256:` and its digest. Empty lines and those that begin with `#` say nothing. What is wrong never shows a token.
 */
export function parseTokens(
  file: string,
  text: string,
): { readonly accessOf: AccessOf; readonly problems: readonly Problem[] } {
  const tokens: KnownToken[] = [];
  const problems: Problem[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const read = readLine(line);
    if (typeof read !== 'string') tokens.push(read);
    else problems.push(fault(read, { file, line: index + 1, column: 1 }));
  }
  if (tokens.length === 0 && problems.length === 0) problems.push(fault(NONE, { file, line: 1, column: 1 }));
  if (tokens.length > MOST_TOKENS)
    problems.push(fault(`there are more than ${MOST_TOKENS} tokens`, { file, line: 1, column: 1 }));
  return { accessOf: (token) => findAccess(tokens, token), problems };
}

const NONE = 'there is no token: write a line such as `read-only TOKEN`, made by `openssl rand -hex 32`';

function readLine(line: string): KnownToken | string {
  const [, access, token = ''] = LINE.exec(line) ?? [];
  if (access !== 'read-only' && access !== 'read-write')
    return 'expected `read-only TOKEN` or `read-write TOKEN`';
  const hashed = HASHED.exec(token)?.[1];
  if (hashed !== undefined) return { access, digest: Buffer.from(hashed, 'hex') };
  if (token.length < LEAST_CHARACTERS) {
    return `the token is shorter than ${LEAST_CHARACTERS} characters: make one with \`openssl rand -hex 32\``;
  }
  return { access, digest: digestOf(token) };
}

/** Every token is compared, in a time that tells nothing of how much of it was right. */
function findAccess(tokens: readonly KnownToken[], token: string): Access | undefined {
  const digest = digestOf(token);
  let found: Access | undefined;
  for (const known of tokens) if (timingSafeEqual(known.digest, digest)) found ??= known.access;
  return found;
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const fault = (message: string, at: Problem['at']): Problem => ({
  severity: 'error',
  code: 'InvalidToken',
  message,
  at,
});
