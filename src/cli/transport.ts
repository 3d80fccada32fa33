import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Failure } from '../model/failure.ts';

/** Bounds what a broken daemon can make us hold. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;
/** So long a daemon may be silent before its answer begins. A stream may then be silent for ever. */
const ANSWER_TIMEOUT_MS = 60_000;

export interface WireRequest {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  /** Sent as JSON; undefined: none. */
  readonly body?: unknown;
}

export interface WireAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when it was none. */
  readonly body: unknown;
}

/** Where a request went, and what breaks it off. */
interface Line {
  readonly socketPath: string;
  readonly signal: AbortSignal;
}

/** One request and its whole answer, over HTTP on a unix socket. Throws `Failure` when nobody answers. */
export async function send(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
  return readAnswer({ socketPath: request.socketPath, signal }, await open(request, signal));
}

/** A request answered by lines of JSON, or, when it is refused, by a body. */
export async function openStream(
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireAnswer | { readonly lines: AsyncIterable<unknown> }> {
  const response = await open(request, signal);
  const line: Line = { socketPath: request.socketPath, signal };
  return statusOf(response) >= 400 ? readAnswer(line, response) : { lines: readLines(line, response) };
}

function open(request: WireRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { socketPath, method, path } = request;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath, method, path, headers, signal, agent: false }, (response) => {
      sent.setTimeout(0);
      resolve(response);
    });
    sent.setTimeout(ANSWER_TIMEOUT_MS, () => sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    sent.on('error', (error) => reject(transportFailure({ socketPath, signal }, error)));
    sent.end(body);
  });
}

async function readAnswer(line: Line, response: IncomingMessage): Promise<WireAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(line, response)) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Failure('bug', 'the answer of the daemon is larger than 64 MiB');
    chunks.push(chunk);
  }
  return { status: statusOf(response), body: parseJson(Buffer.concat(chunks).toString('utf8')) };
}

async function* readLines(line: Line, response: IncomingMessage): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunksOf(line, response)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARACTERS) throw new Failure('bug', 'the daemon sent a line without an end');
    for (const each of lines) yield parseJson(each);
  }
}

async function* chunksOf(line: Line, response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response;
  } catch (error) {
    throw transportFailure(line, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const statusOf = (response: IncomingMessage): number => response.statusCode ?? 500;

const NO_DAEMON_HINT =
  'start it with `systemctl start stackctld` or `stackctld`; --direct works once without a daemon, --socket chooses another';

function transportFailure({ socketPath, signal }: Line, error: unknown): Failure {
  const { code } = error as NodeJS.ErrnoException;
  if (signal.aborted) return new Failure('superseded', 'interrupted', { cause: error });
  const unreachable = (why: string, hint: string): Failure =>
    new Failure('unreachable', `cannot reach stackctld on ${socketPath}: ${why}`, { hint, cause: error });
  switch (code) {
    case 'ENOENT':
      return unreachable('there is no socket', NO_DAEMON_HINT);
    case 'ECONNREFUSED':
      return unreachable('nobody answers on the socket', NO_DAEMON_HINT);
    case 'EACCES':
    case 'EPERM':
      return unreachable('permission denied', `join the group that "ls -l ${socketPath}" shows, or use sudo`);
    case 'ECONNRESET':
    case 'EPIPE':
      return unreachable('the connection broke off', 'see why with journalctl -u stackctld');
    case 'ETIMEDOUT':
      return unreachable(
        `no answer for ${ANSWER_TIMEOUT_MS / 1000} s`,
        'see why with journalctl -u stackctld',
      );
    default:
      return unreachable(code ?? 'unknown error', NO_DAEMON_HINT);
  }
}
