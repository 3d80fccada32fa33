import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Operations } from '../controller/operations.ts';
import { type ApiLog, buildRoutes } from './routes.ts';
import { listenOnSocket } from './socket.ts';

const MAX_CONNECTIONS = 64;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** How long answers that are under way may take once the server closes. */
const CLOSE_GRACE_MS = 1000;

export interface ApiOptions {
  readonly operations: Operations;
  /** Its directory is made (0750) when missing; the socket gets mode 0660. */
  readonly socketPath: string;
  readonly log: ApiLog;
}

export interface RunningApi {
  /** Ends all streams, lets short answers finish, and removes the socket. */
  close(): Promise<void>;
}

/** Serves the operations on a unix socket. Throws `Failure` `conflict` when another daemon answers there. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const closing = new AbortController();
  // One listener for each request under way, and their number is bounded below.
  setMaxListeners(0, closing.signal);
  const routes = buildRoutes({ operations: options.operations, log: options.log, closing: closing.signal });
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    getRequestListener((request, env) => routes.fetch(request, env), { overrideGlobalObjects: false }),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const removeSocket = await listenOnSocket(server, options.socketPath);
  // A connection that could not be accepted, as when files are used up, is the caller's bad luck and no end of ours.
  server.on('error', (error) => options.log.warn({ err: error }, 'a connection could not be accepted'));

  return {
    async close() {
      closing.abort('the daemon stops');
      await removeSocket();
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearTimeout(force);
    },
  };
}
