import { Failure } from '../../../src/model/failure.ts';
import { decode, encode } from '../../../src/store/document.ts';
import type { Store, StoreKind } from '../../../src/store/store.ts';
import { asStored, freeze } from '../../../src/store/value.ts';
import type { VirtualClock } from '../simulated/clock.ts';

/** What a document is after a daemon died while it was written. */
export const WRITE_CRASHES = [
  /** It did not come to the renaming. */
  'old',
  /** It did. */
  'new',
  /** The power went, and the file is there in part. */
  'torn',
] as const;
export type WriteCrash = (typeof WRITE_CRASHES)[number];

export interface DiskOptions {
  readonly clock: VirtualClock;
  readonly isAlive: () => boolean;
  /** Told of each write; an answer kills the daemon in it. */
  readonly onWrite: (number: number) => WriteCrash | undefined;
  readonly onCrash: () => void;
}

/** The state directory: what is in it outlives the daemon, encoded as the file store encodes it. */
export class Disk {
  readonly files = new Map<string, string>();
  readonly events: unknown[] = [];
  writes = 0;
  /** Every write is refused. */
  isFull = false;

  /** Opens it as a new daemon does: what is damaged is absent. */
  open(options: DiskOptions): Store {
    const { files, events } = this;
    const known = new Map<string, unknown>();
    for (const [path, text] of files) {
      const decoded = decode(text);
      if (decoded.ok) known.set(path, Object.freeze(decoded.value));
      else files.delete(path);
    }
    const pathOf = (kind: StoreKind, name: string) => `${kind}/${name}`;
    /** As JSON, of what is on the disk for certain: most writes change nothing, and need no more than to be known for such. */
    const kept = new Map<string, string>();
    const put = async (path: string, value: unknown): Promise<void> => {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined && kept.get(path) === text) return;
      kept.delete(path);
      if (text === undefined) known.delete(path);
      else known.set(path, freeze(JSON.parse(text)));
      const file =
        text === undefined ? undefined : encode(path.slice(path.indexOf('/') + 1), known.get(path));
      if (files.get(path) !== file) await this.#settle(path, file, options);
      if (text !== undefined && files.get(path) === file) kept.set(path, text);
    };
    return {
      read: (kind, name) => known.get(pathOf(kind, name)),
      list: (kind) =>
        [...known.keys()]
          .filter((path) => path.startsWith(`${kind}/`))
          .map((path) => path.slice(kind.length + 1))
          .sort(),
      write: (kind, name, value) => put(pathOf(kind, name), value),
      remove: (kind, name) => put(pathOf(kind, name), undefined),
      appendEvent: (event) => events.push(asStored(event)),
      readEvents: () => events.slice(-1000),
      flush: async () => undefined,
    };
  }

  async #settle(path: string, text: string | undefined, options: DiskOptions): Promise<void> {
    if (!options.isAlive()) return new Promise(() => undefined);
    this.writes += 1;
    const crash = options.onWrite(this.writes);
    if (crash !== undefined) {
      if (crash === 'new') this.#place(path, text);
      if (crash === 'torn') this.files.set(path, (text ?? '').slice(0, Math.floor((text ?? '').length / 2)));
      options.onCrash();
    }
    if (!options.isAlive()) return new Promise(() => undefined);
    await new Promise<void>((resolve) => options.clock.setTimer(resolve, 1));
    if (!options.isAlive()) return new Promise(() => undefined);
    if (this.isFull) throw new Failure('refused', 'state cannot be kept: ENOSPC');
    this.#place(path, text);
  }

  #place(path: string, text: string | undefined): void {
    if (text === undefined) this.files.delete(path);
    else this.files.set(path, text);
  }
}
