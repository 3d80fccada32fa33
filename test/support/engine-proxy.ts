import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** A call that passed through. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
}

/** Told of each write with its number (from 1): before it is passed on, and when the engine has answered. */
export type OnWrite = (phase: 'seen' | 'answered', count: number, call: SeenCall) => void | Promise<void>;

/**
 * Stands between stackctld and the engine's socket and counts: what asks (GET, HEAD) and what changes. Everything is
 * passed on as it is.
 */
export class EngineProxy {
  readonly socketPath: string;
  readonly calls: SeenCall[] = [];
  /** Of all bodies that the engine answered with. */
  bytesAnswered = 0;
  /** A write waits for it, and so does the answer. For tests that crash something at a chosen moment. */
  onWrite: OnWrite | undefined;
  /** Has the engine's events in its hands on their way to the daemon; without it they are passed on. */
  onEvents: ((events: IncomingMessage, answer: ServerResponse) => void) | undefined;
  readonly #target: string;
  readonly #server: Server;

  constructor(options: { readonly socketPath: string; readonly engineHost: string }) {
    this.socketPath = options.socketPath;
    this.#target = options.engineHost.replace('unix://', '');
    this.#server = createServer((incoming, answer) => {
      const call = { method: incoming.method ?? '', path: incoming.url ?? '' };
      this.calls.push(call);
      const count = isWrite(call) ? this.writes().length : undefined;
      const hold = async (phase: 'seen' | 'answered') => {
        if (count !== undefined) await this.onWrite?.(phase, count, call);
      };
      // The whole body first: an engine that answers before it has read everything closes the pipe, and with it the answer.
      void bodyOf(incoming)
        .then(async (body) => {
          await hold('seen');
          this.#passOn(incoming, body, { answer, beforeAnswer: () => hold('answered') });
        })
        .catch(() => answer.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.requestTimeout = 0;
  }

  #passOn(
    incoming: IncomingMessage,
    body: Buffer,
    back: { readonly answer: ServerResponse; readonly beforeAnswer: () => Promise<void> },
  ): void {
    const { answer, beforeAnswer } = back;
    const { 'transfer-encoding': _chunked, ...headers } = incoming.headers;
    const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
    const outgoing = request(
      {
        socketPath: this.#target,
        method: incoming.method,
        path: incoming.url,
        headers: { ...headers, ...length },
        agent: false,
      },
      (reply: IncomingMessage) => {
        reply.on('error', () => answer.destroy());
        void beforeAnswer().then(() => {
          answer.writeHead(reply.statusCode ?? 502, reply.headers);
          // At once: of events a quiet engine may have none to tell for long, and yet the stream is open.
          answer.flushHeaders();
          if (this.onEvents !== undefined && /\/events(\?|$)/.test(incoming.url ?? ''))
            this.onEvents(reply, answer);
          else
            reply
              .on('data', (chunk: Buffer) => {
                this.bytesAnswered += chunk.length;
              })
              .pipe(answer);
        });
      },
    );
    // As the engine would: a connection that breaks, and no answer of our own making.
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    outgoing.end(body);
  }

  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** Calls that could change something. */
  writes(): readonly SeenCall[] {
    return this.calls.filter(isWrite);
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.socketPath, resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.socketPath, { force: true });
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function isWrite({ method }: SeenCall): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
