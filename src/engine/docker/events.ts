import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { asFailure } from '../../model/failure.ts';
import type { EngineEvent } from '../engine.ts';
import { type Connection, DEADLINE } from './connection.ts';
import { EventParser } from './event-parser.ts';
import { EventQueue } from './event-queue.ts';

const FIRST_BACKOFF_MS = 250;
/** An engine that comes back is to be noticed within seconds, and asking costs next to nothing. */
const MAX_BACKOFF_MS = 2000;
const IDLE_MS = 60_000;

/**
 * The events of an engine for as long as the signal does not fire. The stream is read on its own, whether
 * or not anyone asks for events: an event stream that is not drained makes the whole engine some 90 times
 * slower, and the engine drops events without a word (both measured, reliability 1.6). So what waits is
 * coalesced, and every new connection says `connected`: then everything is to be looked at again. One that breaks says
 * `disconnected`, or nobody would know of an engine that died while nothing was to be done.
 */
export async function* readEvents(connection: Connection, signal: AbortSignal): AsyncGenerator<EngineEvent> {
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) stop.abort();
  const queue = new EventQueue();
  const reading = keepReading(connection, queue, stop.signal);
  try {
    for (
      let event = await queue.next(stop.signal);
      event !== undefined;
      event = await queue.next(stop.signal)
    ) {
      yield event;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await reading;
  }
}

/** Never throws: each failure is followed by another attempt. */
async function keepReading(connection: Connection, queue: EventQueue, signal: AbortSignal): Promise<void> {
  let backoffMs = FIRST_BACKOFF_MS;
  while (!signal.aborted) {
    try {
      // The engine may have been upgraded while we were away.
      await connection.negotiate(signal);
      const response = await connection.stream(eventRequest, signal);
      backoffMs = FIRST_BACKOFF_MS;
      queue.push(streamEvent('connected'));
      await drain(connection, response, queue);
      if (!signal.aborted) queue.push(streamEvent('disconnected'));
    } catch (thrown) {
      if (!signal.aborted) connection.log.debug({ reason: asFailure(thrown).message }, 'no event stream');
    }
    connection.forget();
    await delay(backoffMs, undefined, { signal }).catch(() => undefined);
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
  }
}

/** No label filter: network and volume events carry no labels on any engine. */
const eventRequest = {
  method: 'GET',
  path: '/events',
  query: { filters: { type: ['container', 'network', 'volume', 'image', 'daemon'] } },
  what: 'read events',
  deadlineMs: DEADLINE.ping,
  onDeadline: 'unreachable',
} as const;

/** What the reader itself has to say of the stream. */
export function streamEvent(kind: 'connected' | 'disconnected'): EngineEvent {
  return {
    kind,
    action: kind,
    id: '',
    name: undefined,
    stack: undefined,
    atMs: Date.now(),
  };
}

/** Resolves when the stream ends, however it ends. Nothing in here waits for anyone. */
function drain(connection: Connection, response: IncomingMessage, queue: EventQueue): Promise<void> {
  const parser = new EventParser();
  return new Promise((resolve) => {
    const watch = idleWatch(connection, () => response.destroy());
    response.on('data', (chunk: Buffer) => {
      watch.refresh();
      for (const event of parser.push(chunk)) queue.push(event);
    });
    response.on('error', () => undefined);
    response.on('close', () => {
      watch.stop();
      resolve();
    });
  });
}

/** A quiet stream may be a dead one: after a minute of silence somebody must answer a ping. */
function idleWatch(connection: Connection, onDead: () => void): { refresh(): void; stop(): void } {
  const timer = setInterval(() => {
    connection.ping().catch(onDead);
  }, IDLE_MS);
  return { refresh: () => timer.refresh(), stop: () => clearInterval(timer) };
}
