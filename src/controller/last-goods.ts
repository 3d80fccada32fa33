import type { ManifestFile } from '../manifest/stack.ts';
import { isAcceptable } from '../model/problem.ts';
import type { Store } from '../store/store.ts';
import { type CatalogEntry, keyOf, type Origin } from './catalog-entry.ts';
import type { Loader } from './loader.ts';

/** What is kept of a manifest that was good, so that a broken file never takes a stack down. */
interface LastGood {
  readonly origin: Origin;
  /** The texts that define it. */
  readonly files: readonly ManifestFile[];
}

/** What manifests were when a pass last found nothing wrong with them; one that can be read may still be wrong. */
export class LastGoods {
  readonly #store: Store;
  readonly #loader: Loader;
  /** Since the start. */
  readonly #noted = new Map<string, CatalogEntry>();

  constructor(store: Store, loader: Loader) {
    this.#store = store;
    this.#loader = loader;
  }

  async note(entry: CatalogEntry): Promise<void> {
    if (!isAcceptable(entry.problems)) return;
    this.#noted.set(entry.manifest.name, entry);
    const value: LastGood = { origin: entry.origin, files: entry.manifest.texts };
    await this.#store.write('last-good', entry.manifest.name, value);
  }

  forget(name: string): void {
    this.#noted.delete(name);
  }

  /** As noted since the start, of this source. */
  noted(origin: Origin, name: string): CatalogEntry | undefined {
    const entry = this.#noted.get(name);
    return entry !== undefined && keyOf(entry.origin) === keyOf(origin) ? entry : undefined;
  }

  /** As the store has it, which alone knows what an earlier daemon noted; undefined when it is another source's. */
  async recall(origin: Origin, name: string, signal: AbortSignal): Promise<CatalogEntry | undefined> {
    const stored = this.#stored(name);
    if (stored?.origin === undefined || keyOf(stored.origin) !== keyOf(origin)) return undefined;
    const found = await this.#loader.find(stored.files ?? [], signal);
    const manifest = found.stacks.find((each) => each.name === name);
    return manifest === undefined ? undefined : { manifest, origin, problems: [] };
  }

  /** The stacks, of any source, that one of the files used to define. */
  namesIn(files: readonly string[]): readonly string[] {
    if (files.length === 0) return [];
    return this.#store
      .list('last-good')
      .filter((name) => this.#stored(name)?.files?.some((each) => files.includes(each.path)) === true);
  }

  #stored(name: string): Partial<LastGood> | undefined {
    return this.#store.read('last-good', name) as Partial<LastGood> | undefined;
  }
}
