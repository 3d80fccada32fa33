import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../model/failure.ts';
import { putAside, readBounded, removeDurably, removeTemporaries, writeAtomic } from './atomic-file.ts';
import { type Decoded, decode, encode, fileNameOf } from './document.ts';
import { EVENT_LIMITS, type EventLimits, EventLog } from './event-log.ts';
import type { Store, StoreKind } from './store.ts';
import { asStored, freeze } from './value.ts';

/** As much of a logger as this room needs; pino's is one. */
export interface StoreLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface FileStoreOptions {
  /** The store's own: 0700, made when missing; refused when others own it or may write to it. */
  readonly directory: string;
  readonly log?: StoreLog;
  readonly events?: Partial<EventLimits>;
}

/**
 * A store of one JSON file for each kind and name, read whole at the start: `KIND/NAME.json`, and events beside
 * them. One process uses a directory at a time (the lock sees to it). A value that was written counts at once for
 * readers, and is durable when the promise fulfils; when the disk refuses it, the promise rejects with `Failure`
 * `refused` and the next write or flush tries again. Throws `Failure` when the directory cannot be used.
 */
export async function createFileStore(options: FileStoreOptions): Promise<Store> {
  try {
    return new FileStore(options);
  } catch (error) {
    throw new Failure('refused', `the state directory cannot be used: ${(error as Error).message}`, {
      cause: error,
      hint: 'give the daemon a directory of its own (mode 0700), or make a new one when somebody else could write to it',
    });
  }
}

const KINDS: Readonly<Record<StoreKind, true>> = {
  memory: true,
  applied: true,
  'last-good': true,
  stack: true,
  suspended: true,
  adopted: true,
  rollout: true,
  revisions: true,
  tombstone: true,
  deletions: true,
  repository: true,
  daemon: true,
};
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;

/** What the disk has after a write that failed: the old, the new, or neither. */
const UNKNOWN = Symbol('unknown');

/** One document. `wanted` counts; `durable` is what the disk has: they differ while a write is under way or failed. */
interface Entry {
  wanted: unknown;
  durable: unknown;
  queue: Promise<void>;
}

class FileStore implements Store {
  readonly #directory: string;
  readonly #log: StoreLog | undefined;
  readonly #entries = new Map<StoreKind, Map<string, Entry>>();
  readonly #events: EventLog;

