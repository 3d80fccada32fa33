import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';

/** What everybody must send; undefined: nobody needs anything. */
export type GitLogin =
  | { readonly user: string; readonly password: string }
  | { readonly bearer: string }
  | undefined;

/** Serves repositories over HTTP, or with TLS, on loopback through `git http-backend`. */
export class GitHttp {
  readonly #server: Server;
  readonly #root: string;
  readonly #scheme: 'http' | 'https';
  readonly #authorization: string | undefined;
  /** What every request bore, for finding out who sends a password where. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];

  constructor(root: string, login?: GitLogin, tls?: { readonly cert: string; readonly key: string }) {
    this.#root = root;
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#authorization = login === undefined ? undefined : authorizationOf(login);
    const serve = (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  }

  /** The url of what it serves. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `${this.#scheme}://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://h');
    const { authorization } = request.headers;
    this.requests.push({ path: url.pathname, authorization });
    if (this.#authorization !== undefined && authorization !== this.#authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no\n');
      return;
    }
    const backend = join(
      execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(),
      'git-http-backend',
    );
    const child = spawn(backend, [], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: this.#root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'],
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
        REMOTE_USER: 'x',
      },
    });
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      const heads = all
        .subarray(0, end)
        .toString('latin1')
        .split('\r\n')
        .map((line) => line.split(': '));
      const status = Number(heads.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
      const headers = Object.fromEntries(
        heads.filter(([name]) => name !== 'Status').map(([name, value]) => [name, value]),
      );
      response.writeHead(status, headers).end(all.subarray(end + 4));
    });
  }
}

function authorizationOf(login: NonNullable<GitLogin>): string {
  if ('bearer' in login) return `Bearer ${login.bearer}`;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}
