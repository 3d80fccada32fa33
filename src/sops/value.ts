import { createDecipheriv } from 'node:crypto';

/** A value as it was before it was encrypted. */
export interface OpenedValue {
  readonly type: 'str' | 'int' | 'float' | 'bool' | 'bytes' | 'time' | 'comment';
  readonly bytes: Buffer;
}

const SEALED = /^ENC\[AES256_GCM,data:([^,\]]*),iv:([^,\]]+),tag:([^,\]]+),type:([a-z]+)\]$/;
const TYPES: ReadonlySet<string> = new Set(['str', 'int', 'float', 'bool', 'bytes', 'time', 'comment']);
const TAG_BYTES = 16;

const isType = (type: string): type is OpenedValue['type'] => TYPES.has(type);

export function isSealedValue(text: string): boolean {
  return text.startsWith('ENC[AES256_GCM,') && SEALED.test(text);
}

/**
 * Decrypts one value of a SOPS file: AES-256-GCM with a nonce of any length, where `bound` (the path of its keys, each
 * with a colon behind it) is authenticated too. Undefined when it is damaged, or was moved here from elsewhere.
 */
export function openValue(text: string, dataKey: Uint8Array, bound: string): OpenedValue | undefined {
  const [, data, iv, tag, type = ''] = SEALED.exec(text) ?? [];
  if (data === undefined || iv === undefined || tag === undefined || !isType(type)) return undefined;
  const authTag = Buffer.from(tag, 'base64');
  // A shorter one would be easy to guess.
  if (authTag.length !== TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, Buffer.from(iv, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(bound));
    decipher.setAuthTag(authTag);
    const bytes = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]);
    return { type, bytes };
  } catch {
    return undefined;
  }
}

/** As `sops` hashes it: booleans in title case, all else as it is. */
export function bytesForMac({ type, bytes }: OpenedValue): Buffer {
  if (type !== 'bool') return bytes;
  return Buffer.from(/^(?:1|t|true)$/i.test(bytes.toString('utf8')) ? 'True' : 'False');
}
