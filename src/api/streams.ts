import type { ErrorBody } from './contract.ts';

/** How much of a stream may wait for a client that does not read. */
const MAX_WAITING_BYTES = 1024 * 1024;

export interface StreamOptions {
  /**
   * `drop`: the source goes on and must never wait, so a client that lets more than `maxWaitingBytes` pile up
   * is cut off. `wait`: the source is this client's own (an engine's log), and is read only as fast as it reads.
   */
  readonly whenSlow: 'drop' | 'wait';
  /** Aborted when the client is gone or cut off: the source must end then. */
  readonly abort: AbortController;
  /** Cuts the connection of a client that is too slow. */
  readonly cutOff: () => void;
  /** What the client is told in the last line when the source throws. */
  readonly describeError: (thrown: unknown) => ErrorBody;
  readonly maxWaitingBytes?: number;
}

/** An NDJSON body: one document a line, at the end an `ErrorBody` when the source broke. Holds a bounded buffer. */
export function ndjsonStream(
  source: AsyncIterable<unknown>,
  options: StreamOptions,
): ReadableStream<Uint8Array> {
  const { whenSlow, abort, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const iterator = source[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const encode = (value: unknown): Uint8Array => encoder.encode(`${JSON.stringify(value)}\n`);

  const finish = (controller: ReadableStreamDefaultController<Uint8Array>, thrown?: unknown): void => {
    if (thrown !== undefined && !abort.signal.aborted)
      controller.enqueue(encode(options.describeError(thrown)));
    if (controller.desiredSize !== null) controller.close();
  };
  /** Reads one item on; false at the end. */
  const advance = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<boolean> => {
    try {
      const next = await iterator.next();
      if (abort.signal.aborted) return false;
      if (next.done !== true) {
        controller.enqueue(encode(next.value));
        return true;
      }
      finish(controller);
    } catch (thrown) {
      if (!abort.signal.aborted) finish(controller, thrown);
    }
    return false;
  };
  const run = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    while (await advance(controller)) {
      if ((controller.desiredSize ?? 0) > 0) continue;
      abort.abort('the client is too slow');
      options.cutOff();
    }
  };
  const stop = (): void => {
    // The source may be in the middle of a wait: its end is not waited for.
    iterator.return?.()?.catch(() => undefined);
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        abort.signal.addEventListener('abort', () => {
          stop();
          closeQuietly(controller);
        });
        if (whenSlow === 'drop') void run(controller);
      },
      async pull(controller) {
        if (whenSlow === 'wait') await advance(controller);
      },
      cancel() {
        abort.abort('the client is gone');
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: whenSlow === 'drop' ? maxWaitingBytes : 16 * 1024 }),
  );
}

function closeQuietly(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // Closed already: by its own end, or cancelled by the client.
  }
}
