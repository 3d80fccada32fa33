import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Failure } from '../model/failure.ts';
import type { Endpoint } from './endpoint.ts';
import { transportFailure } from './transport-failure.ts';

/** Bounds what a broken daemon can make us hold. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;
/** So long a daemon may be silent before its answer begins. A stream may then be silent for ever. */
const ANSWER_TIMEOUT_MS = 60_000;

export interface WireRequest {
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly path: string;
  /** Sent as JSON; undefined: none. */
  readonly body?: unknown;
}

export interface WireAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when it was none. */
  readonly body: unknown;
  /** How the other side calls itself. */
  readonly server: string | undefined;
}

export interface WireStream {
  /** Each parsed JSON; undefined when it was none. */
  readonly lines: AsyncIterable<unknown>;
  readonly server: string | undefined;
}

/** Where a request went, and what breaks it off. */
interface Line {
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
}

/** One request and its whole answer, over HTTP. Throws `Failure` when nobody answers. */
export async function send(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
  return readAnswer({ endpoint: request.endpoint, signal }, await open(request, signal));
}

/** A request answered by lines of JSON, or, when it is refused, by a body. */
export async function openStream(
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireAnswer | WireStream> {
  const response = await open(request, signal);
  const line: Line = { endpoint: request.endpoint, signal };
  if (statusOf(response) >= 400) return readAnswer(line, response);
  return { lines: readLines(line, response), server: serverOf(response) };
}

async function open(request: WireRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { endpoint } = request;
  const sent = await start(request, signal);
  return new Promise((resolve, reject) => {
    sent.on('response', (response) => {
      sent.setTimeout(0);
      resolve(response);
    });
    sent.setTimeout(ANSWER_TIMEOUT_MS, () => sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    sent.on('error', (error) => reject(failureAt({ endpoint, signal }, error)));
    sent.end(request.body === undefined ? undefined : JSON.stringify(request.body));
  });
}

async function start(
  { endpoint, method, path, body }: WireRequest,
  signal: AbortSignal,
): Promise<ClientRequest> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  if (endpoint.kind === 'socket') {
    return httpRequest({
      socketPath: endpoint.path,
      // TLS alone has use for it, and to find out that "localhost" is no address takes Node several milliseconds.
      servername: '',
      method,
      path,
      headers: type,
      signal,
      agent: false,
    } as RequestOptions);
  }
  const { url, token, authority: ca } = endpoint;
  const headers = { ...type, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const options = { method, headers, signal, agent: false } as const;
  const target = new URL(path, url);
  if (url.protocol === 'http:') return httpRequest(target, options);
  // Here, since it takes long to load, and the daemon is mostly at a socket.
  const { request: httpsRequest } = await import('node:https');
  return httpsRequest(target, { ...options, ca });
}

async function readAnswer(line: Line, response: IncomingMessage): Promise<WireAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(line, response)) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Failure('bug', 'the answer of the daemon is larger than 64 MiB');
    chunks.push(chunk);
  }
  return {
    status: statusOf(response),
    body: parseJson(Buffer.concat(chunks).toString('utf8')),
    server: serverOf(response),
  };
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
    throw failureAt(line, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function serverOf({ headers }: IncomingMessage): string | undefined {
  const { server } = headers;
  return typeof server === 'string' ? server : undefined;
}

const statusOf = (response: IncomingMessage): number => response.statusCode ?? 500;

function failureAt({ endpoint, signal }: Line, error: unknown): Failure {
  if (signal.aborted) return new Failure('superseded', 'interrupted', { cause: error });
  return transportFailure(endpoint, error, ANSWER_TIMEOUT_MS);
}
