/** How many requests may come at once, and how many a second after that. */
export interface PaceLimits {
  readonly burst: number;
  readonly perSecond: number;
}

const MOST_CALLERS = 1000;

/** A bucket of tokens for each caller. INVARIANT: at most a thousand are known; the longest unseen goes first. */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #nowMs: () => number;
  readonly #callers = new Map<string, { left: number; atMs: number }>();

  constructor(limits: PaceLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Whether one more is within the pace. */
  take(caller: string): boolean {
    const { burst, perSecond } = this.#limits;
    const nowMs = this.#nowMs();
    const before = this.#callers.get(caller) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, before.left + ((nowMs - before.atMs) / 1000) * perSecond);
    const isWithin = left >= 1;
    this.#callers.delete(caller);
    this.#callers.set(caller, { left: isWithin ? left - 1 : left, atMs: nowMs });
    const [oldest] = this.#callers.keys();
    if (this.#callers.size > MOST_CALLERS && oldest !== undefined) this.#callers.delete(oldest);
    return isWithin;
  }
}
