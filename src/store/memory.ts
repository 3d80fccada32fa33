import { EVENT_LIMITS, EventRing } from './event-log.ts';
import type { Store, StoreKind } from './store.ts';
import { asStored } from './value.ts';

/** A store that is gone with the process: for `--direct` and for tests. It keeps values as the file store does. */
export function createMemoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly #values = new Map<StoreKind, Map<string, unknown>>();
  readonly #events = new EventRing(EVENT_LIMITS.kept);

  read(kind: StoreKind, name: string): unknown {
    return this.#values.get(kind)?.get(name);
  }

  list(kind: StoreKind): readonly string[] {
    return [...(this.#values.get(kind)?.keys() ?? [])].sort();
  }

  async write(kind: StoreKind, name: string, value: unknown): Promise<void> {
    const stored = asStored(value);
    if (stored === undefined) return this.remove(kind, name);
    const ofKind = this.#values.get(kind) ?? new Map<string, unknown>();
    ofKind.set(name, stored);
    this.#values.set(kind, ofKind);
  }

  async remove(kind: StoreKind, name: string): Promise<void> {
    this.#values.get(kind)?.delete(name);
  }

  appendEvent(event: unknown): void {
    const stored = asStored(event);
    if (stored !== undefined) this.#events.append(stored);
  }

  readEvents(): readonly unknown[] {
    return this.#events.read();
  }

  async flush(): Promise<void> {}
}
