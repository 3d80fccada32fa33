import { performance } from 'node:perf_hooks';

export interface PulseTimes {
  /** Fires when nothing was touched for so long. */
  readonly debounceMs: number;
  /** Fires at the latest so long after the first touch, however busy it stays. */
  readonly maxDelayMs: number;
}

/** Many touches become one beat. It keeps no count: a beat means "look again", however much happened. */
export class Pulse {
  readonly #times: PulseTimes;
  #firstTouchAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating = false;
  #wake: (() => void) | undefined;

  constructor(times: PulseTimes) {
    this.#times = times;
  }

  touch(): void {
    const nowMs = performance.now();
    this.#firstTouchAtMs ??= nowMs;
    const latestMs = this.#firstTouchAtMs + this.#times.maxDelayMs - nowMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#beat(), Math.max(0, Math.min(this.#times.debounceMs, latestMs)));
  }

  /** True at the next beat (at once when one was missed), false when the signal aborts. One caller at a time. */
  async next(signal: AbortSignal): Promise<boolean> {
    if (!this.#beating && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          // Taken away at once: a long-lived signal must not gather a listener for each beat.
          signal.removeEventListener('abort', wake);
          this.#wake = undefined;
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    if (signal.aborted) return false;
    this.#beating = false;
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firstTouchAtMs = undefined;
  }

  #beat(): void {
    this.#firstTouchAtMs = undefined;
    this.#timer = undefined;
    this.#beating = true;
    this.#wake?.();
  }
}
