import { isAbsolute, join } from 'node:path';
import equal from 'fast-deep-equal';
import pLimit from 'p-limit';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { revisionOf } from './revision.ts';
import type { Source, SourceFile, SourceScan } from './source.ts';

/** What `stackctl apply` pushed for one stack. */
export interface AppliedManifests {
  /** Absolute; data files are read from below it. */
  readonly baseDirectory: string;
  readonly files: readonly { readonly relativePath: string; readonly text: string }[];
}

/** As much of the store as this source needs. */
export interface AppliedDocuments {
  read(kind: 'applied', name: string): unknown;
  list(kind: 'applied'): readonly string[];
  write(kind: 'applied', name: string, value: unknown): Promise<void>;
  remove(kind: 'applied', name: string): Promise<void>;
}

export interface AppliedSource extends Source {
  /**
   * Keeps a stack's manifests; durable when it returns, and no scan has them before. Throws `Failure` when they are too
   * large, the paths bad or the disk full: what was applied before counts then.
   */
  put(stack: string, manifests: AppliedManifests): Promise<void>;
  remove(stack: string): Promise<void>;
}

/**
 * Manifests that were pushed. They are kept for each stack by itself, because several stacks of one file may be
 * applied again separately, and then the older text of that file still counts for the others (`forStack`).
 *
 * A scan is always trusted, and yet an absence in it is no wish to delete: the store may be lost (R11). Applied
 * stacks are deleted by command only.
 */
export function createAppliedSource(store: AppliedDocuments): AppliedSource {
  return new Applied(store);
}

const MAX_FILES = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

const Document = z.object({
  baseDirectory: z.string().refine(isAbsolute),
  files: z.array(z.object({ relativePath: z.string(), text: z.string() })),
});

class Applied implements AppliedSource {
  readonly kind = 'applied';
  readonly name = 'applied';
  readonly #store: AppliedDocuments;
  readonly #readers = new Set<() => void>();
  /** One change at a time: what a failed one goes back to must be what the one before it left. */
  readonly #turn = pLimit(1);
  /** What counts of a stack (undefined: nothing) while something else is being written. */
  readonly #before = new Map<string, unknown>();
  /** Counts what was put and removed, so that a reader who is busy misses nothing. */
  #version = 0;

  constructor(store: AppliedDocuments) {
    this.#store = store;
  }

  async put(stack: string, manifests: AppliedManifests): Promise<void> {
    refuseBad(manifests);
    const { baseDirectory } = manifests;
    const files = manifests.files.map(({ relativePath, text }) => ({ relativePath, text }));
    const document = { baseDirectory, files };
    await this.#turn(() => this.#write(stack, document));
  }

  async remove(stack: string): Promise<void> {
    await this.#turn(() => this.#store.remove('applied', stack));
    this.#changed();
  }

  async #write(stack: string, document: AppliedManifests): Promise<void> {
    const before = this.#store.read('applied', stack);
    this.#before.set(stack, before);
    try {
      // Also when nothing changed, as a write that failed may be made up for; the store knows what is on the disk.
      await this.#store.write('applied', stack, document);
    } catch (thrown) {
      // The store would go on trying. Who was told that it was refused must not see it carried out later.
      await this.#putBack(stack, before).catch(() => undefined);
      throw thrown;
    } finally {
      this.#before.delete(stack);
    }
    if (!equal(before, document)) this.#changed();
  }

  async scan(_signal: AbortSignal): Promise<SourceScan> {
    const files: SourceFile[] = [];
    const unreadable: { path: string; relativePath: string; reason: string }[] = [];
    for (const stack of [...new Set([...this.#store.list('applied'), ...this.#before.keys()])].sort()) {
      const kept = this.#before.has(stack) ? this.#before.get(stack) : this.#store.read('applied', stack);
      if (kept === undefined) continue;
      const document = Document.safeParse(kept);
      if (document.success) files.push(...filesOf(stack, document.data));
      else
        unreadable.push({
          path: stack,
          relativePath: stack,
          reason: 'is not what apply stores; apply it again',
        });
    }
    const texts = files.map(({ forStack, path, text }) => ({ path: `${forStack}\0${path}`, text }));
    return { trusted: true, reason: undefined, revision: revisionOf(texts), files, unreadable };
  }

  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    let seen = this.#version;
    while (!signal.aborted) {
      if (seen === this.#version) {
        await this.#nextChange(signal);
      } else {
        seen = this.#version;
        yield;
      }
    }
  }

  /** In memory at once; on the disk now or when the store comes to it. */
  #putBack(stack: string, before: unknown): Promise<void> {
    if (before === undefined) return this.#store.remove('applied', stack);
    return this.#store.write('applied', stack, before);
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#readers.delete(wake);
        resolve();
      };
      this.#readers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #changed(): void {
    this.#version += 1;
    for (const wake of [...this.#readers]) wake();
  }
}

function filesOf(stack: string, document: AppliedManifests): readonly SourceFile[] {
  return document.files.map(({ relativePath, text }) => ({
    path: join(document.baseDirectory, relativePath),
    relativePath,
    text,
    forStack: stack,
  }));
}

function refuseBad({ baseDirectory, files }: AppliedManifests): void {
  if (!isAbsolute(baseDirectory)) throw new Failure('invalid', 'the base directory is not an absolute path');
  if (files.length > MAX_FILES)
    throw new Failure('invalid', `a stack has at most ${MAX_FILES} manifest files`);
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
  if (bytes > MAX_BYTES)
    throw new Failure('invalid', `the manifests of a stack are at most ${MAX_BYTES} bytes`);
  const bad = files.find(({ relativePath }) => isAbsolute(relativePath) || relativePath.includes('\0'));
  if (bad !== undefined)
    throw new Failure('invalid', `${JSON.stringify(bad.relativePath)} is not a relative path`);
}
