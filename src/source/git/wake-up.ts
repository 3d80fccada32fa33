/** A wait that somebody may cut short; one waits at a time. */
export class WakeUp {
  #isDue = false;
  #wake: (() => void) | undefined;

  /** Ends the wait under way, or the next one. */
  now(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /** Waits so long (undefined: for ever), until `now`, or until the signal. */
  async after(ms: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#isDue && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer =
          ms === undefined ? undefined : setTimeout(() => wake(), Math.max(0, Math.min(ms, LONGEST_MS)));
        const wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          this.#wake = undefined;
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    this.#isDue = false;
  }
}

/** What a timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;
