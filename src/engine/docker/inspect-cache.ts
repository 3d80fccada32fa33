import equal from 'fast-deep-equal';
import type { EngineEvent } from '../engine.ts';
import type { WireContainer, WireContainerSummary } from './wire.ts';

/** Of a healthcheck that names none (Engine API, HealthConfig). */
const DEFAULT_INTERVAL_MS = 30_000;

interface Known {
  readonly summary: WireContainerSummary;
  /** Unix ms. */
  readonly askedAtMs: number;
  /** Undefined while the engine is being asked. */
  wire: WireContainer | undefined;
}

/**
 * What running containers looked like, while they must look so still: the engine's events are being read, none came
 * about the container, no call of ours touched it, the list of containers shows it as it did, and its
 * healthcheck is not due. The list alone shows names, attachments with their endpoints, and whether it runs; only a
 * change of limits or of the restart policy rests on an event. Without somebody who reads the events, nothing is kept.
 */
export class InspectCache {
  readonly #known = new Map<string, Known>();
  readonly #maxAgeMs: number;
  #isFollowed = false;

  /** `maxAgeMs`: events may be lost without a word; what none was heard of is asked for again after this all the same. */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** Passes events on, and forgets what they are about. */
  async *follow(events: AsyncIterable<EngineEvent>): AsyncGenerator<EngineEvent> {
    try {
      for await (const event of events) {
        this.#note(event);
        yield event;
      }
    } finally {
      this.#isFollowed = false;
      this.#known.clear();
    }
  }

  /** The inspect that would be answered; undefined when that has to be asked. */
  get(summary: WireContainerSummary, nowMs: number): WireContainer | undefined {
    const known = this.#known.get(summary.Id);
    if (known?.wire === undefined || nowMs < known.askedAtMs) return undefined;
    const { wire, askedAtMs } = known;
    const untilMs = Math.min(askedAtMs + this.#maxAgeMs, nextProbeAtMs(wire, askedAtMs));
    return nowMs < untilMs && equal(known.summary, steady(summary)) ? known.wire : undefined;
  }

  /** To be called before the engine is asked, and what it returns with the answer. */
  asking(summary: WireContainerSummary, nowMs: number): (wire: WireContainer | undefined) => void {
    if (!this.#isFollowed) return () => undefined;
    const asked: Known = { summary: steady(summary), askedAtMs: nowMs, wire: undefined };
    this.#known.set(summary.Id, asked);
    return (wire) => {
      // Otherwise something happened to it meanwhile, or it is being asked for once more.
      if (this.#known.get(summary.Id) !== asked) return;
      if (wire !== undefined && isRunning(wire)) asked.wire = wire;
      else this.#known.delete(summary.Id);
    };
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Forgets who is not in a list of all containers. */
  keepOnly(summaries: readonly WireContainerSummary[]): void {
    const there = new Set(summaries.map(({ Id }) => Id));
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id);
  }

  #note(event: EngineEvent): void {
    switch (event.kind) {
      case 'connected':
      case 'disconnected':
        this.#isFollowed = event.kind === 'connected';
        this.#known.clear();
        return;
      case 'daemon':
        this.#known.clear();
        return;
      default:
        this.#known.delete(event.id);
        if (event.container !== undefined) this.#known.delete(event.container);
    }
  }
}

/** Without what changes by itself: for how long it has been up. */
function steady(summary: WireContainerSummary): WireContainerSummary {
  const { Status: status = '', ...others } = summary;
  return { ...others, Status: (status.match(/\([^)]*\)/g) ?? []).join() };
}

/** The others are few, and of them less is seen from outside. */
function isRunning({ State: state }: WireContainer): boolean {
  return state?.Running === true && state.Paused !== true && state.Restarting !== true;
}

/** A probe tells nobody what it found as long as its verdict stays: so long as the next one is not due, nothing did. */
function nextProbeAtMs({ State: state, Config: config }: WireContainer, askedAtMs: number): number {
  const status = state?.Health?.Status ?? 'none';
  if (status === 'none' || status === '') return Number.POSITIVE_INFINITY;
  const endedAtMs = Date.parse(state?.Health?.Log?.at(-1)?.End ?? '');
  if (status === 'starting' || Number.isNaN(endedAtMs)) return askedAtMs;
  const intervalMs = (config?.Healthcheck?.Interval ?? 0) / 1e6 || DEFAULT_INTERVAL_MS;
  // The second, since the engine's clock may be another one.
  return Math.min(endedAtMs + intervalMs, askedAtMs + intervalMs);
}
