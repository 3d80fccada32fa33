interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that stands still until a test moves it. Fits the controller's clock. */
export class VirtualClock {
  /** What the clock on the wall shows beyond `#sinceStartMs`; somebody may set it. */
  #wallOffsetMs: number;
  #sinceStartMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#wallOffsetMs = startMs;
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#sinceStartMs;
  }

  monotonicMs(): number {
    return this.#sinceStartMs;
  }

  /** Timers that have not fired. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Calls back once after `ms`; returns how to call it off. Who sets the clock does not move timers. */
  setTimer(callback: () => void, ms: number): () => void {
    const timer = { atMs: this.#sinceStartMs + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How long until the next timer is due. */
  untilNextTimerMs(): number {
    const next = this.#next();
    return next === undefined ? Number.POSITIVE_INFINITY : Math.max(0, next.atMs - this.#sinceStartMs);
  }

  /** Moves time on to the next timer and fires that one alone. False when there is none. */
  fireNext(): boolean {
    const next = this.#next();
    if (next !== undefined) this.#fire(next);
    return next !== undefined;
  }

  /** Moves time on, calling due timers in their order. */
  advance(ms: number): void {
    const endMs = this.#sinceStartMs + ms;
    for (let due = this.#next(); due !== undefined && due.atMs <= endMs; due = this.#next()) this.#fire(due);
    this.#sinceStartMs = endMs;
  }

  /** Moves time to a moment, if that is not past. */
  advanceTo(atMs: number): void {
    if (atMs > this.nowMs()) this.advance(atMs - this.nowMs());
  }

  /** Sets the clock back or forth, as an administrator or NTP does: no timer runs. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Of those due at the same moment the one that was set first. */
  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#sinceStartMs = Math.max(this.#sinceStartMs, timer.atMs);
    timer.callback();
  }
}
