import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Failure } from '../model/failure.ts';
import { Pulse } from './pulse.ts';
import { revisionOf } from './revision.ts';
import type { Source, SourceFile, SourceScan } from './source.ts';
import { type ReadAttempt, readStable } from './stable-read.ts';
import { DIRECTORY_LIMITS, type DirectoryLimits, type Survey, survey } from './survey.ts';
import { type SourceLog, watchTree } from './watch.ts';

export interface DirectorySourceOptions {
  /** Made absolute. A symbolic link is resolved anew at every look, and may be pointed elsewhere. */
  readonly root: string;
  /** In the root, with gitignore's syntax. */
  readonly ignoreFile?: string;
  /** A file that was touched more recently is taken for half-written. */
  readonly debounceMs?: number;
  /** How long a scan waits for files that are being written, and a burst of changes may delay the signal. */
  readonly maxDelayMs?: number;
  /** How often the path is resolved again, to notice that another directory stands there. */
  readonly pollMs?: number;
  /** For how long another directory under the same path must stay before absences in it count. */
  readonly repinMs?: number;
  readonly limits?: Partial<DirectoryLimits>;
  readonly log?: SourceLog;
}

/**
 * A directory of manifests (reliability R10, R19). Paths of files are below the root as it was configured, not as
 * resolved, so that a root that is a link to the present release does not change every path with each release.
 */
export function createDirectorySource(options: DirectorySourceOptions): Source {
  return new DirectorySource({
    ignoreFile: '.stackctlignore',
    debounceMs: 250,
    maxDelayMs: 5000,
    pollMs: 3000,
    repinMs: 30_000,
    log: undefined,
    ...options,
    root: resolve(options.root),
    limits: { ...DIRECTORY_LIMITS, ...options.limits },
  });
}

interface Settings {
  readonly root: string;
  readonly ignoreFile: string;
  readonly debounceMs: number;
  readonly maxDelayMs: number;
  readonly pollMs: number;
  readonly repinMs: number;
  readonly limits: DirectoryLimits;
  readonly log: SourceLog | undefined;
}

interface Reading {
  readonly files: readonly SourceFile[];
  readonly unreadable: SourceScan['unreadable'];
  readonly faults: readonly string[];
}

const READS_AT_ONCE = 8;

class DirectorySource implements Source {
  readonly kind = 'directory';
  readonly name: string;
  readonly #settings: Settings;
  readonly #trust: Trust;
  /** Of the tree when it was last looked at, by whomever. */
  #fingerprint: string | undefined;

  constructor(settings: Settings) {
    this.name = settings.root;
    this.#settings = settings;
    this.#trust = new Trust(settings.repinMs);
  }

