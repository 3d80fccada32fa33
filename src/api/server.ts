import { setMaxListeners } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { Operations } from '../controller/operations.ts';
import { Failure } from '../model/failure.ts';
import type { TcpAddress } from '../model/tcp-address.ts';
import { type Guard, guardSocket, guardTcp } from './callers.ts';
import { type ApiLog, buildRoutes } from './routes.ts';
import { listenOnSocket } from './socket.ts';
import { listenOnTcp } from './tcp.ts';
import type { AccessOf } from './tokens.ts';

const MAX_CONNECTIONS = 64;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** How long answers that are under way may take once the server closes. */
const CLOSE_GRACE_MS = 1000;
const SERVER_OPTIONS: ServerOptions = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
};

export interface ApiOptions {
  readonly operations: Operations;
  /** Its directory is made (0750) when missing. */
  readonly socketPath: string;
  /** Who may open the socket; default 0660. */
  readonly socketMode?: number | undefined;
  /** The id of the group that the socket is given to. */
  readonly socketGroup?: number | undefined;
  /** Undefined: nobody can call from elsewhere. */
  readonly tcp?: TcpOptions | undefined;
  readonly log: ApiLog;
}

export interface TcpOptions {
  readonly address: TcpAddress;
  /** PEM texts; undefined: not encrypted. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly accessOf: AccessOf;
  readonly hosts: readonly string[];
}

export interface RunningApi {
  /** Of the TCP listener. */
  readonly port: number | undefined;
  /** Ends all streams, lets short answers finish, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves the operations on a unix socket, and on TCP when told to. Throws `Failure` `conflict` when another daemon
 * answers there, or somebody else.
 */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const closing = new AbortController();
  // One listener for each request under way, and their number is bounded below.
  setMaxListeners(0, closing.signal);
  const serve = (guard: Guard): RequestListener => {
    const { operations, log } = options;
    const routes = buildRoutes({ operations, log, closing: closing.signal, guard });
    return getRequestListener((request, env) => routes.fetch(request, env), { overrideGlobalObjects: false });
  };
  const local = createServer(SERVER_OPTIONS, serve(guardSocket));
  local.maxConnections = MAX_CONNECTIONS;
  const removeSocket = await listenOnSocket(local, {
    path: options.socketPath,
    mode: options.socketMode,
    group: options.socketGroup,
  });
  tellOfLostConnections(local, options.log);
  const servers = [local];
  const close = async (): Promise<void> => {
    closing.abort('the daemon stops');
    await removeSocket();
    await Promise.all(servers.map(closeServer));
  };
  try {
    if (options.tcp === undefined) return { port: undefined, close };
    const remote = createTcpServer(options.tcp, serve(tcpGuard(options.tcp, options.log)));
    servers.push(remote);
    const port = await listenOnTcp(remote, options.tcp.address);
    tellOfLostConnections(remote, options.log);
    return { port, close };
  } catch (thrown) {
    servers.splice(1);
    await close();
    throw thrown;
  }
}

/** A connection that could not be accepted, as when files are used up, is the caller's bad luck and no end of ours. */
function tellOfLostConnections(server: Server, log: ApiLog): void {
  server.on('error', (error) => log.warn({ err: error }, 'a connection could not be accepted'));
}

function tcpGuard({ accessOf, hosts, address }: TcpOptions, log: ApiLog): Guard {
  return guardTcp({
    accessOf,
    hosts: [...hosts, ...(isAnyAddress(address) ? [] : [address.host])],
    nowMs: () => performance.now(),
    onWrongToken: (from) =>
      log.warn({ address: from }, 'somebody called without a token, or with a wrong one'),
  });
}

const isAnyAddress = ({ host }: TcpAddress): boolean => host === '0.0.0.0' || host === '::';

function createTcpServer({ tls }: TcpOptions, listener: RequestListener): Server {
  const server = tls === undefined ? createServer(SERVER_OPTIONS, listener) : createSecure(tls, listener);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function createSecure(
  tls: { readonly cert: string; readonly key: string },
  listener: RequestListener,
): Server {
  try {
    return createTlsServer({ ...SERVER_OPTIONS, ...tls, minVersion: 'TLSv1.2' }, listener);
  } catch (thrown) {
    // What openssl says names no part of the key.
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Failure('invalid', `the certificate and its key cannot be used: ${why}`, {
      hint: 'give --tls-cert and --tls-key a pair in PEM',
    });
  }
}

async function closeServer(server: Server): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(force);
}
