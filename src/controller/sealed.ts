import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A value for the state directory that must not stand there in clear. The key comes from the engine's id, so that
 * there is none to lose; whoever may ask the engine for that may ask it for the secrets too. It keeps them out of
 * back-ups and of the eyes of those who read files.
 */
export function seal(value: unknown, engineId: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(engineId), iv);
  const body = Buffer.concat([cipher.update(gzipSync(JSON.stringify(value))), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

/** Undefined for what was sealed for another engine, or is damaged. */
export function unseal(sealed: string, engineId: string): unknown {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(engineId), bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const body = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(gunzipSync(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

const keyOf = (engineId: string): Buffer =>
  createHmac('sha256', 'stackctl sealed state v1').update(engineId).digest();
