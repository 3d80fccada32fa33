import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { Failure } from '../../model/failure.ts';
import type { ContainerId } from '../../model/names.ts';
import type { LogLine, LogOptions } from '../engine.ts';
import { type Connection, DEADLINE, superseded } from './connection.ts';
import { transportFailure } from './failures.ts';
import { inspectContainer } from './reads.ts';

const HEADER_BYTES = 8;
/** A line that never ends is cut into pieces of this size. */
const MAX_LINE_CHARS = 256 * 1024;

/** A container's log, line by line, until its end or, when following, until the signal or the container's end. */
export async function* readLogs(
  connection: Connection,
  container: ContainerId,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const what = `read the log of container ${container.slice(0, 12)}`;
  const wire = await inspectContainer(connection, container, signal);
  if (wire === undefined) throw new Failure('gone', `${what}: there is no such container`);
  const response = await connection.stream(
    {
      method: 'GET',
      path: `/containers/${container}/logs`,
      query: {
        stdout: 1,
        stderr: 1,
        follow: options.follow ? 1 : 0,
        timestamps: options.timestamps ? 1 : 0,
        tail: options.tail ?? 'all',
        since: options.sinceMs === undefined ? undefined : (options.sinceMs / 1000).toFixed(3),
      },
      what,
      deadlineMs: DEADLINE.inspect,
    },
    signal,
  );
  try {
    yield* linesOf(response, wire.Config?.Tty === true);
  } catch (thrown) {
    if (signal.aborted) {
      if (options.follow) return;
      throw superseded(what);
    }
    throw thrown instanceof Failure ? thrown : transportFailure(what, connection.address.text, thrown);
  } finally {
    response.destroy();
  }
}

async function* linesOf(response: IncomingMessage, tty: boolean): AsyncGenerator<LogLine> {
  const splitter = new LogSplitter(tty);
  for await (const chunk of response) yield* splitter.push(chunk as Buffer);
  yield* splitter.end();
}

type Stream = LogLine['stream'];

/**
 * Cuts a log stream into lines. Without a TTY the engine sends frames, each with a header of eight bytes
 * (stream, three zeros, length in big endian); with one it sends the bytes as they are. A line may span
 * frames, a frame may span chunks, and a character may span both.
 */
export class LogSplitter {
  readonly #tty: boolean;
  readonly #text: Record<Stream, { readonly decoder: StringDecoder; rest: string }> = {
    stdout: { decoder: new StringDecoder('utf8'), rest: '' },
    stderr: { decoder: new StringDecoder('utf8'), rest: '' },
  };
  #bytes: Buffer = Buffer.alloc(0);

  constructor(tty: boolean) {
    this.#tty = tty;
  }

  push(chunk: Buffer): LogLine[] {
    if (this.#tty) return this.#lines('stdout', chunk);
    const lines: LogLine[] = [];
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#bytes.readUInt32BE(4);
      if (this.#bytes.length < end) break;
      const stream = this.#bytes[0] === 2 ? 'stderr' : 'stdout';
      lines.push(...this.#lines(stream, this.#bytes.subarray(HEADER_BYTES, end)));
      this.#bytes = this.#bytes.subarray(end);
    }
    return lines;
  }

  /** What stands behind the last newline. */
  end(): LogLine[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) => {
      const { rest } = this.#text[stream];
      return rest === '' ? [] : [{ stream, text: withoutReturn(rest) }];
    });
  }

  #lines(stream: Stream, bytes: Buffer): LogLine[] {
    const state = this.#text[stream];
    const lines = (state.rest + state.decoder.write(bytes)).split('\n');
    state.rest = lines.pop() ?? '';
    if (state.rest.length > MAX_LINE_CHARS) {
      lines.push(state.rest);
      state.rest = '';
    }
    return lines.map((text) => ({ stream, text: withoutReturn(text) }));
  }
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
