import type { Operations } from '../controller/operations.ts';
import type { StackEvent } from '../model/status.ts';

interface EventFilter {
  readonly stack: string | undefined;
  readonly afterSequence: number | undefined;
}

/**
 * The events so far, then those to come, none missing and none twice: the watch is begun before the past is
 * read, and what the past had already is left out by its sequence.
 */
export async function* followEvents(
  operations: Operations,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<StackEvent> {
  const notices = operations.watch({ stack: filter.stack }, signal)[Symbol.asyncIterator]();
  try {
    let next = notices.next();
    // Until it is awaited below, a rejection would count as unhandled.
    next.catch(() => undefined);
    let last = filter.afterSequence ?? 0;
    for (const event of operations.events(filter)) {
      last = Math.max(last, event.sequence);
      yield event;
    }
    for (let result = await next; result.done !== true; result = await next) {
      const notice = result.value;
      if (notice.kind === 'event' && notice.event.sequence > last) {
        last = notice.event.sequence;
        yield notice.event;
      }
      next = notices.next();
    }
  } finally {
    await notices.return?.();
  }
}
