import { badRequest, type ErrorAnswer } from './errors.ts';
import { Pace } from './pace.ts';
import { PATHS } from './paths.ts';
import type { Access, AccessOf } from './tokens.ts';

/** What is known of a request before it is answered. */
export interface Caller {
  readonly headers: Headers;
  readonly method: string;
  readonly path: string;
  /** Of the other side; a unix socket has none. */
  readonly address: string;
  /** At which it came in, without brackets. */
  readonly localAddress: string;
  readonly localPort: number;
}

/** Decides who is served, and how far. */
export type Guard = (caller: Caller) => { readonly refused: ErrorAnswer } | { readonly access: Access };

/**
 * For the unix socket, whose file says who may open it. No browser opens one, but people forward it to a port (ssh -L,
 * socat), where any page they look at could reach it: by a form that asks nobody, or by a name of its own that leads to
 * 127.0.0.1 (DNS rebinding).
 */
export const guardSocket: Guard = ({ headers }) => {
  const refused = isLocalName(hostOf(headers)) ? refuseBrowser(headers) : notThisHost(headers);
  return refused === undefined ? { access: 'read-write' } : { refused };
};

export interface TcpGuardOptions {
  /** As read now: tokens can be changed while the daemon runs. */
  readonly accessOf: AccessOf;
  /** Names, beside localhost and the address itself, by which clients may call. */
  readonly hosts: readonly string[];
  readonly nowMs: () => number;
  readonly onWrongToken: (address: string) => void;
}

/** Requests of one address, and of all. */
const PACE = { burst: 200, perSecond: 50 };
const PACE_OF_ALL = { burst: 1000, perSecond: 200 };
/** Wrong tokens that are told of: the log must not be flooded. */
const PACE_OF_WARNINGS = { burst: 10, perSecond: 0.1 };

/** For TCP: everybody needs a token, on loopback too, where every user and every page of this host can call. */
export function guardTcp(options: TcpGuardOptions): Guard {
  const pace = new Pace(PACE, options.nowMs);
  const paceOfAll = new Pace(PACE_OF_ALL, options.nowMs);
  const paceOfWarnings = new Pace(PACE_OF_WARNINGS, options.nowMs);
  return (caller) => {
    const { headers, address } = caller;
    if (!pace.take(address) || !paceOfAll.take('')) return { refused: badRequest('too many requests', 429) };
    if (!isNamed(caller, options.hosts)) return { refused: notThisHost(headers) };
    const browser = refuseBrowser(headers);
    if (browser !== undefined) return { refused: browser };
    const access = options.accessOf(bearerOf(headers));
    if (access === undefined) {
      if (paceOfWarnings.take('')) options.onWrongToken(address);
      return { refused: badRequest('a token is needed', 401) };
    }
    if (access === 'read-only' && !isReading(caller)) return { refused: readOnly() };
    return { access };
  };
}

/** What a token that may only read is told. */
export function readOnly(): ErrorAnswer {
  return badRequest('this token may only read', 403);
}

/** `diff` reads too; whether it brings manifests, which are read with the daemon's rights, is seen later. */
function isReading({ method, path }: Caller): boolean {
  return method === 'GET' || method === 'HEAD' || (method === 'POST' && path === PATHS.diff);
}

function refuseBrowser(headers: Headers): ErrorAnswer | undefined {
  const site = headers.get('sec-fetch-site');
  if (headers.has('origin') || (site !== null && site !== 'none')) {
    return badRequest('pages in a browser may not call this API', 403);
  }
  return undefined;
}

const hostOf = (headers: Headers): string => headers.get('host') ?? '';

function notThisHost(headers: Headers): ErrorAnswer {
  return badRequest(
    `this daemon is not ${JSON.stringify(hostOf(headers).slice(0, 80))}, call it localhost`,
    421,
  );
}

/** Names without a dot are in nobody's hands but this network's; `curl --unix-socket` sends whatever is in its URL. */
function isLocalName(host: string): boolean {
  return /^(?:[a-z0-9_-]*|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

/** Exactly what leads here: an allowed name with any port (a proxy may stand before it), or an own one with ours. */
function isNamed({ headers, localAddress, localPort }: Caller, hosts: readonly string[]): boolean {
  const [, name = '', port] = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/i.exec(hostOf(headers)) ?? [];
  const called = name.replaceAll(/[[\]]/g, '').toLowerCase();
  if (called === '') return false;
  if (hosts.some((host) => host.toLowerCase() === called)) return true;
  const isOwn = ['localhost', '127.0.0.1', '::1', localAddress.replace(/^::ffff:/, '')].includes(called);
  return isOwn && Number(port) === localPort;
}

function bearerOf(headers: Headers): string {
  return /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
}

/** Whether a body is said to be JSON: other kinds are what a form of any page can send. */
export function isJson(headers: Headers): boolean {
  return /^application\/json\s*(?:;|$)/i.test(headers.get('content-type') ?? '');
}
