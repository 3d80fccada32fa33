import type { EngineEvent } from '../engine.ts';

/** More different things than this at once, and looking at everything is the shorter answer. */
const MAX_WAITING = 4096;

/**
 * Holds events until they are asked for, without ever growing beyond a bound: an event that says what one
 * in the queue says already takes its place, and an overflow leaves the single event `connected`, which
 * means "everything may have changed".
 */
export class EventQueue {
  readonly #waiting = new Map<string, EngineEvent>();
  #wake: (() => void) | undefined;

  push(event: EngineEvent): void {
    const key = `${event.kind}|${event.id}|${event.action}`;
    // Of the stream itself the latest word counts, and so comes last.
    if (event.kind === 'connected' || event.kind === 'disconnected') this.#waiting.delete(key);
    this.#waiting.set(key, event);
    if (this.#waiting.size > MAX_WAITING) {
      this.#waiting.clear();
      this.#waiting.set('connected', {
        ...event,
        kind: 'connected',
        action: 'overflow',
        id: '',
        name: undefined,
        stack: undefined,
      });
    }
    this.#wake?.();
  }

  /** The oldest event, waiting for one if need be; undefined once the signal fires. */
  async next(signal: AbortSignal): Promise<EngineEvent | undefined> {
    while (!signal.aborted) {
      const oldest = this.#waiting.entries().next();
      if (oldest.done !== true) {
        const [key, event] = oldest.value;
        this.#waiting.delete(key);
        return event;
      }
      await this.#pushed(signal);
    }
    return undefined;
  }

  #pushed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
