import type { Store } from '../store/store.ts';
import { keyOf, type Origin } from './catalog-entry.ts';
import { EMPTY_GUARD_STATE, type GuardState } from './deletion-guard.ts';

/** What is kept on disk of one source. */
interface KeptDeletions {
  readonly deleted: GuardState['deleted'];
}

/**
 * What the guard remembers of each source. The window of deletions outlives the daemon: one that is restarted again and
 * again would otherwise delete some stacks more each time. Absences do not: they are to be seen anew.
 */
export class GuardMemory {
  readonly #store: Store;
  readonly #states = new Map<string, GuardState>();

  constructor(store: Store) {
    this.#store = store;
  }

  of(origin: Origin): GuardState {
    const key = keyOf(origin);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const kept = this.#store.read('deletions', key) as Partial<KeptDeletions> | undefined;
    return { ...EMPTY_GUARD_STATE, deleted: (kept?.deleted ?? []).filter(isDeletion) };
  }

  /** Of a source that nobody follows any more; what was deleted of it lately counts on. */
  forget(origin: Origin): void {
    this.#states.delete(keyOf(origin));
  }

  /** Durable when it returns. Throws what the store throws, and keeps the state of before then. */
  async keep(origin: Origin, state: GuardState): Promise<void> {
    const key = keyOf(origin);
    const { deleted } = state;
    if (deleted.length > 0) await this.#store.write('deletions', key, { deleted } satisfies KeptDeletions);
    else await this.#store.remove('deletions', key);
    this.#states.set(key, state);
  }
}

const isDeletion = (value: Partial<GuardState['deleted'][number]>): boolean =>
  typeof value.name === 'string' && typeof value.atMs === 'number';
