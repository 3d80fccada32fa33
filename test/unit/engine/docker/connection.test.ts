import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../../src/engine/docker/address.ts';
import { negotiateApiVersion } from '../../../../src/engine/docker/api-version.ts';
import { Connection } from '../../../../src/engine/docker/connection.ts';
import { createDockerEngine } from '../../../../src/engine/docker/docker-engine.ts';
import { Failure } from '../../../../src/model/failure.ts';
import { stackName } from '../../../../src/model/names.ts';
import { failureOf } from '../../../support/contract/world.ts';
import { fakeEngineServer, json } from '../../../support/fake-engine-server.ts';
import { SILENT } from '../../../support/lab.ts';

const signal = (): AbortSignal => new AbortController().signal;
const QUERY = { stack: stackName('demo'), project: 'demo', networkNames: [], imageRefs: [] };

describe('an engine address', () => {
  test.each([
    [undefined, { kind: 'unix', path: '/var/run/docker.sock' }],
    ['', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['tcp://10.0.0.1:2375', { kind: 'tcp', host: '10.0.0.1', port: 2375, secure: false }],
    ['tcp://host', { kind: 'tcp', host: 'host', port: 2375, secure: false }],
    ['tcp://host:2376', { kind: 'tcp', host: 'host', port: 2376, secure: true }],
    ['https://host', { kind: 'tcp', host: 'host', port: 2376, secure: true }],
  ])('%s', (text, expected) => {
    expect(parseAddress(text)).toMatchObject(expected);
  });

  test.each(['ssh://me@host', 'nonsense', 'tcp://'])('%s is not understood', (text) => {
    expect(() => parseAddress(text)).toThrowError(expect.objectContaining({ kind: 'invalid' }));
  });
});

describe('the API version', () => {
  test.each([
    [{ ApiVersion: '1.41' }, '1.41'],
    [{ ApiVersion: '1.51', MinAPIVersion: '1.24' }, '1.51'],
    [{ ApiVersion: '1.57', MinAPIVersion: '1.44' }, '1.51'],
  ])('of %o is %s', (version, expected) => {
    expect(negotiateApiVersion(version)).toBe(expected);
  });

  test.each([
    ['too old', { Version: '19.03', ApiVersion: '1.40' }],
    ['too new', { Version: '40', ApiVersion: '1.90', MinAPIVersion: '1.60' }],
    ['not told', {}],
  ])('%s is refused with a hint', (_name, version) => {
    expect(() => negotiateApiVersion(version)).toThrowError(
      expect.objectContaining({ kind: 'refused', hint: expect.any(String) }),
    );
  });
});

describe('a connection', () => {
  test('that is not admitted to the engine sends no call to it, and asks again the next time', async () => {
    const server = await fakeEngineServer({ Version: '29', ApiVersion: '1.57' });
    let calls = 0;
    server.on('GET /networks', (request, response) => {
      calls += 1;
      json([])(request, response);
    });
    const taken = new Failure('conflict', 'somebody else has it');
    let isTaken = true;
    const connection = new Connection(server.host, undefined, SILENT, async () => {
      if (isTaken) throw taken;
    });
    const get = () =>
      connection.request<unknown>({ method: 'GET', path: '/networks', what: 'get', deadlineMs: 5000 });
    await expect(get()).rejects.toBe(taken);
    expect(calls).toBe(0);
    isTaken = false;
    await get();
    expect(calls).toBe(1);
  });

  test('negotiates once for calls that come together, and again after the engine broke off', async () => {
    const server = await fakeEngineServer({ Version: '29', ApiVersion: '1.57' });
    server.on('GET /networks', json([]));
    server.on('GET /broken', (_request, response) => response.destroy());
    const connection = new Connection(server.host, undefined, SILENT);
    const get = (path: string) =>
      connection.request<unknown>({ method: 'GET', path, what: 'get', deadlineMs: 5000 });
    await Promise.all([get('/networks'), get('/networks')]);
    expect(server.requests).toEqual([
      'GET /version',
      'GET /v1.51/info',
      'GET /v1.51/networks',
      'GET /v1.51/networks',
    ]);

    server.on('GET /version', json({ Version: '20.10', ApiVersion: '1.41' }));
    expect(await failureOf(get('/broken'))).toMatchObject({ kind: 'unreachable' });
    await get('/networks');
    expect(server.requests.at(-1)).toBe('GET /v1.41/networks');
  });

  test('an answer that is cut in the middle is no answer', async () => {
    const server = await fakeEngineServer();
    server.on('GET /networks', (_request, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('[{"Id":', () => response.destroy());
    });
    const connection = new Connection(server.host, undefined, SILENT);
    const call = connection.request<unknown>({
      method: 'GET',
      path: '/networks',
      what: 'list',
      deadlineMs: 60_000,
    });
    expect(await failureOf(call)).toMatchObject({ kind: 'unreachable' });
  });

  test.each([
    ['before', (response: { writeHead(status: number): unknown }) => response],
    [
      'after',
      (response: { writeHead(status: number): unknown; write?(text: string): unknown }) => {
        response.writeHead(200);
        response.write?.('[');
      },
    ],
  ])('an engine that falls silent %s the headers misses its deadline', async (_name, begin) => {
    const server = await fakeEngineServer();
    server.on('GET /networks', (_request, response) => {
      begin(response);
    });
    const connection = new Connection(server.host, undefined, SILENT);
    const request = { method: 'GET', path: '/networks', what: 'list networks', deadlineMs: 60 } as const;
    expect(await failureOf(connection.request(request))).toMatchObject({ kind: 'refused' });
    expect(await failureOf(connection.request({ ...request, onDeadline: 'unreachable' }))).toMatchObject({
      kind: 'unreachable',
    });
    const stop = new AbortController();
    const call = failureOf(connection.request({ ...request, deadlineMs: 60_000, signal: stop.signal }));
    stop.abort();
    expect(await call).toMatchObject({ kind: 'superseded' });
  });

  test('the failure says the engine’s own words and status', async () => {
    const server = await fakeEngineServer();
    server.on('GET /networks', json({ message: 'Pool overlaps with other one on this address space' }, 403));
    const connection = new Connection(server.host, undefined, SILENT);
    const failure = await failureOf(
      connection.request({ method: 'GET', path: '/networks', what: 'list', deadlineMs: 5000 }),
    );
    expect(failure).toMatchObject({
      kind: 'conflict',
      status: 403,
      message: 'list: Pool overlaps with other one on this address space',
    });
  });

  test('nobody there is unreachable', async () => {
    const engine = createDockerEngine({
      host: 'unix:///nonexistent/docker.sock',
      instance: 'i',
      log: SILENT,
    });
    const failure = await failureOf(engine.connect(signal()));
    expect(failure).toMatchObject({ kind: 'unreachable' });
    expect(failure.hint).toContain('does not exist');
  });
});

describe('observing', () => {
  const lists = { 'GET /containers/json': [], 'GET /networks': [], 'GET /volumes': { Volumes: null } };

  test.each([
    ['an error', json({ message: 'boom' }, 500)],
    ['no list', json({ message: 'rate limited' })],
    ['nothing', json(null)],
  ])('fails when a list is %s, instead of seeing an empty engine', async (_name, answer) => {
    for (const broken of Object.keys(lists)) {
      const server = await fakeEngineServer();
      for (const [call, body] of Object.entries(lists)) server.on(call, json(body));
      const engine = createDockerEngine({ host: server.host, instance: 'i', log: SILENT });
      expect((await engine.observe(QUERY, signal())).containers).toEqual([]);
      server.on(broken, answer);
      await failureOf(engine.observe(QUERY, signal()));
    }
  });

  test('leaves out a container that vanished after the list', async () => {
    const server = await fakeEngineServer();
    for (const [call, body] of Object.entries(lists)) server.on(call, json(body));
    const labels = { 'com.docker.compose.project': 'demo' };
    server.on(
      'GET /containers/json',
      json([
        { Id: 'a', Labels: labels },
        { Id: 'b', Labels: labels },
      ]),
    );
    server.on('GET /containers/b/json', json({ Id: 'b', Name: '/demo-b-1', Config: { Labels: labels } }));
    const engine = createDockerEngine({ host: server.host, instance: 'i', log: SILENT });
    const seen = await engine.observe(QUERY, signal());
    expect(seen.containers.map(({ name, ownership }) => ({ name, ownership }))).toEqual([
      { name: 'demo-b-1', ownership: 'compose' },
    ]);
    expect(seen.others).toEqual([]);
  });
});

describe('events', () => {
  test('are read whether or not anybody asks for them', async () => {
    const server = await fakeEngineServer();
    let sentAll: (characters: number) => void = () => undefined;
    const sent = new Promise<number>((resolve) => {
      sentAll = resolve;
    });
    server.on('GET /events', (_request, response) => {
      response.writeHead(200);
      const text = Array.from({ length: 20_000 }, (_, i) =>
        JSON.stringify({
          Type: 'container',
          Action: 'die',
          Actor: { ID: `c${i % 50}`, Attributes: { note: 'x'.repeat(300) } },
          time: i,
        }),
      ).join('\n');
      response.write(`${text}\n`, () => sentAll(text.length));
    });
    const engine = createDockerEngine({ host: server.host, instance: 'i', log: SILENT });
    const stop = new AbortController();
    const events = engine.events(stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: 'connected' });
    // Nobody asks for a second event: still the engine gets rid of megabytes.
    expect(await sent).toBeGreaterThan(5_000_000);
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('connect again, negotiating again, whenever the stream ends', async () => {
    const server = await fakeEngineServer();
    server.on('GET /events', (_request, response) => {
      response.writeHead(200);
      response.write('\n', () => response.destroy());
    });
    const engine = createDockerEngine({ host: server.host, instance: 'i', log: SILENT });
    const stop = new AbortController();
    const events = engine.events(stop.signal)[Symbol.asyncIterator]();
    for (const kind of ['connected', 'disconnected', 'connected', 'disconnected', 'connected'])
      expect((await events.next()).value).toMatchObject({ kind });
    stop.abort();
    await events.next();
    expect(server.requests.filter((request) => request === 'GET /version').length).toBeGreaterThanOrEqual(3);
  });
});
