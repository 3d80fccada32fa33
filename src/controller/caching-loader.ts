import equal from 'fast-deep-equal';
import type { ManifestFile } from '../manifest/stack.ts';
import type { Admission } from '../model/admission.ts';
import type { EngineInfo } from '../model/observed.ts';
import { type FileRead, isSame } from './file-reads.ts';
import type { TracedWish, TracingLoader } from './in-process-loader.ts';
import type { DeclaredStack, FoundDeclarations, Loader } from './loader.ts';

export interface CacheOptions {
  readonly monotonicMs: () => number;
  /** Even what seems unchanged is read again after this, should a file system not tell of changes. */
  readonly maxAgeMs?: number;
  /** How many answers are kept, of each kind. */
  readonly entries?: number;
}

const TEN_MINUTES_MS = 600_000;

/**
 * Answers from memory while the same question would give the same answer: the texts, the engine and every file that
 * was looked at are as they were. Passes of a stack that has converged then parse nothing.
 */
export function createCachingLoader(loader: TracingLoader, options: CacheOptions): Loader {
  const { monotonicMs, maxAgeMs = TEN_MINUTES_MS, entries = 256 } = options;
  const isYoung = ({ atMs }: { readonly atMs: number }) => monotonicMs() - atMs < maxAgeMs;
  const found = new Recent<Found>(entries, isYoung);
  const wishes = new Recent<Known>(entries, isYoung);
  return {
    find: async (files, signal) => {
      const tree = files[0]?.path ?? '';
      const known = found.get(tree);
      if (known !== undefined && sameTexts(known.files, files)) {
        if (await isUnchanged(known.reads, loader, signal)) return known.answer;
      }
      const atMs = monotonicMs();
      const answer = await loader.find(files, signal);
      const { reads } = answer;
      if (reads !== undefined) found.put(tree, { files, answer, reads, atMs });
      return answer;
    },
    resolve: async (stack, engine, admission, signal) => {
      const known = wishes.get(stack.name);
      if (known !== undefined && isFor(known, { stack, engine, admission })) {
        if (await isUnchanged(known.reads, loader, signal)) return known.wish;
      }
      const atMs = monotonicMs();
      const wish = await loader.resolve(stack, engine, admission, signal);
      const { reads } = wish;
      if (reads !== undefined) wishes.put(stack.name, { stack, engine, admission, wish, reads, atMs });
      return wish;
    },
  };
}

interface Found {
  readonly files: readonly ManifestFile[];
  readonly answer: FoundDeclarations;
  readonly reads: readonly FileRead[];
  readonly atMs: number;
}

/** What a wish is asked with. */
interface Question {
  readonly stack: DeclaredStack;
  readonly engine: EngineInfo;
  readonly admission: Admission;
}

interface Known extends Question {
  readonly wish: TracedWish;
  readonly reads: readonly FileRead[];
  readonly atMs: number;
}

function isFor(known: Known, { stack, engine, admission }: Question): boolean {
  if (!sameTexts(known.stack.texts, stack.texts)) return false;
  return equal(known.engine, engine) && equal(known.admission, admission);
}

/** Texts and places: problems name the places. */
function sameTexts(some: readonly ManifestFile[], others: readonly ManifestFile[]): boolean {
  if (some === others) return true;
  if (some.length !== others.length) return false;
  return some.every((one, index) => one.path === others[index]?.path && one.text === others[index]?.text);
}

/** What cannot be looked at has changed, for all we know. */
async function isUnchanged(
  reads: readonly FileRead[],
  loader: TracingLoader,
  signal: AbortSignal,
): Promise<boolean> {
  if (reads.length === 0) return true;
  const paths = reads.map(({ path }) => path);
  const looks = await loader.looks(paths, signal).catch(() => []);
  return reads.every((read, index) => {
    const now = looks[index];
    return now !== undefined && isSame(read, now);
  });
}

/** The entries that were used last, as long as they are good. */
class Recent<T> {
  readonly #limit: number;
  readonly #isGood: (entry: T) => boolean;
  /** The latest last. */
  readonly #entries = new Map<string, T>();

  constructor(limit: number, isGood: (entry: T) => boolean) {
    this.#limit = limit;
    this.#isGood = isGood;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#isGood(entry)) return undefined;
    this.#move(key, entry);
    return entry;
  }

  put(key: string, entry: T): void {
    this.#move(key, entry);
    for (const [old, each] of this.#entries) {
      if (!this.#isGood(each) || this.#entries.size > this.#limit) this.#entries.delete(old);
    }
  }

  #move(key: string, entry: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }
}
