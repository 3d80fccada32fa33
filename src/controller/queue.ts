import { Failure } from '../model/failure.ts';

/** Time and chance, as arguments: a test brings its own. */
export interface QueueClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls once after `delayMs`; answers how to call it off. */
  setTimer(call: () => void, delayMs: number): () => void;
  /** From 0 up to, and not including, 1. */
  random(): number;
}

export interface QueueLimits {
  /** Back-off of `addRateLimited`: the first one; it doubles up to the last. */
  readonly firstBackOffMs: number;
  readonly lastBackOffMs: number;
  /** Share by which a back-off is longer or shorter, so that many do not wake at once. */
  readonly jitter: number;
  /** How many keys may be known at once. */
  readonly keys: number;
}

export const QUEUE_LIMITS: QueueLimits = {
  firstBackOffMs: 1000,
  lastBackOffMs: 300_000,
  jitter: 0.2,
  keys: 10_000,
};

/** Where a key stands. `again`: it is being worked on and will be handed out once more. */
export interface PendingKey<Key> {
  readonly key: Key;
  readonly state: 'ready' | 'waiting' | 'running' | 'again';
  /** In the queue's own time: when it is due. Undefined while it only runs. */
  readonly dueAtMs: number | undefined;
  /** Back-offs in a row. */
  readonly failures: number;
}

interface Taker<Key> {
  readonly give: (key: Key) => void;
  readonly refuse: (failure: Failure) => void;
}

/** `setTimeout` fires at once for more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Names that want a pass (reliability R3; the semantics are those of client-go's work queue). A key that was taken is
 * not handed out again before `done`; what is added meanwhile makes it dirty, and it is handed out once more. A key is
 * in the queue once: of two times at which it is wanted the earlier one wins, because a pass reads everything anew and
 * says itself when to look again.
 */
export class WorkQueue<Key extends string = string> {
  readonly #clock: QueueClock;
  readonly #limits: QueueLimits;
  /** In the order in which they came due. */
  readonly #ready = new Map<Key, number>();
  readonly #waiting = new Map<Key, number>();
  readonly #running = new Set<Key>();
  /** Running, and due again: since when. */
  readonly #dirty = new Map<Key, number>();
  readonly #failures = new Map<Key, number>();
  readonly #takers = new Set<Taker<Key>>();
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #closed = false;

