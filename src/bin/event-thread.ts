import { on } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { streamEvent } from '../engine/docker/events.ts';
import type { EngineEvent } from '../engine/engine.ts';
import { asFailure } from '../model/failure.ts';
import type { EventThreadSettings } from './event-worker.ts';

export interface EventThreadOptions {
  readonly settings: EventThreadSettings;
  readonly log: { warn(fields: object, message: string): void };
  /** What the thread runs, should it not be the compiled file beside this one: for tests. */
  readonly url?: URL;
}

const OWN_URL = new URL('./event-worker.js', import.meta.url);
/** Far more than what waits there ever takes. */
const HEAP_MIB = 128;
/** By default it grows to 48 MiB, of which nothing is given back. */
const YOUNG_MIB = 3;
/** A thread that ends has a bug: its start must not keep the machine busy. */
const RESTART_MS = 1000;

/**
 * The events of the engine, as `Engine.events`, read by a thread of its own: an event stream that nobody reads slows
 * down the whole engine, so that this process may not be the reason, however long it computes. A thread that ends is a
 * stream that broke: another one is started.
 */
export async function* readEventsInThread(
  options: EventThreadOptions,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  while (!signal.aborted) {
    yield* eventsOfThread(options, signal);
    if (signal.aborted) return;
    yield streamEvent('disconnected');
    await delay(RESTART_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Ends with its thread, which ends with the signal. */
async function* eventsOfThread(
  { settings, log, url = OWN_URL }: EventThreadOptions,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  const worker = new Worker(url, {
    workerData: settings,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  // Whether or not somebody asks for the next event just then.
  const end = () => void worker.terminate();
  signal.addEventListener('abort', end, { once: true });
  worker.on('error', (error) =>
    log.warn({ why: asFailure(error).message }, 'the thread that reads events failed'),
  );
  try {
    for await (const [event] of on(worker, 'message', { close: ['exit'] })) {
      if (signal.aborted) return;
      yield event as EngineEvent;
      worker.postMessage('taken');
    }
  } catch {
    // What it failed with is in the log.
  } finally {
    signal.removeEventListener('abort', end);
    await worker.terminate();
  }
}
