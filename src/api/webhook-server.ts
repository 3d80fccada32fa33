import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Failure } from '../model/failure.ts';
import { Pace } from './pace.ts';
import { Deliveries, deliveryOf } from './webhook-deliveries.ts';
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

/** The options, and what is remembered between requests. */
interface Receiver extends WebhookOptions {
  readonly floods: (address: string) => boolean;
  readonly deliveries: Deliveries;
}

const MAX_BODY_BYTES = 1024 * 1024;
const MOST_CONNECTIONS = 64;
/** Requests of one address, and of all: who floods it from one address keeps nobody else out. */
const PACE = { burst: 30, perSecond: 10 };
const PACE_OF_ALL = { burst: 120, perSecond: 40 };

/**
 * Takes `POST /hooks/REPOSITORY` of forges. All it ever does is to have the remote of that repository asked soon: what
 * is in the body counts for nothing, and a delivery that comes again is known by its id and does nothing. Without a proof
 * nobody even learns which repositories there are. Throws `Failure` `refused` when it cannot listen.
 */
export async function startWebhooks(options: WebhookOptions): Promise<WebhookServer> {
  const floods = floodGate(options.nowMs);
  const deliveries = new Deliveries(options.nowMs);
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 1_000 },
    (request, response) => {
      void answer(request, response, { ...options, floods, deliveries }).catch(() => response.destroy());
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
  { secret, lookAt, log, floods, deliveries }: Receiver,
): Promise<void> {
  const name = /^\/hooks\/([a-z0-9][a-z0-9_-]{0,62})$/.exec(request.url ?? '')?.[1];
  if (!floods(request.socket.remoteAddress ?? '')) return say(response, 429, 'too many requests');
  if (request.method !== 'POST' || name === undefined) return say(response, 404, 'POST /hooks/REPOSITORY');
  const body = await readBody(request);
  if (body === undefined) return say(response, 413, 'the body is too large');
  if (!isSigned(request.headers as Headers, body, secret)) {
    log.warn({ from: request.socket.remoteAddress }, 'a webhook without a valid signature was refused');
    return say(response, 401, 'not signed with the secret of this receiver');
  }
  const delivery = deliveryOf(request.headers as Headers);
  // Forges retry, or switch off, what is answered with an error.
  if (delivery !== undefined && deliveries.has(name, delivery))
    return say(response, 200, 'this delivery was taken before: nothing is done');
  if (!lookAt(name)) return say(response, 404, 'there is no such repository');
  if (delivery !== undefined) deliveries.note(name, delivery);
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

/** Who floods it delays a look until the repository's interval, and no more. */
function floodGate(nowMs: () => number): (address: string) => boolean {
  const pace = new Pace(PACE, nowMs);
  const paceOfAll = new Pace(PACE_OF_ALL, nowMs);
  return (address) => pace.take(address) && paceOfAll.take('');
}
