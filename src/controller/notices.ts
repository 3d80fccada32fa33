import type { StackNotice } from './operations.ts';

/** A reader that does not keep up is dropped: it must never hold up a pass. */
const MOST_WAITING = 1000;

interface Reader {
  readonly waiting: StackNotice[];
  wake: () => void;
  dropped: boolean;
}

/** Hands each notice to everyone who is watching. */
export class Notices {
  readonly #readers = new Set<Reader>();

  send(notice: StackNotice): void {
    for (const reader of this.#readers) {
      if (reader.waiting.length >= MOST_WAITING) {
        reader.dropped = true;
        this.#readers.delete(reader);
      } else {
        reader.waiting.push(notice);
      }
      reader.wake();
    }
  }

  /** Yields what is sent from now on, after `first`; ends with the signal, or when the reader was too slow. */
  async *read(first: readonly StackNotice[], signal: AbortSignal): AsyncGenerator<StackNotice> {
    const reader: Reader = { waiting: [...first], wake: () => undefined, dropped: false };
    this.#readers.add(reader);
    try {
      while (!signal.aborted) {
        const notice = reader.waiting.shift();
        if (notice !== undefined) yield notice;
        else if (reader.dropped) return;
        else await nextWake(reader, signal);
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}

function nextWake(reader: Reader, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      signal.removeEventListener('abort', wake);
      reader.wake = () => undefined;
      resolve();
    };
    reader.wake = wake;
    signal.addEventListener('abort', wake, { once: true });
  });
}