  async scan(signal: AbortSignal): Promise<SourceScan> {
    try {
      const { survey: seen } = await this.#look(signal);
      const reading = await this.#read(seen, signal);
      const distrust = this.#trust.judge(seen, reading);
      return {
        trusted: distrust === undefined,
        reason: distrust,
        revision: revisionOf(reading.files.map(({ relativePath, text }) => ({ path: relativePath, text }))),
        files: reading.files,
        unreadable: reading.unreadable,
      };
    } catch (error) {
      if (signal.aborted) throw new Failure('superseded', 'the scan was given up', { cause: error });
      throw error;
    }
  }

  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    const { root, debounceMs, maxDelayMs, pollMs, log } = this.#settings;
    const pulse = new Pulse({ debounceMs, maxDelayMs });
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) stop.abort();
    const look = (until: AbortSignal) => this.#look(until);
    const watching = watchTree({ path: root, pollMs, look, touched: () => pulse.touch(), log }, stop.signal);
    // A watch that breaks is a bug: it must end the iteration, not go unnoticed.
    watching.then(onAbort, onAbort);
    try {
      while (await pulse.next(stop.signal)) yield;
    } finally {
      signal.removeEventListener('abort', onAbort);
      stop.abort();
      pulse.stop();
      await watching;
    }
  }

  async #look(signal: AbortSignal): Promise<{ survey: Survey; changed: boolean }> {
    const { root, ignoreFile, limits } = this.#settings;
    const seen = await survey(root, ignoreFile, limits, signal);
    const changed = seen.fingerprint !== this.#fingerprint;
    this.#fingerprint = seen.fingerprint;
    return { survey: seen, changed };
  }

  /** Reads what settles within `maxDelayMs`; what is still being written then is unreadable for this time. */
  async #read(seen: Survey, signal: AbortSignal): Promise<Reading> {
    const { debounceMs, maxDelayMs } = this.#settings;
    const desk = new Desk(this.#settings.root, this.#settings.limits.totalBytes);
    const untilMs = performance.now() + maxDelayMs;
    let waiting = seen.manifests;
    while (waiting.length > 0) {
      waiting = desk.file(waiting, await this.#attempt(seen.root ?? '', waiting, signal));
      if (waiting.length === 0) break;
      if (performance.now() >= untilMs) {
        for (const path of waiting) desk.refuse(path, 'is still being written');
        break;
      }
      await sleep(debounceMs, undefined, { signal });
    }
    return desk.reading();
  }

  async #attempt(
    root: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ReadAttempt[]> {
    const limits = { fileBytes: this.#settings.limits.fileBytes, quietMs: this.#settings.debounceMs };
    return pLimit(READS_AT_ONCE).map(paths, (path) => {
      signal.throwIfAborted();
      return readStable(join(root, path), root, limits);
    });
  }
}

/** Gathers what became of each file of one scan. */
class Desk {
  readonly #root: string;
  readonly #files: SourceFile[] = [];
  readonly #unreadable: { path: string; relativePath: string; reason: string }[] = [];
  readonly #faults: string[] = [];
  #bytesLeft: number;

  constructor(root: string, totalBytes: number) {
    this.#root = root;
    this.#bytesLeft = totalBytes;
  }

  /** Answers the paths that are worth another attempt. */
  file(paths: readonly string[], attempts: readonly ReadAttempt[]): readonly string[] {
    return paths.filter((path, index) => {
      const attempt = attempts[index];
      if (attempt?.kind === 'text') this.#take(path, attempt.text);
      else if (attempt?.kind === 'unreadable') this.refuse(path, attempt.reason);
      return attempt?.kind === 'unsettled';
    });
  }

  refuse(relativePath: string, reason: string): void {
    this.#unreadable.push({ path: join(this.#root, relativePath), relativePath, reason });
  }

  reading(): Reading {
    const order = (a: { relativePath: string }, b: { relativePath: string }) =>
      a.relativePath < b.relativePath ? -1 : 1;
    return { files: this.#files.sort(order), unreadable: this.#unreadable.sort(order), faults: this.#faults };
  }

  #take(relativePath: string, text: string): void {
    this.#bytesLeft -= Buffer.byteLength(text);
    if (this.#bytesLeft >= 0) {
      this.#files.push({ path: join(this.#root, relativePath), relativePath, text });
      return;
    }
    this.refuse(relativePath, 'does not fit into what is read of one source');
    if (this.#faults.length === 0)
      this.#faults.push('the files that may be manifests are too large together');
  }
}

/**
 * Whether what is absent from a reading says anything. A directory is known by its device and inode and by what is
 * mounted below it. When another one stands under the path (a replaced directory, an unmounted disk), its files
 * count at once, but absences only after two scans, `repinMs` apart, found the same one: then it was meant.
 */
class Trust {
  readonly #repinMs: number;
  #pinned: string | undefined;
  #other: { readonly identity: string; readonly sinceMs: number } | undefined;
  #filesKnown = false;

  constructor(repinMs: number) {
    this.#repinMs = repinMs;
  }

  /** Undefined when the reading can be relied on; otherwise why not. */
  judge(seen: Survey, reading: Reading): string | undefined {
    const fault = seen.faults[0] ?? reading.faults[0];
    if (fault !== undefined || seen.identity === undefined) return fault ?? 'the directory cannot be read';
    const isEmpty = reading.files.length === 0 && reading.unreadable.length === 0;
    // An empty directory never becomes the one that is trusted: that is what an unmounted disk leaves.
    if (isEmpty && this.#filesKnown) return 'the directory has no manifests any more';
    if (!this.#isPinned(seen.identity)) return 'another directory stands where the known one was';
    this.#filesKnown ||= !isEmpty;
    return undefined;
  }

  #isPinned(identity: string): boolean {
    this.#pinned ??= identity;
    if (identity === this.#pinned) {
      this.#other = undefined;
      return true;
    }
    const nowMs = performance.now();
    if (this.#other?.identity !== identity) {
      this.#other = { identity, sinceMs: nowMs };
      return false;
    }
    if (nowMs - this.#other.sinceMs < this.#repinMs) return false;
    this.#pinned = identity;
    this.#other = undefined;
    return true;
  }
}
