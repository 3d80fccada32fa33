import type { Engine } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { Observed } from '../../../src/model/observed.ts';
import type { VirtualClock } from '../simulated/clock.ts';
import type { Fate, SimulatedEngine } from '../simulated-engine.ts';
import type { Chance } from './chance.ts';
import { type EventFate, readEvents } from './event-wire.ts';

/** What becomes of one call on its way to the engine and back. */
export const CALL_FAULTS = [
  /** Turned down by the engine, without effect: 500. */
  'refused',
  /** The same with 400: what was asked for can never be. */
  'invalid',
  /** A name is taken, a removal is in progress: 409. */
  'conflict',
  /** It never reaches the engine. */
  'unreachable',
  /** Carried out, and the answer is lost. */
  'lost',
  /** Cut short in the engine: a start is cancelled, a removal leaves what is `dead`. */
  'half',
  /** Somebody removes the container a moment before. */
  'vanish',
  /** No answer until the deadline, and nothing was done. */
  'hang',
  /** No answer until the deadline, and it was done. */
  'hang-done',
  /** The connection breaks, and what was asked for is done a while after. */
  'late',
  /** Twenty seconds late. */
  'slow',
  /** Something is thrown that is no Failure: a bug of the adapter. */
  'bug',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** When the daemon dies at a call. */
export const CRASH_MOMENTS = [
  /** Before it is sent. */
  'before',
  /** It arrives and is cut short. */
  'half',
  /** It is carried out, and nobody hears the answer. */
  'after',
  /** It lies on the way, and is carried out when the next daemon is at work already. */
  'late',
] as const;
export type CrashMoment = (typeof CRASH_MOMENTS)[number];

/** One call, numbered from 1 in the order in which they are made. */
export interface WireCall {
  readonly number: number;
  /** Among the calls that change something; 0 for one that only reads. */
  readonly write: number;
  readonly method: string;
  /** Whom it is about, as far as its first argument tells. */
  readonly object: string;
}

export type CallPlan =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fault'; readonly fault: CallFault }
  | { readonly kind: 'crash'; readonly moment: CrashMoment };

/** What a test decides about the connection between a daemon and its engine. */
export interface WireOptions {
  readonly engine: SimulatedEngine;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly onCall: (call: WireCall) => CallPlan;
  /** Looks may show the engine as it was so many of its own writes ago, and no longer ago. */
  readonly staleness: () => number;
  readonly eventFate: () => EventFate;
  /** The caller is about to hear of a fault. */
  readonly onFault: () => void;
  readonly onCrash: () => void;
  /** False as soon as the daemon is dead: nothing comes back to it. */
  readonly isAlive: () => boolean;
}

const READS = new Set(['connect', 'observe', 'ownedStacks']);
const DEADLINE_MS = 60_000;
const LATE_MS = 2_500;

type Call = (...args: readonly unknown[]) => Promise<unknown>;

/** The engine as a daemon sees it: calls take time, go wrong when the test says so, and end with the daemon. */
export class Wire {
  readonly #options: WireOptions;
  /** Looks of each stack, newest last, with the number of writes that were before. */
  readonly #looks = new Map<string, { readonly writes: number; readonly observed: Observed }[]>();
  calls = 0;
  writes = 0;
  /** At this moment. */
  inFlight = 0;
  mostInFlight = 0;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** The port. */
  get engine(): Engine {
    const target = this.#options.engine as unknown as Record<string, Call>;
    const own: Record<string, unknown> = {
      admitting: () => this.engine,
      events: (signal: AbortSignal) =>
        readEvents({ ...this.#options, pause: (ms) => this.#pass(ms) }, signal),
      logs: this.#options.engine.logs.bind(this.#options.engine),
    };
    return new Proxy(this.#options.engine as Engine, {
      get: (_engine, method: string) =>
        own[method] ?? ((...args: readonly unknown[]) => this.#call(method, args, target[method] as Call)),
    });
  }

  async #call(method: string, args: readonly unknown[], act: Call): Promise<unknown> {
    const { engine, isAlive, onCrash } = this.#options;
    if (!isAlive()) return new Promise(() => undefined);
    this.calls += 1;
    const isWrite = !READS.has(method);
    if (isWrite) this.writes += 1;
    const object = objectOf(args[0]);
    const plan = this.#options.onCall({
      number: this.calls,
      write: isWrite ? this.writes : 0,
      method,
      object,
    });
    const run = () => act.apply(engine, [...args]);
    if (plan.kind === 'crash') {
      this.#crash(plan.moment, run);
      onCrash();
    }
    if (!isAlive()) return new Promise(() => undefined);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.#pass();
      return await this.#answer(plan.kind === 'fault' ? plan.fault : undefined, {
        method,
        object,
        args,
        run,
      });
    } finally {
      this.inFlight -= 1;
      if (plan.kind === 'fault') this.#options.onFault();
    }
  }

  /** The way there, or back; a daemon that dies meanwhile never hears of it. */
  async #pass(ms: number = this.#options.chance.int(1, 9)): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.setTimer(resolve, ms));
    if (!this.#options.isAlive()) await new Promise(() => undefined);
  }

  async #answer(
    fault: CallFault | undefined,
    call: {
      readonly method: string;
      readonly object: string;
      readonly args: readonly unknown[];
      readonly run: () => Promise<unknown>;
    },
  ): Promise<unknown> {
    const { engine } = this.#options;
    const what = `${call.method} ${call.object}`;
    switch (fault) {
      case undefined:
        break;
      case 'refused':
        throw new Failure('refused', `${what}: injected`, { status: 500 });
      case 'invalid':
        throw new Failure('invalid', `${what}: injected`, { status: 400 });
      case 'conflict':
        throw new Failure('conflict', `${what}: injected`, { status: 409 });
      case 'unreachable':
        throw new Failure('unreachable', `${what}: no answer`);
      case 'bug':
        throw new TypeError(`${what}: injected bug`);
      case 'hang':
        await this.#pass(DEADLINE_MS);
        throw new Failure('unreachable', `${what}: timed out`);
      case 'vanish':
        if (engine.world.container(call.object) !== undefined) engine.hands.rm(call.object);
        break;
      case 'late':
        this.#options.clock.setTimer(() => call.run().catch(() => undefined), LATE_MS);
        throw new Failure('unreachable', `${what}: the connection broke`);
      case 'slow':
        await this.#pass(20_000);
        break;
      case 'lost':
      case 'hang-done':
        await call.run();
        if (fault === 'hang-done') await this.#pass(DEADLINE_MS);
        throw new Failure('unreachable', `${what}: the answer was lost`);
      case 'half':
        return this.#half(call.run);
    }
    const result = call.method === 'observe' ? await this.#look(call.object, call.run) : await call.run();
    await this.#pass();
    return result;
  }

  async #half(run: () => Promise<unknown>): Promise<unknown> {
    const { engine } = this.#options;
    const before = engine.onCall;
    const half: Fate = 'half';
    engine.onCall = () => half;
    // The engine asks what becomes of the call one microtask after it is made.
    const done = run();
    await Promise.resolve();
    await Promise.resolve();
    engine.onCall = before;
    return done;
  }

  /** A look, or one that is as old as the test wants it. */
  async #look(stack: string, run: () => Promise<unknown>): Promise<unknown> {
    const observed = (await run()) as Observed;
    const looks = this.#looks.get(stack) ?? [];
    looks.push({ writes: this.writes, observed });
    this.#looks.set(stack, looks.slice(-8));
    const age = this.#options.staleness();
    const [old] = looks.filter((each) => each.writes >= this.writes - age);
    return age === 0 ? observed : (old?.observed ?? observed);
  }

  #crash(moment: CrashMoment, run: () => Promise<unknown>): void {
    const ignore = () => undefined;
    switch (moment) {
      case 'before':
        return;
      case 'half':
        this.#half(run).catch(ignore);
        return;
      case 'after':
        run().catch(ignore);
        return;
      case 'late':
        this.#options.clock.setTimer(() => run().catch(ignore), LATE_MS);
    }
  }
}

/** A name or an id out of whatever a call begins with. */
function objectOf(first: unknown): string {
  if (typeof first === 'string') return first;
  if (typeof first !== 'object' || first === null) return '';
  const { name, stack, ref } = first as Partial<Record<'name' | 'stack' | 'ref', unknown>>;
  return String(name ?? stack ?? ref ?? '');
}
