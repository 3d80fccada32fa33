import { readFileSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_VERSION, MAX_BODY_BYTES } from '../../src/api/paths.ts';
import { ApiHarness } from '../unit/api/api-harness.ts';

/** Threat table 4.5 where the API listens on its socket; TCP is in tcp.test.ts, webhooks in webhook.test.ts. */

let api: ApiHarness;
beforeAll(async () => {
  api = await ApiHarness.start();
});
afterAll(() => api.stop());

const OPENAPI = new URL('../../docs/openapi.json', import.meta.url);
const V = `/${API_VERSION}`;
const JSON_TYPE = { 'content-type': 'application/json' };

describe('row 28: who may open the socket', () => {
  test('its owner and its group, whatever the umask is', async () => {
    const umask = process.umask(0);
    const open = await ApiHarness.start().finally(() => process.umask(umask));
    try {
      expect((statSync(open.socketPath).mode & 0o777).toString(8)).toBe('660');
      expect(statSync(dirname(open.socketPath)).mode & 0o007).toBe(0);
    } finally {
      await open.stop();
    }
  });
});

describe('row 30: a page in a browser', () => {
  test.each([
    ['of another name that leads here', { host: 'evil.example:8080' }, 421],
    ['of a name that begins like ours', { host: 'localhost.evil.example' }, 421],
    ['of an address of the network', { host: '192.168.1.7:8080' }, 421],
    ['that says where it is from', { origin: 'https://evil.example' }, 403],
    ['that says it has no origin', { origin: 'null' }, 403],
    ['of the same host', { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }, 403],
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ] as const)('%s is refused, at reads and at writes', async (_, headers, status) => {
    const before = api.operations.calls.length;
    expect((await api.ask('GET', `${V}/stacks`, undefined, headers)).status).toBe(status);
    expect((await api.ask('POST', `${V}/stacks/demo/suspend`, undefined, headers)).status).toBe(status);
    expect((await api.ask('DELETE', `${V}/stacks/demo`, undefined, headers)).status).toBe(status);
    expect((await api.ask('POST', `${V}/apply`, '{}', { ...JSON_TYPE, ...headers })).status).toBe(status);
    expect(api.operations.calls.length).toBe(before);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
  ])('a body that a form could send is refused: %s', async (type) => {
    const { status } = await api.ask('POST', `${V}/diff`, '{}', { 'content-type': type });
    expect(status).toBe(415);
  });

  test.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:80', 'd', ''])(
    'whoever calls it %j is served',
    async (host) => {
      expect((await api.ask('GET', `${V}/version`, undefined, { host })).status).toBe(200);
    },
  );
});

describe('row 32: what a browser may do with an answer', () => {
  test.each([
    ['an answer', `${V}/version`, {}],
    ['no such path', '/nowhere', {}],
    ['a refusal', `${V}/version`, { origin: 'https://evil.example' }],
    ['no such stack', `${V}/stacks/nowhere`, {}],
  ])(
    '%s is not kept, not guessed at and not framed, and nobody else may read it',
    async (_, path, headers) => {
      const answer = await api.ask('GET', path, undefined, headers);
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    },
  );
});

describe('row 35: too much of everything', () => {
  test('a body above the limit, announced or not', async () => {
    const piece = ' '.repeat(1024 * 1024);
    const pieces = Array.from({ length: MAX_BODY_BYTES / piece.length + 1 }, () => piece);
    expect((await api.ask('POST', `${V}/apply`, pieces)).status).toBe(413);
    expect((await api.ask('POST', `${V}/apply`, pieces.join(''))).status).toBe(413);
  });

  test('headers above what a server keeps', async () => {
    const socket = createConnection(api.socketPath);
    const answered = firstLine(socket);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`);
    expect(await answered).toMatch(/^HTTP\/1\.1 431 /);
  });

  test.each([
    'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    '\0\0\0\r\n\r\n',
    'GET / HTTP/9\r\n\r\n',
  ])('what is no HTTP: %j', async (text) => {
    const socket = createConnection(api.socketPath);
    const answered = firstLine(socket);
    socket.write(text);
    expect(await answered).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test('more connections than there is room for are closed, and the next one is served', async () => {
    const sockets = Array.from({ length: 80 }, () => createConnection(api.socketPath));
    const closed = sockets.map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const socket of sockets) socket.on('error', () => undefined);
    // 64 are held; of the others each is closed at once.
    await Promise.race(closed);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    const served = async (): Promise<number> =>
      (await api.ask('GET', `${V}/version`).catch(() => ({ status: 0 }))).status;
    let status = 0;
    for (let attempt = 0; attempt < 100 && status !== 200; attempt += 1) status = await served();
    expect(status).toBe(200);
  });

  test.each([
    '__proto__',
    '{"__proto__": {"isAdmin": true}}',
    '[]',
    'null',
    '"x"',
    '{',
    `${'['.repeat(50_000)}`,
  ])('a body of %#', async (body) => {
    const answer = await api.ask('POST', `${V}/apply`, body);
    expect(answer.status).toBe(400);
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
  });
});

describe('row 36: a path in the place of a name', () => {
  test.each([
    '..%2f..%2fcontainers%2fx',
    '%2e%2e',
    '__proto__',
    'a%00b',
    'a%0d%0ab',
    '%',
    'constructor',
    'x'.repeat(5000),
  ])('a stack called %.60s is none', async (name) => {
    for (const [method, path] of [
      ['GET', `${V}/stacks/${name}`],
      ['GET', `${V}/stacks/${name}/history`],
      ['GET', `${V}/stacks/${name}/logs`],
      ['DELETE', `${V}/stacks/${name}`],
      ['POST', `${V}/stacks/${name}/reconcile`],
    ] as const) {
      const { status } = await api.ask(method, path);
      expect([400, 404]).toContain(status);
    }
  });
});

describe('row 37: a terminal', () => {
  test('nothing of the API runs a command in a container, or attaches to one', () => {
    const { paths } = JSON.parse(readFileSync(OPENAPI, 'utf8')) as { readonly paths: object };
    const offered = Object.keys(paths);
    expect(offered.length).toBeGreaterThan(10);
    expect(offered.filter((path) => /exec|attach|terminal|shell|console|run/i.test(path))).toEqual([]);
  });

  test.each(['exec', 'attach', 'terminal'])('there is no %s', async (verb) => {
    for (const path of [`${V}/stacks/demo/${verb}`, `${V}/containers/demo-web-1/${verb}`]) {
      expect((await api.ask('POST', path)).status).toBe(404);
      expect((await api.ask('GET', path)).status).toBe(404);
    }
  });
});

function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n')) resolve(text);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
