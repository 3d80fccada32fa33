import { createHash } from 'node:crypto';
import { armor, Decrypter } from 'age-encryption';
import type { Files } from '../model/files.ts';
import { type ReadKeyFile, readKeyFile } from './key-file.ts';
import type { SopsMetadata } from './metadata.ts';
import { type FindKey, type Opened, openSops } from './open.ts';

/** Opens texts that may be SOPS files. */
export interface Opener {
  open(path: string, text: string): Opened;
}

/** Shows SOPS files without decrypting anything: for who has no business with their values. */
export const veiled: Opener = {
  open: (path, text) => openSops(path, text, () => ({ dataKey: undefined })),
};

/** Opens none. */
export const keyless: Opener = {
  open: (path, text) => openSops(path, text, () => ({ problem: NO_KEY })),
};

/** Each round finds at least one data key more; files that name files that name files are no deeper than this. */
const MAX_ROUNDS = 64;
/** Data keys that are remembered. */
const MAX_KEYS = 1000;
const DATA_KEY_BYTES = 32;

/**
 * Opens SOPS files with the identities of one file. These are read again for each task, so that a new one counts at
 * once; neither they nor the data keys leave the memory of the thread.
 */
export class Keyring {
  readonly #path: string | undefined;
  /** Data keys by what they are encrypted as; undefined when no identity fits. */
  readonly #dataKeys = new Map<string, Uint8Array | undefined>();
  #identities = '';

  /** Without a file every SOPS file is a problem. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * Runs a task that is done at once and opens files. To decrypt a data key takes a while: whenever the task wanted
   * one that is not known yet, it is decrypted and the task runs again, so it must have no effects.
   */
  async run<T>(task: (openerWith: (files: Pick<Files, 'readText'>) => Opener) => T): Promise<T> {
    for (let round = 1; ; round += 1) {
      const wanted = new Map<string, SopsMetadata>();
      let keys: ReadKeyFile | undefined;
      const openerWith = (files: Pick<Files, 'readText'>): Opener => ({
        open: (path, text) =>
          openSops(path, text, (metadata) => {
            keys ??= this.#readKeys(files);
            return this.#find(metadata, keys, wanted);
          }),
      });
      const result = task(openerWith);
      if (wanted.size === 0 || keys?.ok !== true || round === MAX_ROUNDS) return result;
      for (const [id, metadata] of wanted) {
        this.#remember(id, await decryptDataKey(metadata, keys.identities));
      }
    }
  }

  #readKeys(files: Pick<Files, 'readText'>): ReadKeyFile | undefined {
    if (this.#path === undefined) return undefined;
    const read = readKeyFile(this.#path, files);
    const identities = read.ok ? read.identities.join() : '';
    if (identities !== this.#identities) this.#dataKeys.clear();
    this.#identities = identities;
    return read;
  }

  #find(
    metadata: SopsMetadata,
    keys: ReadKeyFile | undefined,
    wanted: Map<string, SopsMetadata>,
  ): ReturnType<FindKey> {
    if (metadata.age.length === 0) return { problem: withoutAge(metadata) };
    if (keys === undefined) return { problem: NO_KEY };
    if (!keys.ok) return { problem: { code: 'SopsKeyFile', message: keys.message, hint: keys.hint } };
    const id = idOf(metadata);
    const dataKey = this.#dataKeys.get(id);
    if (dataKey !== undefined) return { dataKey };
    if (!this.#dataKeys.has(id)) wanted.set(id, metadata);
    return { problem: wrongKey(metadata) };
  }

  #remember(id: string, dataKey: Uint8Array | undefined): void {
    this.#dataKeys.set(id, dataKey);
    for (const oldest of this.#dataKeys.keys()) {
      if (this.#dataKeys.size <= MAX_KEYS) break;
      this.#dataKeys.delete(oldest);
    }
  }
}

const idOf = ({ age }: SopsMetadata): string =>
  createHash('sha256')
    .update(JSON.stringify(age.map(({ enc }) => enc)))
    .digest('hex');

/** Undefined when none of the identities is a recipient's. */
async function decryptDataKey(
  { age }: SopsMetadata,
  identities: readonly string[],
): Promise<Uint8Array | undefined> {
  const decrypter = new Decrypter();
  // One with a wrong checksum fits nothing.
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {}
  }
  for (const { enc } of age) {
    try {
      const dataKey = await decrypter.decrypt(armor.decode(enc));
      if (dataKey.length === DATA_KEY_BYTES) return dataKey;
    } catch {
      // It is for somebody else, or damaged: the next one may do.
    }
  }
  return undefined;
}

type Why = Extract<ReturnType<FindKey>, { problem: unknown }>['problem'];

const NO_KEY: Why = {
  code: 'SopsNoKey',
  message: 'the file is encrypted, and stackctld has no age key',
  hint: 'start stackctld with --sops-age-key-file, or set SOPS_AGE_KEY_FILE for it',
};

const withoutAge = ({ otherServices }: SopsMetadata): Why => ({
  code: 'SopsUnsupported',
  message: `the file is encrypted for ${otherServices.join(', ') || 'nobody'}, and for no age recipient`,
  hint: 'add an age recipient: sops rotate --in-place --add-age age1... FILE',
});

const wrongKey = ({ age }: SopsMetadata): Why => ({
  code: 'SopsWrongKey',
  message: 'the age key of stackctld does not fit the file',
  hint: `it is encrypted for ${recipientsOf(age)}; add the recipient of the key with "sops updatekeys"`,
});

function recipientsOf(age: SopsMetadata['age']): string {
  const shown = age.slice(0, 3).map(({ recipient }) => recipient.slice(0, 70));
  const more = age.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
