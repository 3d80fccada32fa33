import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';

/** A call that passed through. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
}

/**
 * Stands between stackctld and the engine's socket and counts: what asks (GET, HEAD) and what changes. Everything is
 * passed on as it is.
 */
export class EngineProxy {
  readonly socketPath: string;
  readonly calls: SeenCall[] = [];
  readonly #target: string;
  readonly #server: Server;

  constructor(options: { readonly socketPath: string; readonly engineHost: string }) {
    this.socketPath = options.socketPath;
    this.#target = options.engineHost.replace('unix://', '');
    this.#server = createServer((incoming, answer) => {
      this.calls.push({ method: incoming.method ?? '', path: incoming.url ?? '' });
      const outgoing = request(
        { socketPath: this.#target, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (reply: IncomingMessage) => {
          answer.writeHead(reply.statusCode ?? 502, reply.headers);
          reply.pipe(answer);
          reply.on('error', () => answer.destroy());
        },
      );
      // As the engine would: a connection that breaks, and no answer of our own making.
      outgoing.on('error', () => incoming.destroy());
      answer.on('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.requestTimeout = 0;
  }

  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** Calls that could change something. */
  writes(): readonly SeenCall[] {
    return this.calls.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
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
