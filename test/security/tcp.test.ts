import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_VERSION } from '../../src/api/paths.ts';
import { parseTokens } from '../../src/api/tokens.ts';
import { watchTokens } from '../../src/bin/token-file.ts';
import { createClient } from '../../src/cli/client.ts';
import { stackName } from '../../src/model/names.ts';
import { readSettings } from '../../src/settings/read.ts';
import { sampleStack } from '../support/sample-stacks.ts';
import { ApiHarness, eventually } from '../unit/api/api-harness.ts';

/** Threat table 4.5 where the API listens on TCP: rows 29, 30, 33 and 35. */

const READER = 'r'.repeat(64);
const WRITER = 'w'.repeat(64);
const V = `/${API_VERSION}`;
const { accessOf } = parseTokens('tokens', `read-only ${READER}\nread-write ${WRITER}\n`);
const start = () => ApiHarness.start({ tls: undefined, accessOf, hosts: ['stackctl.example'] });

let api: ApiHarness;
let own: Readonly<Record<string, string>>;
beforeAll(async () => {
  api = await start();
  api.operations.put(sampleStack({ name: stackName('shop') }));
  own = { host: `127.0.0.1:${api.port}` };
});
afterAll(() => api.stop());

const bearing = (token: string) => ({ ...own, authorization: `Bearer ${token}` });

describe('row 29: TCP', () => {
  test.each([
    ['no token', {}],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a wrong one', { authorization: `Bearer ${'x'.repeat(64)}` }],
    ['the beginning of a right one', { authorization: `Bearer ${WRITER.slice(0, 63)}` }],
    ['a right one by another scheme', { authorization: `Basic ${WRITER}` }],
    ['a right one in the query', {}, `?token=${WRITER}`],
    ['a right one in a cookie', { cookie: `token=${WRITER}` }],
  ])('%s is 401 without detail, on every path, on loopback too', async (_, headers, query = '') => {
    const before = api.operations.calls.length;
    for (const [method, path] of [
      ['GET', `${V}/stacks${query}`],
      ['GET', '/healthz'],
      ['GET', '/nowhere'],
      ['DELETE', `${V}/stacks/demo`],
    ] as const) {
      const answer = await api.call(method, path, { ...own, ...headers });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(JSON.parse(answer.text)).toEqual({ error: { kind: 'invalid', message: 'a token is needed' } });
    }
    expect(api.operations.calls.length).toBe(before);
  });

  test('a token that may only read reads, also by diff, and nothing else', async () => {
    expect((await api.call('GET', `${V}/stacks`, bearing(READER))).status).toBe(200);
    const json = { ...bearing(READER), 'content-type': 'application/json' };
    const manifests = { baseDirectory: '/', files: [] };
    const diff = (body: object) => api.call('POST', `${V}/diff`, json, JSON.stringify(body));
    expect((await diff({ stacks: [] })).status).toBe(200);
    const before = api.operations.calls.length;
    expect((await diff({ stacks: [], manifests })).status).toBe(403);
    for (const [method, path] of [
      ['POST', `${V}/apply`],
      ['DELETE', `${V}/stacks/shop`],
      ['POST', `${V}/stacks/shop/suspend`],
      ['POST', `${V}/stacks/shop/rollback`],
      ['PUT', `${V}/stacks/shop`],
    ] as const) {
      expect((await api.call(method, path, json, method === 'DELETE' ? undefined : '{}')).status).toBe(403);
    }
    expect(api.operations.calls.length).toBe(before);
  });

  test('a token that may write writes', async () => {
    expect((await api.call('POST', `${V}/stacks/shop/suspend`, bearing(WRITER))).status).toBe(200);
  });

  test('a wrong token is said in the log, without the token', async () => {
    expect(api.logged.some(({ message }) => message.includes('wrong'))).toBe(true);
    expect(JSON.stringify(api.logged)).not.toContain('xxxx');
  });

  test('without --listen nothing listens on TCP', async () => {
    const closed = await ApiHarness.start();
    expect(closed.port).toBeUndefined();
    await closed.stop();
  });

  test.each([
    [['--listen', '127.0.0.1:1'], '--listen without --tokens'],
    [['--listen', '0.0.0.0:1', '--tokens', 't'], 'without TLS'],
    [['--listen', '[::]:1', '--tokens', 't'], 'without TLS'],
    [['--listen', '10.0.0.1:1', '--tokens', 't', '--tls-cert', 'c'], 'go together'],
    [['--tokens', 't'], '--tokens without --listen'],
  ])('%j is refused before anything listens', (argv, message) => {
    const read = readSettings({ argv, env: {}, cwd: '/', readFile: () => undefined });
    expect(
      read.kind === 'wrong' ? read.problems.map((problem) => problem.message).join() : read.kind,
    ).toContain(message);
  });

  test.each([
    [['--listen', '127.0.0.1:1', '--tokens', 't']],
    [['--listen', '0.0.0.0:1', '--tokens', 't', '--tls-cert', 'c', '--tls-key', 'k']],
    [['--listen', '0.0.0.0:1', '--tokens', 't', '--listen-without-tls']],
  ])('%j is taken', (argv) => {
    expect(readSettings({ argv, env: {}, cwd: '/', readFile: () => undefined }).kind).toBe('settings');
  });
});

