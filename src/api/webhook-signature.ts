import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Headers with a digest over the body: GitHub's, Gitea's and Forgejo's, and Flux's for everybody else. */
const DIGESTS = [
  'x-hub-signature-256',
  'x-gitea-signature',
  'x-forgejo-signature',
  'x-gogs-signature',
  'x-signature',
];
/** GitLab sends the secret itself. */
const TOKEN = 'x-gitlab-token';

/**
 * Whether whoever sent this knows the secret. Every proof that is there must be right, and one must be there. The time
 * it takes says nothing about how much of a proof was right.
 */
export function isSigned(headers: Headers, body: Buffer, secret: string): boolean {
  if (secret === '') return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  const verdicts: boolean[] = [];
  for (const name of DIGESTS) {
    const value = headers[name];
    if (value !== undefined) verdicts.push(isDigest(value, expected));
  }
  const token = headers[TOKEN];
  if (token !== undefined)
    verdicts.push(typeof token === 'string' && isSame(digestOf(token), digestOf(secret)));
  return verdicts.length > 0 && verdicts.every(Boolean);
}

function isDigest(value: string | readonly string[], expected: Buffer): boolean {
  if (typeof value !== 'string') return false;
  const match = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(value);
  return isSame(Buffer.from(match?.[1] ?? '', 'hex'), expected);
}

/** Of equal length whatever was sent. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const isSame = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
