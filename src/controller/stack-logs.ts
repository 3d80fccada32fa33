import { stackName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Controller } from './controller.ts';
import type { ContainerLogLine, LogsRequest } from './operations.ts';
import { pause } from './triggers.ts';

const LOOK_FOR_NEW_MS = 1000;
/** Of what waits for a slow reader: a line may have a quarter of a million characters. */
const MOST_LINES = 10_000;
const MOST_CHARS = 4 * 1024 ** 2;

/** The log lines of a stack's containers as they come; with `follow` those of later containers too. */
export async function* stackLogs(
  controller: Controller,
  request: LogsRequest,
  signal: AbortSignal,
): AsyncGenerator<ContainerLogLine> {
  const merged = new LineQueue();
  const own = new AbortController();
  const stop = () => {
    own.abort();
    merged.end();
  };
  signal.addEventListener('abort', stop, { once: true });
  // When it fails there are still logs being read.
  const feeding = feed(controller, request, merged, own.signal).finally(stop);
  // It may fail while the reader stands still, or after it went: told below to who comes to the end of the lines.
  feeding.catch(() => undefined);
  try {
    for await (const line of merged.lines()) {
      if (signal.aborted) return;
      yield line;
    }
    await feeding;
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
}

async function feed(
  controller: Controller,
  request: LogsRequest,
  into: LineQueue,
  signal: AbortSignal,
): Promise<void> {
  const open = new Map<string, Promise<void>>();
  /** When the reading of a container ended, so that its next start goes on from there. */
  const readUntilMs = new Map<string, number>();
  do {
    for (const live of await containersOf(controller, request, signal)) {
      const isFirst = !readUntilMs.has(live.id);
      if (open.has(live.id) || (!isFirst && live.state !== 'running')) continue;
      const sinceMs = readUntilMs.get(live.id) ?? request.sinceMs;
      const reading = readOne(controller, request, live, { sinceMs, isFirst, into }, signal)
        .catch((thrown: unknown) => controller.ports.log.warn({ err: thrown }, 'a log cannot be read'))
        .finally(() => {
          open.delete(live.id);
          readUntilMs.set(live.id, controller.ports.clock.nowMs());
        });
      readUntilMs.set(live.id, controller.ports.clock.nowMs());
      open.set(live.id, reading);
    }
    if (!request.follow) await Promise.all(open.values());
    else await pause(controller.ports, LOOK_FOR_NEW_MS, signal);
  } while (request.follow && !signal.aborted);
  await Promise.all(open.values());
}

async function containersOf(
  controller: Controller,
  request: LogsRequest,
  signal: AbortSignal,
): Promise<readonly ObservedContainer[]> {
  const stack = stackName(request.stack);
  const query = { stack, project: request.stack, networkNames: [], imageRefs: [] };
  const observed = await controller.ports.engine.observe(query, signal);
  return observed.containers
    .filter((live) => live.ownership === 'ours' && live.stack === stack)
    .filter((live) => request.services.length === 0 || request.services.includes(live.service ?? ''))
    .sort((a, b) => a.name.localeCompare(b.name));
}

async function readOne(
  controller: Controller,
  request: LogsRequest,
  live: ObservedContainer,
  how: { readonly sinceMs: number | undefined; readonly isFirst: boolean; readonly into: LineQueue },
  signal: AbortSignal,
): Promise<void> {
  const service = live.service ?? live.name;
  const options = {
    follow: request.follow,
    tail: how.isFirst ? request.tail : undefined,
    sinceMs: how.sinceMs,
    timestamps: request.timestamps,
  };
  for await (const line of controller.ports.engine.logs(live.id, options, signal)) {
    await how.into.push({ ...line, service, container: `${service}-${live.ordinal ?? 1}` });
  }
}

/**
 * Lines of several containers in the order in which they come. Who writes waits for a slow reader until that one has
 * read everything; after the end nothing more is taken.
 */
class LineQueue {
  readonly #lines: ContainerLogLine[] = [];
  #chars = 0;
  #ended = false;
  #wakeReader: () => void = () => undefined;
  #wakeWriters: () => void = () => undefined;

  async push(line: ContainerLogLine): Promise<void> {
    while (this.#isFull() && !this.#ended) {
      await new Promise<void>((resolve) => {
        const others = this.#wakeWriters;
        this.#wakeWriters = () => {
          others();
          resolve();
        };
      });
    }
    if (this.#ended) return;
    this.#lines.push(line);
    this.#chars += line.text.length;
    this.#wakeReader();
  }

  end(): void {
    this.#ended = true;
    this.#releaseWriters();
    this.#wakeReader();
  }

  async *lines(): AsyncGenerator<ContainerLogLine> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        this.#chars -= line.text.length;
        yield line;
      } else if (this.#ended) {
        return;
      } else {
        this.#releaseWriters();
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    }
  }

  #isFull(): boolean {
    return this.#lines.length >= MOST_LINES || this.#chars >= MOST_CHARS;
  }

  #releaseWriters(): void {
    const wake = this.#wakeWriters;
    this.#wakeWriters = () => undefined;
    wake();
  }
}
