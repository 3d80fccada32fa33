import type { QueueClock } from '../../../src/controller/queue.ts';

/** Time that passes only when told to, and chance that is always in the middle unless told. */
export class VirtualClock implements QueueClock {
  chance = 0.5;
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly call: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.chance;
  }

  setTimer(call: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets time pass, and every timer fire at its time. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.call();
    }
    this.#nowMs = untilMs;
  }
}
