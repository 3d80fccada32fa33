import type { StackName } from '../model/names.ts';
import type { StackEvent } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import type { EventDraft } from '../status/events.ts';
import type { Store } from '../store/store.ts';

const KEPT = 1000;

/** The events of all stacks, bounded; the same event again raises the count of the one that is there. */
export class EventLog {
  readonly #store: Store;
  #events: StackEvent[];
  #sequence: number;

  constructor(store: Store) {
    this.#store = store;
    // The log holds each event as often as it was counted; the last state of each is the one that counts.
    const stored = store.readEvents().filter(isStackEvent);
    const latest = new Map(stored.map((event) => [identity(event), event]));
    this.#events = [...latest.values()].sort((a, b) => a.sequence - b.sequence).slice(-KEPT);
    this.#sequence = this.#events.at(-1)?.sequence ?? 0;
  }

  record(stack: StackName, drafts: readonly EventDraft[], nowMs: number): readonly StackEvent[] {
    return drafts.map((draft) => this.#recordOne(stack, draft, nowMs));
  }

  #recordOne(stack: StackName, draft: EventDraft, nowMs: number): StackEvent {
    const at = isoTime(nowMs);
    this.#sequence += 1;
    const before = this.#events.findIndex(
      (event) =>
        event.stack === stack &&
        event.reason === draft.reason &&
        event.object === draft.object &&
        event.message === draft.message,
    );
    const [known] = before >= 0 ? this.#events.splice(before, 1) : [];
    const event: StackEvent = {
      stack,
      ...draft,
      count: (known?.count ?? 0) + 1,
      firstAt: known?.firstAt ?? at,
      lastAt: at,
      sequence: this.#sequence,
    };
    this.#events.push(event);
    if (this.#events.length > KEPT) this.#events.shift();
    this.#store.appendEvent(event);
    return event;
  }

  list(stack: string | undefined, afterSequence: number | undefined): readonly StackEvent[] {
    return this.#events.filter(
      (event) =>
        (stack === undefined || event.stack === stack) &&
        (afterSequence === undefined || event.sequence > afterSequence),
    );
  }
}

const identity = (event: StackEvent): string =>
  `${event.stack}\n${event.reason}\n${event.object}\n${event.firstAt}\n${event.message}`;

/** What an older release wrote, or a torn line, is left out rather than shown wrongly. */
function isStackEvent(value: unknown): value is StackEvent {
  if (typeof value !== 'object' || value === null) return false;
  const event = value as Partial<Record<keyof StackEvent, unknown>>;
  return (
    typeof event.stack === 'string' &&
    typeof event.reason === 'string' &&
    typeof event.object === 'string' &&
    typeof event.message === 'string' &&
    typeof event.sequence === 'number' &&
    typeof event.count === 'number'
  );
}
