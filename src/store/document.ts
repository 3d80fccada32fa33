import { createHash } from 'node:crypto';

/** Of the file format. A file of another version is put aside, not guessed at. */
const VERSION = 1;
const MAX_NAME_BYTES = 180;

/** A stored value as a file: JSON with a checksum, so that a torn or edited file is known for one. */
export function encode(name: string, value: unknown): string {
  const text = JSON.stringify(value);
  const head = { version: VERSION, name, checksum: checksum(name, text) };
  // The value as it is: it may be long, and was made a text already.
  return `${JSON.stringify(head).slice(0, -1)},"value":${text}}\n`;
}

export type Decoded =
  | { readonly ok: true; readonly name: string; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

export function decode(text: string): Decoded {
  const document = parse(text);
  if (document === undefined) return { ok: false, reason: 'is not JSON' };
  if (document['version'] !== VERSION) return { ok: false, reason: 'has an unknown version' };
  const { name, value } = document;
  if (typeof name !== 'string' || document['checksum'] !== checksum(name, JSON.stringify(value))) {
    return { ok: false, reason: 'does not match its checksum' };
  }
  return { ok: true, name, value };
}

/**
 * A name as a file name that is safe (no separators, no leading dot) and its own: different names never share one.
 * Names too long for a file system are hashed; `~` occurs in no other.
 */
export function fileNameOf(name: string): string {
  const escaped = [...Buffer.from(name)].map(escapeByte).join('');
  if (escaped.length <= MAX_NAME_BYTES && escaped !== '') return `${escaped}.json`;
  return `~${createHash('sha256').update(name).digest('hex')}.json`;
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
}

/** `text`: the value as JSON. */
function checksum(name: string, text: string | undefined): string {
  return createHash('sha256')
    .update(`[${JSON.stringify(name)},${text}]`)
    .digest('hex');
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
