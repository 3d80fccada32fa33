import type { StackNotice } from '../../../src/controller/operations.ts';
import type { EngineEvent } from '../../../src/engine/engine.ts';
import { OURS } from '../../../src/model/labels.ts';
import type { StackStatus } from '../../../src/model/status.ts';
import { differences } from '../reality.ts';
import { VirtualClock } from '../simulated/clock.ts';
import type { ImageSpec, Profile } from '../simulated/objects.ts';
import { SimulatedEngine } from '../simulated-engine.ts';
import { Chance } from './chance.ts';
import { JOB_IMAGE } from './compose-document.ts';
import { Daemon } from './daemon.ts';
import { Disk, type WriteCrash } from './disk.ts';
import { ALL_EVENTS, type EventFate } from './event-wire.ts';
import { ManifestDirectory } from './manifest-directory.ts';
import type { CallPlan, WireCall } from './wire.ts';

/** Longer than a resync of 30 s with its jitter, and than the look at a source: who is quiet so long stays quiet. */
const QUIET_MS = 40_000;
/** Enough to begin from: longer than a look takes that is due for something that was seen. */
const SHORTLY_QUIET_MS = 3_000;
const RESTART_AFTER_MS = 1_000;

export interface SimulationOptions {
  readonly profile: Profile;
  /** Decides everything that nobody else decides: how long each call takes, jitter, which event is lost. */
  readonly seed: number;
}