  constructor(clock: QueueClock, limits: Partial<QueueLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...QUEUE_LIMITS, ...limits };
  }

  /** Wants a pass for the key, in `afterMs` at the latest. False when the queue is full or closed. */
  add(key: Key, afterMs = 0): boolean {
    if (this.#closed || this.#isFullFor(key)) return false;
    if (this.#ready.has(key) || this.#dirty.has(key)) return true;
    const nowMs = this.#clock.now();
    const dueAtMs = nowMs + Math.max(0, afterMs);
    if (dueAtMs >= (this.#waiting.get(key) ?? Number.POSITIVE_INFINITY)) return true;
    if (dueAtMs <= nowMs) {
      this.#waiting.delete(key);
      this.#becomeDue(key, dueAtMs);
    } else {
      this.#waiting.set(key, dueAtMs);
    }
    this.#setTimer();
    return true;
  }

  /** Wants a pass after a back-off that doubles with every call, until `forget`. */
  addRateLimited(key: Key): boolean {
    if (this.#closed || this.#isFullFor(key)) return false;
    return this.add(key, this.backOffMs(key));
  }

  /** The same back-off for somebody who has to tell of it before he calls `add`. */
  backOffMs(key: Key): number {
    const { firstBackOffMs, lastBackOffMs, jitter } = this.#limits;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.delete(key);
    this.#failures.set(key, failures + 1);
    // Of keys that nobody forgot, the longest untouched go.
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > this.#limits.keys && oldest !== undefined) this.#failures.delete(oldest);
    const backOffMs = Math.min(lastBackOffMs, firstBackOffMs * 2 ** failures);
    return backOffMs * (1 + jitter * (2 * this.#clock.random() - 1));
  }

  /** The key is well again: its next back-off is the first one. */
  forget(key: Key): void {
    this.#failures.delete(key);
  }

  /**
   * The next key that is due, for this caller alone, who must call `done`. Rejects with `Failure` `superseded` when
   * the signal aborts or the queue is closed; no key is lost by it.
   */
  take(signal: AbortSignal): Promise<Key> {
    return new Promise<Key>((resolve, reject) => {
      const onAbort = () =>
        taker.refuse(new Failure('superseded', 'nothing is taken any more', { cause: signal.reason }));
      const leave = () => {
        this.#takers.delete(taker);
        signal.removeEventListener('abort', onAbort);
      };
      const taker: Taker<Key> = {
        give: (key) => {
          leave();
          resolve(key);
        },
        refuse: (failure) => {
          leave();
          reject(failure);
        },
      };
      if (signal.aborted || this.#closed) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#takers.add(taker);
      this.#handOut();
    });
  }

  /** The pass for a key that was taken is over. */
  done(key: Key): void {
    if (!this.#running.delete(key)) return;
    const dueAtMs = this.#dirty.get(key);
    if (dueAtMs === undefined) return;
    this.#dirty.delete(key);
    this.#becomeDue(key, dueAtMs);
  }

  /** Everything that is known, for people; in no order. */
  pending(): readonly PendingKey<Key>[] {
    const failuresOf = (key: Key) => this.#failures.get(key) ?? 0;
    const list = (keys: Iterable<readonly [Key, number | undefined]>, state: PendingKey<Key>['state']) =>
      Array.from(keys, ([key, dueAtMs]) => ({ key, state, dueAtMs, failures: failuresOf(key) }));
    const running = [...this.#running].filter((key) => !this.#dirty.has(key));
    return [
      ...list(this.#ready, 'ready'),
      // A key that runs and waits for a later time is listed as running, with that time.
      ...list(
        [...this.#waiting].filter(([key]) => !this.#running.has(key)),
        'waiting',
      ),
      ...list(
        running.map((key) => [key, this.#waiting.get(key)] as const),
        'running',
      ),
      ...list(this.#dirty, 'again'),
    ];
  }

  /** Forgets everything, calls its timer off and refuses who waits. Keys that are worked on may still be `done`. */
  close(): void {
    this.#closed = true;
    for (const keys of [this.#ready, this.#waiting, this.#dirty, this.#failures]) keys.clear();
    this.#setTimer();
    for (const taker of [...this.#takers]) taker.refuse(new Failure('superseded', 'the queue is closed'));
  }

  #isFullFor(key: Key): boolean {
    const known = this.#ready.size + this.#waiting.size + this.#running.size;
    if (known < this.#limits.keys) return false;
    return !(this.#ready.has(key) || this.#waiting.has(key) || this.#running.has(key));
  }

  #becomeDue(key: Key, dueAtMs: number): void {
    if (this.#running.has(key)) {
      this.#dirty.set(key, dueAtMs);
      return;
    }
    this.#ready.set(key, dueAtMs);
    this.#handOut();
  }

  #handOut(): void {
    for (const taker of this.#takers) {
      const [key] = this.#ready.keys();
      if (key === undefined) return;
      this.#ready.delete(key);
      this.#running.add(key);
      taker.give(key);
    }
  }

  /** One timer, for the earliest time. */
  #setTimer(): void {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const dueAtMs of this.#waiting.values()) earliestMs = Math.min(earliestMs, dueAtMs);
    if (this.#timer?.atMs === earliestMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (earliestMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(earliestMs - this.#clock.now())));
    this.#timer = { atMs: earliestMs, cancel: this.#clock.setTimer(() => this.#onTimer(), delayMs) };
  }

  /** Timers may fire a little early; what is not due yet gets another one. */
  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    const due = [...this.#waiting].filter(([, dueAtMs]) => dueAtMs <= nowMs).sort((a, b) => a[1] - b[1]);
    for (const [key, dueAtMs] of due) {
      this.#waiting.delete(key);
      this.#becomeDue(key, dueAtMs);
    }
    this.#setTimer();
  }
}