  constructor({ directory, log, events }: FileStoreOptions) {
    this.#directory = directory;
    this.#log = log;
    makePrivate(directory);
    for (const kind of Object.keys(KINDS) as StoreKind[]) this.#entries.set(kind, this.#load(kind));
    this.#events = new EventLog(directory, { ...EVENT_LIMITS, ...events }, (error) => {
      log?.warn({ err: error }, 'events could not be kept');
    });
  }

  read(kind: StoreKind, name: string): unknown {
    return this.#entries.get(kind)?.get(name)?.wanted;
  }

  list(kind: StoreKind): readonly string[] {
    const entries = [...(this.#entries.get(kind) ?? [])];
    return entries.flatMap(([name, entry]) => (entry.wanted === undefined ? [] : [name])).sort();
  }

  async write(kind: StoreKind, name: string, value: unknown): Promise<void> {
    const entry = this.#entry(kind, name);
    entry.wanted = asStored(value);
    await this.#settleInTurn(kind, name, entry);
  }

  async remove(kind: StoreKind, name: string): Promise<void> {
    await this.write(kind, name, undefined);
  }

  appendEvent(event: unknown): void {
    this.#events.append(event);
  }

  readEvents(): readonly unknown[] {
    return this.#events.read();
  }

  async flush(): Promise<void> {
    const writes = [...this.#entries].flatMap(([kind, entries]) =>
      [...entries].map(([name, entry]) => this.#settleInTurn(kind, name, entry)),
    );
    const settled = await Promise.allSettled([...writes, this.#events.flush()]);
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #entry(kind: StoreKind, name: string): Entry {
    const entries = this.#entries.get(kind) ?? new Map<string, Entry>();
    this.#entries.set(kind, entries);
    const entry = entries.get(name) ?? { wanted: undefined, durable: undefined, queue: Promise.resolve() };
    entries.set(name, entry);
    return entry;
  }

  #settleInTurn(kind: StoreKind, name: string, entry: Entry): Promise<void> {
    entry.queue = entry.queue.catch(() => undefined).then(() => this.#settle(kind, name, entry));
    return entry.queue;
  }

  /** Brings the disk to what is wanted by now; of several writes in a row, the last one is enough. */
  async #settle(kind: StoreKind, name: string, entry: Entry): Promise<void> {
    const { wanted } = entry;
    if (!isDeepStrictEqual(wanted, entry.durable)) {
      entry.durable = UNKNOWN;
      const path = join(this.#directory, kind, fileNameOf(name));
      const settle = () =>
        wanted === undefined ? removeDurably(path) : writeAtomic(path, encode(name, wanted));
      try {
        await settle().catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          this.#makeAgain();
          return settle();
        });
      } catch (error) {
        throw new Failure('refused', `state cannot be kept: ${(error as Error).message}`, {
          cause: error,
          hint: 'see that the state directory is writable and its disk is not full',
        });
      }
      entry.durable = wanted;
    }
    if (wanted === undefined && entry.wanted === undefined) this.#entries.get(kind)?.delete(name);
  }

  /** Somebody removed the directory under us: made again, with all that is known of what it had. */
  #makeAgain(): void {
    this.#log?.warn({ directory: this.#directory }, 'the state directory was removed, and is made again');
    makePrivate(this.#directory);
    for (const [kind, entries] of this.#entries) {
      makePrivate(join(this.#directory, kind));
      for (const [name, entry] of entries) {
        // What is under way, or failed, sees to itself.
        if (entry.durable === UNKNOWN) continue;
        entry.durable = UNKNOWN;
        this.#settleInTurn(kind, name, entry).catch((error: unknown) =>
          this.#log?.warn({ err: error }, 'state could not be kept again'),
        );
      }
    }
  }

  #load(kind: StoreKind): Map<string, Entry> {
    const directory = join(this.#directory, kind);
    makePrivate(directory);
    removeTemporaries(directory);
    const entries = new Map<string, Entry>();
    for (const fileName of readdirSync(directory)) {
      if (!fileName.endsWith('.json')) continue;
      const document = this.#loadDocument(join(directory, fileName), fileName);
      if (document === undefined) continue;
      const value = freeze(document.value);
      entries.set(document.name, { wanted: value, durable: value, queue: Promise.resolve() });
    }
    return entries;
  }

  #loadDocument(
    path: string,
    fileName: string,
  ): { readonly name: string; readonly value: unknown } | undefined {
    const read = readDocument(path);
    if (read.ok && fileNameOf(read.name) === fileName) return read;
    const reason = read.ok ? 'belongs to another name' : read.reason;
    try {
      const movedTo = putAside(path);
      this.#log?.warn({ path, reason, movedTo }, 'damaged state was put aside');
    } catch (error) {
      this.#log?.warn({ path, reason, err: error }, 'damaged state cannot be put aside');
    }
    return undefined;
  }
}

function readDocument(path: string): Decoded {
  try {
    return decode(readBounded(path, MAX_DOCUMENT_BYTES));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A shortage of ours says nothing about the file: rather not start than put good state aside.
    if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') throw error;
    return { ok: false, reason: code === undefined ? message : `cannot be read (${code})` };
  }
}

/** What others could have put there, a tombstone above all, would be acted on: closing the door now is too late. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(directory);
  const ownUid = process.getuid?.();
  if (uid !== ownUid && uid !== 0) throw new Error(`${directory} belongs to another user (uid ${uid})`);
  if ((mode & 0o022) !== 0) throw new Error(`others may write to ${directory}`);
  chmodSync(directory, 0o700);
}
