import type { EngineEvent } from '../../../src/engine/engine.ts';
import { streamEvent } from './daemon.ts';
import type { World } from './world.ts';

/** Of events that a subscriber did not take yet, how many an engine keeps; more are dropped (reliability 1.6). */
const BUFFER = 1024;

/** The port's `events`: says `connected` first, as soon as there is an engine. */
export async function* readEvents(world: World, signal: AbortSignal): AsyncGenerator<EngineEvent> {
  const waiting: EngineEvent[] = world.isDown ? [] : [streamEvent(world, 'connected')];
  let wake = () => {};
  const listener = (event: EngineEvent) => {
    const isOfTheStream = event.kind === 'connected' || event.kind === 'disconnected';
    if (!isOfTheStream && waiting.length >= BUFFER) return;
    waiting.push(event);
    wake();
  };
  const onAbort = () => wake();
  world.listeners.add(listener);
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    world.listeners.delete(listener);
    signal.removeEventListener('abort', onAbort);
  }
}
