import { createHash, timingSafeEqual } from 'node:crypto';
import type { SealedValue } from '../model/files.ts';
import type { Position, Problem } from '../model/problem.ts';
import { glanceAt, isNamedSops, type SopsFormat } from './format.ts';
import { parseDotenvFile, parseIniFile } from './line-files.ts';
import { readMetadata, type SopsMetadata } from './metadata.ts';
import { ruleOf } from './rule.ts';
import {
  type Edit,
  type ParsedSealed,
  type SealedFile,
  type SealedLeaf,
  type Span,
  withEdits,
} from './sealed-file.ts';
import { parseTreeFile } from './tree-files.ts';
import { bytesForMac, type OpenedValue, openValue } from './value.ts';

/** What became of a text that might be a SOPS file. */
export type Opened =
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'opened';
      readonly text: string;
      /** As it is to be handed on. */
      readonly content: Uint8Array;
      /** Where the values are that were encrypted. */
      readonly sealed: readonly SealedValue[];
    }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** How a file's values are got at. */
export interface Key {
  /** Undefined: it is only to be shown, with a placeholder for each encrypted value. */
  readonly dataKey: Uint8Array | undefined;
}

/** Finds the key of a file, or says why there is none. */
export type FindKey = (
  metadata: SopsMetadata,
) => Key | { readonly problem: Omit<Problem, 'severity' | 'at'> };

/** Stands where an encrypted value would. */
export const PLACEHOLDER = '[encrypted]';

/**
 * Opens a file that `sops` encrypted, in memory: as `sops --decrypt` would print it, except that the layout stays and
 * encrypted comments go. Every value is authenticated, and so is their order. Never throws for what a file says.
 */
export function openSops(path: string, given: string, findKey: FindKey): Opened {
  const format = glanceAt(path, given);
  if (format === 'plain') return isNamedSops(path) ? notEncrypted(path) : { kind: 'plain' };
  if (format === 'broken') return cutOff(path);
  const parsed = parse(format, path, given);
  if (parsed.kind === 'plain') return isNamedSops(path) ? notEncrypted(path) : parsed;
  if (parsed.kind === 'broken') {
    return failed('SopsBroken', `the encrypted file cannot be read: ${parsed.message}`, parsed.at, AGAIN);
  }
  const { file } = parsed;
  const read = readMetadata(file.metadata);
  if (!read.ok) {
    return failed(read.code, `the file cannot be decrypted: ${read.message}`, file.metadataAt, read.hint);
  }
  const key = findKey(read.metadata);
  if ('problem' in key) {
    return { kind: 'failed', problem: { ...key.problem, severity: 'error', at: file.metadataAt } };
  }
  return decrypt(file, { metadata: read.metadata, dataKey: key.dataKey, isBinary: format === 'binary' });
}

const AGAIN = 'encrypt it again with sops, or take it from the repository again';

function parse(format: SopsFormat, path: string, text: string): ParsedSealed {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (format === 'dotenv') return parseDotenvFile(path, body);
  if (format === 'ini') return parseIniFile(path, body);
  return parseTreeFile(path, body);
}

interface Means {
  readonly metadata: SopsMetadata;
  readonly dataKey: Uint8Array | undefined;
  readonly isBinary: boolean;
}

/** A known text, so that a MAC over encrypted values alone is never one over all of them (from `sops`). */
const ONLY_ENCRYPTED = createHash('sha256').update('sops').digest();