/**
 * A host in which nothing is real but the program: an engine, a state directory, a directory of manifests, and a daemon
 * that may be killed and started again. Time passes only from one thing that happens to the next. The same options and
 * the same calls give the same history, to the letter.
 */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly chance: Chance;
  readonly engine: SimulatedEngine;
  readonly disk = new Disk();
  readonly directory = new ManifestDirectory(this.clock);
  /** A second source, which is empty unless a test writes into it. */
  readonly otherDirectory = new ManifestDirectory(this.clock, '/other');
  /** What happened, a line each, for whoever has to understand a failure. */
  readonly trace: string[] = [];
  /** Faults that show at once, while it runs. */
  readonly faults: string[] = [];
  /** What `apply` was last told to be taken, by its file `STACK.compose.yaml`. */
  readonly applied = new Map<string, string>();
  readonly statuses = new Map<string, StackStatus>();
  daemon: Daemon | undefined;
  /** Nobody but the daemon touches the engine: who is said to be Ready is as its manifest says, at that very moment. */
  isUndisturbed = false;
  /** Of every container that there ever was: whose it is and which of its service's. */
  readonly slots = new Map<string, string>();
  onCall: (call: WireCall) => CallPlan = () => ({ kind: 'ok' });
  onStoreWrite: (number: number) => WriteCrash | undefined = () => undefined;
  eventFate: EventFate = ALL_EVENTS;
  staleness: () => number = () => 0;
  /** Calls to the engine and writes among them, of all daemons. */
  calls = 0;
  writes = 0;
  starts = 0;
  #lastActivityMs = 0;

  constructor(options: SimulationOptions) {
    this.chance = new Chance(options.seed);
    this.engine = new SimulatedEngine({ profile: options.profile, clock: this.clock });
    for (const [image, spec] of Object.entries(IMAGES)) this.engine.world.registry.set(image, spec);
    this.engine.world.listeners.add((event) => this.#noteSlot(event));
    this.engine.behave(JOB_IMAGE, { exit: { afterMs: 2000, code: 0 } });
  }

  /** Starts a daemon where none is. */
  start(): void {
    this.starts += 1;
    this.#lastActivityMs = this.clock.monotonicMs();
    this.note('a daemon starts');
    // What the one before said says nothing any more; of a stack that it deleted last, nobody says anything again.
    this.statuses.clear();
    this.daemon = new Daemon({
      clock: this.clock,
      chance: this.chance,
      disk: this.disk,
      directory: this.directory,
      moreDirectories: this.otherDirectory.texts.size === 0 ? [] : [this.otherDirectory],
      wire: {
        engine: this.engine,
        onCall: (call) => this.#onCall(call),
        onFault: () => {
          this.#lastActivityMs = this.clock.monotonicMs();
        },
        staleness: () => this.staleness(),
        eventFate: () => this.eventFate,
      },
      onStoreWrite: (number) => {
        const crash = this.onStoreWrite(number);
        if (crash !== undefined) this.note(`the daemon dies in a write of its state: ${crash}`);
        return crash;
      },
      onNotice: (notice) => this.#onNotice(notice),
      onLog: (line) => this.#onLog(line),
    });
  }

  kill(): void {
    this.note('the daemon is killed');
    this.daemon?.kill();
  }

  note(line: string): void {
    this.trace.push(`${String(this.clock.monotonicMs()).padStart(8)} ${line}`);
    if (this.trace.length > 4000) this.trace.splice(0, 1000);
  }

  /** Lets so much time pass. A daemon that died is started again after a second, as systemd does. */
  async run(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    await rest();
    while (this.clock.monotonicMs() < endMs) await this.#step(endMs);
  }

  /** Until the condition holds after something happened; false when that takes longer than `ms`. */
  async runUntil(isSo: () => boolean, ms: number): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + ms;
    await rest();
    while (!isSo()) {
      if (this.clock.monotonicMs() >= endMs) return false;
      await this.#step(endMs);
    }
    return true;
  }

  /**
   * Until all is as it is meant to be, nobody waits for an answer, and nothing was written for longer than a resync;
   * false when that takes more than `ms`.
   */
  settle(ms: number, isMeant: () => boolean = () => this.#isEachReady()): Promise<boolean> {
    return this.#settle(ms, QUIET_MS, isMeant);
  }

  /** The same, though nothing may have been written for a short time only. */
  settleShortly(ms: number): Promise<boolean> {
    return this.#settle(ms, SHORTLY_QUIET_MS, () => this.#isEachReady());
  }

  async #settle(ms: number, quietMs: number, isMeant: () => boolean): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + ms;
    this.#lastActivityMs = this.clock.monotonicMs();
    const quietAtMs = () => this.#lastActivityMs + quietMs;
    const isOver = () => this.clock.monotonicMs() >= quietAtMs() && this.#isIdle() && isMeant();
    await rest();
    while (!isOver()) {
      const nowMs = this.clock.monotonicMs();
      if (nowMs >= endMs) return false;
      await this.#step(nowMs < quietAtMs() ? Math.min(endMs, quietAtMs()) : endMs);
    }
    return true;
  }

  status(stack: string): StackStatus | undefined {
    return this.statuses.get(stack);
  }

  isReady(stack: string): boolean {
    return readiness(this.statuses.get(stack)) === 'True';
  }

  #isEachReady(): boolean {
    return [...this.statuses.keys()].every((name) => this.isReady(name));
  }

  #isIdle(): boolean {
    const { daemon } = this;
    return daemon?.isAlive === true && daemon.wire.inFlight === 0 && !this.engine.world.isDown;
  }

  /** One thing happens, and all that follows from it at once. */
  async #step(limitMs: number): Promise<void> {
    if (this.daemon !== undefined && !this.daemon.isAlive) this.#succeed();
    if (this.daemon?.ended !== undefined) this.faults.push(`the daemon ended: ${String(this.daemon.ended)}`);
    const nowMs = this.clock.monotonicMs();
    const changeAtMs = this.engine.nextChangeAtMs();
    const untilChangeMs =
      changeAtMs === undefined ? Number.POSITIVE_INFINITY : changeAtMs - this.clock.nowMs();
    const untilTimerMs = this.clock.untilNextTimerMs();
    const untilMs = Math.min(untilTimerMs, untilChangeMs, limitMs - nowMs);
    if (untilTimerMs <= untilMs) this.clock.fireNext();
    else this.clock.advance(Math.max(1, untilMs));
    await rest();
  }

  #succeed(): void {
    this.daemon = undefined;
    this.clock.setTimer(() => {
      if (this.daemon === undefined) this.start();
    }, RESTART_AFTER_MS);
  }

  #onCall(call: WireCall): CallPlan {
    this.calls += 1;
    if (call.write > 0) {
      this.writes += 1;
      this.#lastActivityMs = this.clock.monotonicMs();
    }
    const numbered = { ...call, number: this.calls, write: call.write > 0 ? this.writes : 0 };
    const plan = this.onCall(numbered);
    const what = `${call.method} ${this.#nameOf(call.object)}`;
    if (plan.kind === 'fault') this.note(`${what}: ${plan.fault}`);
    else if (plan.kind === 'crash') this.note(`${what}: the daemon dies, ${plan.moment}`);
    else if (call.write > 0) this.note(what);
    return plan;
  }

  #nameOf(object: string): string {
    const { world } = this.engine;
    return world.container(object)?.name ?? world.networksNamed(object)[0]?.name ?? object;
  }

  #onNotice(notice: StackNotice): void {
    if (notice.kind === 'deleted') this.statuses.delete(notice.name);
    if (notice.kind !== 'status') return;
    const { status } = notice;
    const before = readiness(this.statuses.get(status.name));
    this.statuses.set(status.name, status);
    if (readiness(status) !== before) {
      this.#lastActivityMs = this.clock.monotonicMs();
      if (this.isUndisturbed && this.isReady(status.name)) this.#doubt(status);
    }
    for (const each of status.conditions.filter(isUntold))
      this.faults.push(`${status.name}: ${each.type}=${each.status} says nothing`);
    if (status.observedGeneration > status.generation) this.faults.push(`${status.name}: seen before it was`);
    const said = status.conditions.map((each) => `${each.type}=${each.status}/${each.reason}`);
    this.note(`${status.name} ${status.observedGeneration}/${status.generation}: ${said.join(' ')}`);
  }

  /** Ready is a promise. */
  #doubt({ name }: StackStatus): void {
    const desired = this.daemon?.controller.records.get(name)?.lastGood;
    const found = desired === undefined ? ['nothing good is known'] : differences(this.engine, desired);
    if (found.length > 0) this.faults.push(`${name} is said to be Ready, but ${found[0]}`);
  }

  #noteSlot({ kind, action, id }: EngineEvent): void {
    if (kind !== 'container' || action !== 'create') return;
    const labels = this.engine.world.container(id)?.labels;
    const slot = [labels?.[OURS.stack], labels?.[OURS.service], labels?.[OURS.ordinal]];
    if (slot[0] !== undefined) this.slots.set(id, slot.join('/'));
  }

  #onLog(line: string): void {
    const { level, msg, stack, err } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level === 'number' && level >= 40) {
      const cause = typeof err === 'object' && err !== null ? (err as Error).message : err;
      this.note(`log: ${String(msg)} ${String(stack ?? '')} ${String(cause ?? '')}`);
    }
    const isInjected = line.includes('injected');
    if (typeof level === 'number' && level >= 50 && !isInjected)
      this.faults.push(`an error was logged: ${String(msg)}`);
  }
}

export function readiness(status: StackStatus | undefined): string {
  return status?.conditions.find((each) => each.type === 'Ready')?.status ?? 'Unknown';
}

/** What is not well must say why. */
function isUntold({ type, status, reason, message }: StackStatus['conditions'][number]): boolean {
  const isWell = type === 'Ready' || type === 'Healthy' ? status === 'True' : status === 'False';
  return !isWell && (reason === '' || message === '');
}

const IMAGES: Readonly<Record<string, ImageSpec>> = {
  'app:1': {},
  'app:2': {},
  [JOB_IMAGE]: {},
  'health:1': { hasHealthcheck: true },
  'volumes:1': { volumes: ['/var/lib/app'] },
};

/** Everything that can go on without time passing has gone on. */
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
