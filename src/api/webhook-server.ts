import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Failure } from '../model/failure.ts';
import { type Headers, isSigned } from './webhook-signature.ts';

export interface WebhookOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly secret: string;
  /** Has the remote of a repository asked soon; false when there is none of that name. */
  readonly lookAt: (repository: string) => boolean;
  readonly nowMs: () => number;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface WebhookServer {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;
const MOST_CONNECTIONS = 64;
const BURST = 30;
const PER_SECOND = 10;

/**
 * Takes `POST /hooks/REPOSITORY` of forges. All it ever does is to have the remote of that repository asked soon: what
 * is in the body counts for nothing, and the same again does no more than another look. Without a proof nobody even
 * learns which repositories there are. Throws `Failure` `refused` when it cannot listen.
 */
export async function startWebhooks(options: WebhookOptions): Promise<WebhookServer> {
  const rate = new Rate(options.nowMs);
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 1_000 },
    (request, response) => {
      void answer(request, response, options, rate).catch(() => response.destroy());
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Failure(
          'refused',
          `webhooks cannot be taken at ${options.host}:${options.port}: ${error.message}`,
          {
            hint: 'choose another --webhook-listen',
            cause: error,
          },
        ),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { secret, lookAt, log }: WebhookOptions,
  rate: Rate,
): Promise<void> {
  const name = /^\/hooks\/([a-z0-9][a-z0-9_-]{0,62})$/.exec(request.url ?? '')?.[1];
  if (!rate.allows()) return say(response, 429, 'too many requests');
  if (request.method !== 'POST' || name === undefined) return say(response, 404, 'POST /hooks/REPOSITORY');
  const body = await readBody(request);
  if (body === undefined) return say(response, 413, 'the body is too large');
  if (!isSigned(request.headers as Headers, body, secret)) {
    log.warn({ from: request.socket.remoteAddress }, 'a webhook without a valid signature was refused');
    return say(response, 401, 'not signed with the secret of this receiver');
  }
  if (!lookAt(name)) return say(response, 404, 'there is no such repository');
  log.info({ repository: name }, 'a webhook says that there is something new');
  say(response, 202, 'the repository is looked at');
}

function say(response: ServerResponse, status: number, text: string): void {
  // Whatever was not read of the request is not waited for.
  response.writeHead(status, {
    'content-type': 'text/plain',
    connection: 'close',
    'cache-control': 'no-store',
  });
  response.end(`${text}\n`);
}

/** Undefined when it is larger than what is read. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A bucket of tokens for all callers: who floods it delays a look until the repository's interval, and no more. */
class Rate {
  readonly #nowMs: () => number;
  #tokens = BURST;
  #atMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#atMs = nowMs();
  }

  allows(): boolean {
    const nowMs = this.#nowMs();
    this.#tokens = Math.min(BURST, this.#tokens + (Math.max(0, nowMs - this.#atMs) / 1000) * PER_SECOND);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
