import { badRequest, type ErrorAnswer } from './errors.ts';

/**
 * Refuses what a page in somebody's browser sent, or undefined. No browser opens a unix socket, but people forward
 * it to a port (ssh -L, socat), where any page they look at could reach it: by a form that asks nobody, or by a name
 * of its own that leads to 127.0.0.1 (DNS rebinding).
 */
export function refuseBrowser(headers: Headers): ErrorAnswer | undefined {
  const host = headers.get('host') ?? '';
  if (!isLocalName(host)) {
    return badRequest(`this daemon is not ${JSON.stringify(host.slice(0, 80))}, call it localhost`, 421);
  }
  const site = headers.get('sec-fetch-site');
  if (headers.has('origin') || (site !== null && site !== 'none')) {
    return badRequest('pages in a browser may not call this API', 403);
  }
  return undefined;
}

/** Names without a dot are in nobody's hands but this network's; `curl --unix-socket` sends whatever is in its URL. */
function isLocalName(host: string): boolean {
  return /^(?:[a-z0-9_-]*|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

/** Whether a body is said to be JSON: other kinds are what a form of any page can send. */
export function isJson(headers: Headers): boolean {
  return /^application\/json\s*(?:;|$)/i.test(headers.get('content-type') ?? '');
}
