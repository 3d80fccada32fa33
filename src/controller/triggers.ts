import type { EngineEvent } from '../engine/engine.ts';
import { asFailure } from '../model/failure.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { Ports } from './ports.ts';

const FIRST_PROBE_MS = 500;
const LONGEST_PROBE_MS = 2_000;

/** What the engine's stream is turned into. */
export interface EngineFollower {
  /** Reached (again), with what it can do now; or out of reach. */
  readonly onInfo: (info: EngineInfo | undefined) => void;
  /** Its stream broke: it may have gone. */
  readonly onBreak: () => void;
  readonly onEvent: (event: EngineEvent) => void;
}

/**
 * One probe for all stacks: connects, and follows events. Each (re)connection is followed by a full look at
 * everything, since events may have been lost.
 */
export async function followEngine(
  ports: Ports,
  follower: EngineFollower,
  signal: AbortSignal,
): Promise<void> {
  const stream = ports.engine.events(signal)[Symbol.asyncIterator]();
  await connect(ports, follower, signal);
  while (!signal.aborted) {
    const next = await stream.next().catch((thrown: unknown) => {
      ports.log.warn({ err: asFailure(thrown) }, 'the event stream broke');
      return undefined;
    });
    if (next === undefined || next.done === true) return;
    // A stream that broke may have been cut on the way: only the engine itself can tell whether it is there.
    const { kind } = next.value;
    if (kind === 'disconnected') follower.onBreak();
    if (kind === 'connected' || kind === 'disconnected') await connect(ports, follower, signal);
    else follower.onEvent(next.value);
  }
}

async function connect(ports: Ports, follower: EngineFollower, signal: AbortSignal): Promise<void> {
  let delayMs = FIRST_PROBE_MS;
  while (!signal.aborted) {
    try {
      const info = await ports.engine.connect(signal);
      ports.log.info({ engine: info.version, api: info.apiVersion }, 'connected to the engine');
      follower.onInfo(info);
      return;
    } catch (thrown) {
      const failure = asFailure(thrown);
      ports.log.warn({ err: failure.message }, 'the engine does not answer');
      follower.onInfo(undefined);
      await pause(ports, delayMs, signal);
      delayMs = Math.min(LONGEST_PROBE_MS, delayMs * 2);
    }
  }
}

/** Waits, or less when the signal comes. */
export function pause(ports: Pick<Ports, 'clock'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = ports.clock.setTimer(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