function decrypt(file: SealedFile, { metadata, dataKey, isBinary }: Means): Opened {
  const isSealed = ruleOf(metadata.rule);
  if (isSealed === undefined) {
    const message = 'the file cannot be decrypted: the pattern in its sops block is no regular expression';
    return failed('SopsBroken', message, file.metadataAt, AGAIN);
  }
  const opened = openLeaves(file, isSealed, { metadata, dataKey });
  if ('problem' in opened) return { kind: 'failed', problem: opened.problem };
  const { values, digest } = opened;
  if (dataKey !== undefined && !isAuthentic(metadata, dataKey, digest)) return changed(file.metadataAt);
  const sealed = values.map(({ leaf: { path, at } }) => ({ path, at }));
  const data = isBinary ? values.find(({ leaf }) => leaf.keys[0] === 'data')?.bytes : undefined;
  const edits = values.map((value): Edit => ({ ...value.span, by: file.write(value) }));
  const text = data?.toString('utf8') ?? withEdits(file.body, [...file.cuts, ...edits]);
  return { kind: 'opened', text, content: data ?? Buffer.from(text), sealed };
}

type Wrong = { readonly problem: Problem };
type OpenedLeaf = OpenedValue & { readonly span: Span; readonly leaf: SealedLeaf };

/** All encrypted values, and the digest of all that the MAC is over. */
function openLeaves(
  { leaves }: SealedFile,
  isSealed: (keys: readonly string[]) => boolean,
  { metadata: { macOnlyEncrypted }, dataKey }: Pick<Means, 'metadata' | 'dataKey'>,
): Wrong | { readonly values: readonly OpenedLeaf[]; readonly digest: Buffer } {
  const hash = createHash('sha512');
  if (macOnlyEncrypted) hash.update(ONLY_ENCRYPTED);
  const values: OpenedLeaf[] = [];
  for (const leaf of leaves) {
    // `sops` leaves null and the empty text alone.
    if (leaf.clear === undefined || leaf.text === '') continue;
    if (!isSealed(leaf.keys)) {
      if (!macOnlyEncrypted) hash.update(leaf.clear);
      continue;
    }
    const value = openLeaf(leaf, dataKey);
    if ('problem' in value) return value;
    hash.update(bytesForMac(value));
    values.push(value);
  }
  return { values, digest: hash.digest() };
}

/** What an encrypted value said, or the placeholder for it, and where it stands. */
function openLeaf(leaf: SealedLeaf, dataKey: Uint8Array | undefined): OpenedLeaf | Wrong {
  const { text, span, at, keys } = leaf;
  const broken = (message: string, hint: string): Wrong => ({
    problem: { severity: 'error', code: 'SopsBroken', message, at, hint },
  });
  if (text === undefined || span === undefined) {
    return broken('this value is to be encrypted and is not', 'edit the file with sops');
  }
  if (dataKey === undefined) return { type: 'str', bytes: Buffer.from(PLACEHOLDER), span, leaf };
  const value = openValue(text, dataKey, `${keys.join(':')}:`);
  return value === undefined
    ? broken('this encrypted value is damaged, or was moved here', AGAIN)
    : { ...value, span, leaf };
}

function isAuthentic({ mac, lastModified }: SopsMetadata, dataKey: Uint8Array, digest: Buffer): boolean {
  const expected = openValue(mac, dataKey, lastModified)?.bytes.toString('latin1');
  const wanted = Buffer.from(expected ?? '', 'hex');
  return wanted.length === digest.length && timingSafeEqual(wanted, digest);
}

function failed(code: string, message: string, at: Position, hint: string): Opened {
  return { kind: 'failed', problem: { severity: 'error', code, message, at, hint } };
}

const changed = (at: Position): Opened =>
  failed(
    'SopsMacMismatch',
    'the file was changed after it was encrypted: its MAC does not fit',
    at,
    'take it from the repository again, or edit it with sops, which writes a new MAC',
  );

const notEncrypted = (file: string): Opened =>
  failed(
    'SopsNotEncrypted',
    'the file is called as if it were encrypted, and is not',
    { file, line: 1, column: 1 },
    'encrypt it with "sops --encrypt --in-place", or take ".sops" out of its name',
  );

const cutOff = (file: string): Opened =>
  failed(
    'SopsBroken',
    'the file has encrypted values and no sops block: it may be cut off',
    { file, line: 1, column: 1 },
    AGAIN,
  );
