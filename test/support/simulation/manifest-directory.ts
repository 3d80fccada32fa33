import { createHash } from 'node:crypto';
import type { FileLook, Files } from '../../../src/model/files.ts';
import type { Source, SourceScan } from '../../../src/source/source.ts';
import type { VirtualClock } from '../simulated/clock.ts';

export const ROOT = '/manifests';
const DEBOUNCE_MS = 250;
const LOOKING_MS = 3;

/**
 * A directory of manifests, as its source presents it: what is gone from one that is empty, missing or replaced is not
 * trusted. Paths are relative to it; files that are no manifests are data.
 */
export class ManifestDirectory {
  readonly #files = new Map<string, string>();
  readonly #watchers = new Set<() => void>();
  readonly #clock: VirtualClock;
  /** Not mounted, say. */
  isMissing = false;
  /** The first of its files cannot be listed. */
  isPartial = false;
  /** Nobody is told of changes. */
  isSilent = false;
  /** Counts the changes. */
  #version = 0;

  readonly #root: string;

  constructor(clock: VirtualClock, root = ROOT) {
    this.#clock = clock;
    this.#root = root;
  }

  get texts(): ReadonlyMap<string, string> {
    return this.#files;
  }

  write(path: string, text: string): void {
    this.#files.set(path, text);
    this.#changed();
  }

  remove(path: string): void {
    this.#files.delete(path);
    this.#changed();
  }

  /** What one daemon sees of it. */
  source(isAlive: () => boolean): Source {
    let knewFiles = false;
    return {
      kind: 'directory',
      name: this.#root,
      scan: async () => {
        await this.#wait(LOOKING_MS, isAlive);
        const scan = this.#scan(knewFiles);
        knewFiles ||= scan.files.length > 0;
        return scan;
      },
      changes: (signal) => this.#changes(signal, isAlive),
    };
  }

  /** How the data files are read. */
  get dataFiles(): Files {
    const textOf = (path: string) =>
      this.isMissing ? undefined : this.#files.get(path.replace(`${this.#root}/`, ''));
    const isDirectory = (path: string) =>
      [...this.#files.keys()].some((file) => `${this.#root}/${file}`.startsWith(`${path}/`));
    return {
      readText: (path) => {
        const text = textOf(path);
        return text === undefined
          ? { ok: false, reason: 'missing', message: `${path} does not exist` }
          : { ok: true, text };
      },
      digestFile: (path) => {
        const text = textOf(path);
        return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
      },
      digestContext: () => undefined,
      kind: (path) => {
        if (textOf(path) !== undefined) return 'file';
        return isDirectory(path) ? 'directory' : 'missing';
      },
      realPath: (path) => path,
    };
  }

  /** Its stamp names the content. */
  look(path: string): FileLook {
    const { dataFiles } = this;
    return {
      kind: dataFiles.kind(path),
      stamp: dataFiles.digestFile(path) ?? '',
      isSettled: true,
      place: path,
    };
  }

  #scan(knewFiles: boolean): SourceScan {
    const none: SourceScan = { trusted: false, reason: undefined, revision: '', files: [], unreadable: [] };
    if (this.isMissing) return { ...none, reason: 'the directory is missing' };
    const files = [...this.#files]
      .filter(([path]) => /\.ya?ml$/.test(path))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, text]) => ({ path: `${this.#root}/${path}`, relativePath: path, text }));
    if (this.isPartial)
      return { ...none, reason: 'a part of the directory cannot be read', files: files.slice(1) };
    if (files.length === 0 && knewFiles) {
      return { ...none, reason: 'the directory has no manifests any more' };
    }
    const revision = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    return { trusted: true, reason: undefined, revision, files, unreadable: [] };
  }

  async *#changes(signal: AbortSignal, isAlive: () => boolean): AsyncGenerator<void> {
    let seen = this.#version;
    while (!signal.aborted && isAlive()) {
      if (seen === this.#version || this.isSilent) await this.#nextChange();
      await this.#wait(DEBOUNCE_MS, isAlive);
      seen = this.#version;
      yield;
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#watchers.delete(wake);
        resolve();
      };
      this.#watchers.add(wake);
    });
  }

  async #wait(ms: number, isAlive: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.setTimer(resolve, ms));
    if (!isAlive()) await new Promise(() => undefined);
  }

  #changed(): void {
    this.#version += 1;
    if (!this.isSilent) for (const wake of [...this.#watchers]) wake();
  }
}