describe('the file of tokens', () => {
  test('is read again when it changes, and lets nobody in once it is gone or others may write or read it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stackctl-tokens-'));
    const errors: string[] = [];
    try {
      const file = join(directory, 'tokens');
      const log = { error: (_: object, message: string) => errors.push(message) };
      writeFileSync(file, `read-write ${WRITER}`, { mode: 0o644 });
      expect(() => watchTokens(file, log)).toThrow('everybody may read it');
      rmSync(file);
      writeFileSync(file, `read-write ${WRITER}`, { mode: 0o600 });
      const watched = watchTokens(file, log);
      expect(watched(WRITER)).toBe('read-write');
      rmSync(file);
      writeFileSync(file, `read-only ${READER}`, { mode: 0o600 });
      expect([watched(WRITER), watched(READER)]).toEqual([undefined, 'read-only']);
      rmSync(file);
      expect(watched(READER)).toBeUndefined();
      writeFileSync(file, `read-only ${READER}`, { mode: 0o666 });
      expect(watched(READER)).toBeUndefined();
      expect(errors.length).toBeGreaterThan(0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('row 30: a page in a browser, which may even know a token', () => {
  test.each([
    ['of a name that leads here', () => ({ host: `evil.example:${api.port}` }), 421],
    ['of localhost at another port', () => ({ host: 'localhost:1' }), 421],
    ['of a name without a dot', () => ({ host: `box:${api.port}` }), 421],
    ['of a name that ends like an allowed one', () => ({ host: 'evil.stackctl.example' }), 421],
    ['that says where it is from', () => ({ origin: 'https://evil.example' }), 403],
    ['of an allowed name', () => ({ host: 'stackctl.example', origin: 'https://stackctl.example' }), 403],
    ['of another site', () => ({ 'sec-fetch-site': 'cross-site' }), 403],
  ] as const)('%s is refused', async (_, headers, status) => {
    const before = api.operations.calls.length;
    for (const path of [`${V}/stacks/shop/suspend`, `${V}/apply`]) {
      expect((await api.call('POST', path, { ...bearing(WRITER), ...headers() }, '{}')).status).toBe(status);
    }
    expect((await api.call('GET', `${V}/watch`, { ...bearing(WRITER), ...headers() })).status).toBe(status);
    expect(api.operations.calls.length).toBe(before);
  });

  test.each([
    () => `127.0.0.1:${api.port}`,
    () => `localhost:${api.port}`,
    () => 'stackctl.example',
    () => 'stackctl.example:443',
  ])('whoever calls it by a name of ours is served', async (host) => {
    expect((await api.call('GET', `${V}/version`, { ...bearing(READER), host: host() })).status).toBe(200);
  });

  test('a body that a form could send is refused, with a token too', async () => {
    const headers = { ...bearing(WRITER), 'content-type': 'text/plain' };
    expect((await api.call('POST', `${V}/apply`, headers, '{}')).status).toBe(415);
  });
});

describe('row 33: streams', () => {
  const streams = [`${V}/watch`, `${V}/events?follow=true`, `${V}/stacks/shop/logs?follow=true`];

  test.each(streams)('%s asks for the same token, host and origin as everything else', async (path) => {
    const before = api.operations.watchers;
    expect((await api.call('GET', path, own)).status).toBe(401);
    expect((await api.call('GET', path, bearing('x'.repeat(64)))).status).toBe(401);
    expect((await api.call('GET', path, { ...bearing(READER), origin: 'https://evil.example' })).status).toBe(
      403,
    );
    expect((await api.call('GET', path, { ...bearing(READER), host: 'evil.example' })).status).toBe(421);
    expect(api.operations.watchers).toBe(before);
  });

  test.each(['websocket', 'h2c'])('there is nothing to upgrade to: %s', async (protocol) => {
    const upgrade = { connection: 'Upgrade', upgrade: protocol, 'sec-websocket-key': 'eA==' };
    const { status, headers } = await api.call('GET', `${V}/version`, { ...bearing(READER), ...upgrade });
    expect([status, headers['upgrade']]).toEqual([200, undefined]);
  });

  test('a client that does not read is cut off, and another reads on', async () => {
    const slow = await start();
    const idle = createConnection(slow.port ?? 0, '127.0.0.1');
    try {
      idle.on('error', () => undefined);
      idle.pause();
      const heads = [`Host: 127.0.0.1:${slow.port}`, `Authorization: Bearer ${READER}`];
      idle.write(`GET ${V}/watch HTTP/1.1\r\n${heads.join('\r\n')}\r\n\r\n`);
      await eventually(() => slow.operations.watchers === 1);
      const stop = new AbortController();
      const url = new URL(`http://127.0.0.1:${slow.port}`);
      const client = createClient({ kind: 'server', url, token: READER, authority: undefined });
      const reader = (await client.watch({ stack: undefined }, stop.signal))[Symbol.asyncIterator]();
      await eventually(() => slow.operations.watchers === 2);

      const line = 'x'.repeat(64 * 1024);
      let sent = 0;
      // What the kernel holds for a connection of TCP is some MiB more than for a socket.
      while (slow.operations.watchers === 2 && sent < 1000) {
        slow.operations.notify({ kind: 'progress', stack: stackName('shop'), line });
        sent += 1;
        expect((await reader.next()).value).toEqual({ kind: 'progress', stack: 'shop', line });
      }
      expect(sent).toBeLessThan(1000);
      expect(slow.operations.watchers).toBe(1);
      expect(slow.logged).toEqual([{ level: 'warn', message: 'a client that reads too slowly was cut off' }]);
      stop.abort();
    } finally {
      idle.destroy();
      await slow.stop();
    }
  });
});

describe('row 35: floods', () => {
  test('whoever calls too often is told so, and the log is not flooded', async () => {
    const flooded = await start();
    try {
      const headers = { host: `127.0.0.1:${flooded.port}`, authorization: 'Bearer no' };
      const statuses: number[] = [];
      for (let call = 0; call < 60; call += 1) {
        statuses.push((await flooded.call('GET', `${V}/stacks`, headers)).status);
      }
      expect(statuses[0]).toBe(401);
      expect(flooded.logged.length).toBeLessThan(30);
      for (let call = 0; call < 600; call += 1) {
        statuses.push((await flooded.call('GET', `${V}/stacks`, headers)).status);
      }
      expect(statuses).toContain(429);
      // The socket is another way, and stays open.
      expect((await flooded.ask('GET', `${V}/version`)).status).toBe(200);
    } finally {
      await flooded.stop();
    }
  });

  test('more connections than there is room for are closed', async () => {
    const crowd = await start();
    const sockets = Array.from({ length: 80 }, () => createConnection(crowd.port ?? 0, '127.0.0.1'));
    const closed = sockets.map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const socket of sockets) socket.on('error', () => undefined);
    await Promise.race(closed);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await crowd.stop();
  });
});

describe('with TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-tls-'));
  let secure: ApiHarness;
  let cert = '';
  beforeAll(async () => {
    const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const options = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    const names = ['-subj', '/CN=stackctld', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', ...options, ...names, '-keyout', keyFile, '-out', certFile], {
      stdio: 'ignore',
    });
    cert = readFileSync(certFile, 'utf8');
    secure = await ApiHarness.start({
      tls: { cert, key: readFileSync(keyFile, 'utf8') },
      accessOf,
      hosts: [],
    });
  });
  afterAll(async () => {
    await secure.stop();
    rmSync(directory, { recursive: true });
  });
  const client = (more: { readonly token?: string; readonly authority?: string; readonly url?: string }) =>
    createClient({
      kind: 'server',
      url: new URL(more.url ?? `https://127.0.0.1:${secure.port}`),
      token: more.token,
      authority: more.authority,
    });
  const signal = () => AbortSignal.timeout(10_000);

  test('the client reads and follows with a token and the authority', async () => {
    const good = client({ token: READER, authority: cert });
    expect((await good.version(signal())).version).not.toBe('');
    const notices = await good.watch({ stack: undefined }, signal());
    secure.operations.remove('shop');
    for await (const notice of notices) {
      expect(notice).toEqual({ kind: 'deleted', name: 'shop' });
      break;
    }
  });

  test('the client says what is wrong: the authority, the name, the token, the scheme, nobody there', async () => {
    const why = (asked: ReturnType<typeof client>) =>
      asked.version(signal()).then(
        () => 'nothing',
        (thrown: Error) => thrown.message,
      );
    expect(await why(client({ token: READER }))).toContain('nobody that is trusted signed its certificate');
    const other = `https://localhost:${secure.port}`;
    expect(await why(client({ token: READER, authority: cert, url: other }))).toContain('for another name');
    expect(await why(client({ authority: cert }))).toContain('does not know this token');
    const plain = `http://127.0.0.1:${secure.port}`;
    expect(await why(client({ token: READER, url: plain }))).toContain('cannot reach stackctld');
    expect(await why(client({ token: READER, url: 'https://127.0.0.1:1' }))).toContain(
      'nobody listens there',
    );
  });
});
