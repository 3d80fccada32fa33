import { setTimeout as sleep } from 'node:timers/promises';
import type { StackNotice } from '../api/contract.ts';
import { asFailure } from '../model/failure.ts';
import type { StackStatus } from '../model/status.ts';
import type { Client } from './client.ts';

/** What a stack's state means to whoever waits for it. */
export type Judgement =
  | { readonly kind: 'met' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly why: string; readonly hint?: string };

/** How the wait for one stack ended; `status`: as it was seen last. */
export interface WaitEnd {
  readonly name: string;
  readonly end: 'met' | 'failed' | 'timeout' | 'interrupted';
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly status: StackStatus | undefined;
}

export interface WaitRequest {
  readonly names: readonly string[];
  /** `undefined`: there is no such stack (now). */
  readonly judge: (status: StackStatus | undefined, name: string) => Judgement;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** From now on nothing that happens is missed. */
  readonly onListening?: (() => void) | undefined;
  readonly onNotice?: (notice: StackNotice) => Promise<void>;
  readonly onEnd?: (end: WaitEnd) => Promise<void>;
}

const RETRY_MS = 500;

/**
 * Waits until each stack is judged met or failed. The level counts, never an edge: what is true already is met
 * at once, and a daemon that is restarted meanwhile is asked again. The time runs from when
 * the stacks were first looked at, or could not be. Resolves with one end a stack, in order.
 */
export async function waitForStacks(client: Client, request: WaitRequest): Promise<readonly WaitEnd[]> {
  const deadline = new AbortController();
  const signal = AbortSignal.any([request.signal, deadline.signal]);
  const watch = new Watch(request);
  let timer: NodeJS.Timeout | undefined;
  const startClock = (): void => {
    timer ??= setTimeout(() => deadline.abort(), Math.min(request.timeoutMs, 2 ** 31 - 1));
  };
  try {
    while (!watch.isOver && !signal.aborted) {
      try {
        await watch.follow(client, { signal, onListed: startClock });
      } catch (thrown) {
        const { kind } = asFailure(thrown);
        // A daemon that was never there is no reason to wait for one.
        const mayComeBack = watch.hasBegun && (kind === 'unreachable' || kind === 'superseded');
        if (!signal.aborted && !mayComeBack) throw thrown;
        startClock();
      }
      // The daemon ended the stream, or is not there: it may be on its way back.
      if (!watch.isOver) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    clearTimeout(timer);
  }
  return watch.endAll(request.signal.aborted ? 'interrupted' : 'timeout');
}

interface FollowOptions {
  readonly signal: AbortSignal;
  /** Every stack has been judged once. */
  readonly onListed: () => void;
}

/** INVARIANT: a stack that has an end is not judged again. */
class Watch {
  readonly #request: WaitRequest;
  readonly #ends = new Map<string, WaitEnd>();
  readonly #seen = new Map<string, StackStatus>();
  /** Whether a daemon has ever answered. */
  hasBegun = false;

  constructor(request: WaitRequest) {
    this.#request = request;
  }

  get isOver(): boolean {
    return this.#ends.size === new Set(this.#request.names).size;
  }

  /** Listens first and lists then, so that no change falls between; returns when over or when the stream ends. */
  async follow(client: Client, options: FollowOptions): Promise<void> {
    const done = new AbortController();
    const signal = AbortSignal.any([options.signal, done.signal]);
    const [only, ...others] = this.#request.names;
    try {
      const notices = await client.watch({ stack: others.length === 0 ? only : undefined }, signal);
      this.hasBegun = true;
      this.#request.onListening?.();
      const statuses = await client.stacks(signal);
      for (const name of this.#request.names) {
        const status = statuses.find((each) => each.name === name);
        await this.#judge(name, status);
        if (status !== undefined) await this.#tell(name, { kind: 'status', status });
      }
      options.onListed();
      if (this.isOver) return;
      for await (const notice of notices) {
        await this.#take(notice);
        if (this.isOver) return;
      }
    } finally {
      done.abort();
    }
  }

  async endAll(end: 'timeout' | 'interrupted'): Promise<readonly WaitEnd[]> {
    for (const name of this.#request.names) await this.#end(name, end, {});
    return this.#request.names.flatMap((name) => this.#ends.get(name) ?? []);
  }

  async #take(notice: StackNotice): Promise<void> {
    const name = nameOf(notice);
    if (!this.#request.names.includes(name)) return;
    await this.#tell(name, notice);
    if (notice.kind === 'status') await this.#judge(name, notice.status);
    if (notice.kind === 'deleted') await this.#judge(name, undefined);
  }

  /** Of what is over, nothing more is told. */
  async #tell(name: string, notice: StackNotice): Promise<void> {
    if (!this.#ends.has(name)) await this.#request.onNotice?.(notice);
  }

  async #judge(name: string, status: StackStatus | undefined): Promise<void> {
    if (status !== undefined) this.#seen.set(name, status);
    const judgement = this.#request.judge(status, name);
    if (judgement.kind === 'met') await this.#end(name, 'met', {});
    if (judgement.kind === 'failed') await this.#end(name, 'failed', judgement);
  }

  async #end(
    name: string,
    end: WaitEnd['end'],
    { why, hint }: { readonly why?: string; readonly hint?: string },
  ): Promise<void> {
    if (this.#ends.has(name)) return;
    const ended = { name, end, why, hint, status: this.#seen.get(name) };
    this.#ends.set(name, ended);
    await this.#request.onEnd?.(ended);
  }
}

function nameOf(notice: StackNotice): string {
  switch (notice.kind) {
    case 'status':
      return notice.status.name;
    case 'deleted':
      return notice.name;
    case 'event':
      return notice.event.stack;
    case 'progress':
      return notice.stack;
  }
}
