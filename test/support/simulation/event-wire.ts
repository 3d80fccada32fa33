import type { EngineEvent } from '../../../src/engine/engine.ts';
import type { VirtualClock } from '../simulated/clock.ts';
import type { SimulatedEngine } from '../simulated-engine.ts';
import type { Chance } from './chance.ts';

/** What happens to events on their way. */
export interface EventFate {
  /** 0..1 */
  readonly drop: number;
  readonly duplicate: number;
  /** Each waits up to so long, and so they change places. */
  readonly delayMs: number;
  /** After so many the stream breaks, again and again; 0: never. */
  readonly cutAfter: number;
}
export const ALL_EVENTS: EventFate = { drop: 0, duplicate: 0, delayMs: 0, cutAfter: 0 };

export interface EventWireOptions {
  readonly engine: SimulatedEngine;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly eventFate: () => EventFate;
  readonly isAlive: () => boolean;
  /** Lets time pass; never ends for a daemon that is dead by then. */
  readonly pause: (ms: number) => Promise<void>;
}

const RECONNECT_MS = 250;

/** The events as a daemon gets them: the stream reconnects by itself, says so, and loses what happened meanwhile. */
export async function* readEvents(
  options: EventWireOptions,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  const { engine, isAlive, pause } = options;
  const inbox = new Inbox();
  const listener = (event: EngineEvent) => deliver(event, inbox, options);
  while (!signal.aborted && isAlive()) {
    if (engine.world.isDown) {
      await pause(RECONNECT_MS);
      continue;
    }
    engine.world.listeners.add(listener);
    inbox.put(notice('connected', engine.clock.nowMs()));
    inbox.isOpen = true;
    while (inbox.isOpen || inbox.waiting.length > 0) {
      const next = inbox.waiting.shift();
      if (next !== undefined) yield next;
      else await inbox.more();
      if (!isAlive()) await new Promise(() => undefined);
    }
    engine.world.listeners.delete(listener);
    yield notice('disconnected', engine.clock.nowMs());
    await pause(RECONNECT_MS);
  }
}

function deliver(event: EngineEvent, inbox: Inbox, options: EventWireOptions): void {
  const { chance, clock, eventFate, isAlive } = options;
  if (!isAlive() || event.kind === 'connected') return;
  const fate = eventFate();
  inbox.seen += 1;
  const isCut = fate.cutAfter > 0 && inbox.seen % fate.cutAfter === 0;
  if (event.kind === 'disconnected' || isCut) {
    inbox.close();
    return;
  }
  if (chance.isSo(fate.drop)) return;
  const times = chance.isSo(fate.duplicate) ? 2 : 1;
  for (let count = 0; count < times; count += 1) {
    clock.setTimer(() => inbox.put(event), chance.int(0, fate.delayMs));
  }
}

/** Events that arrived and were not read. */
class Inbox {
  readonly waiting: EngineEvent[] = [];
  isOpen = false;
  seen = 0;
  #wake = () => {};

  put(event: EngineEvent): void {
    this.waiting.push(event);
    this.#wake();
  }

  close(): void {
    this.isOpen = false;
    this.#wake();
  }

  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

const notice = (kind: 'connected' | 'disconnected', atMs: number): EngineEvent => ({
  kind,
  action: kind,
  id: '',
  name: undefined,
  stack: undefined,
  atMs,
});
