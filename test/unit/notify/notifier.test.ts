import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stackName } from '../../../src/model/names.ts';
import type { StackEvent } from '../../../src/model/status.ts';
import { type NotifierSettings, parseNotifications } from '../../../src/notify/configuration.ts';
import { notify } from '../../../src/notify/notifier.ts';
import { matches, Selection } from '../../../src/notify/selection.ts';
import { FakeOperations } from '../../support/fake-operations.ts';
import { sampleEvent } from '../../support/sample-stacks.ts';
import { eventually } from '../api/api-harness.ts';

const SECRET = 'canary-of-a-secret';

const settings = (change: Partial<NotifierSettings> = {}): NotifierSettings => ({
  name: 'ops',
  type: 'webhook',
  stacks: [],
  severities: ['Warning'],
  repeatMs: 1000,
  ...change,
});
const warning = (change: Partial<StackEvent> = {}) =>
  sampleEvent({ type: 'Warning', reason: 'StepFailed', ...change });
const ready = (stack = 'demo') =>
  sampleEvent({ stack: stackName(stack), type: 'Normal', reason: 'Ready', object: `stack/${stack}` });

describe('what is told', () => {
  test('the same thing once, another thing too, and again after a while', () => {
    const selection = new Selection(settings());
    expect(selection.select(warning(), 0)).toBe('tell');
    expect(selection.select(warning({ count: 7 }), 999)).toBeUndefined();
    expect(selection.select(warning({ object: 'container/other' }), 999)).toBe('tell');
    expect(selection.select(warning(), 1000)).toBe('tell');
  });

  test('that it is over, to whom a warning was told; after that the warning is news again', () => {
    const selection = new Selection(settings());
    expect(selection.select(ready(), 0)).toBeUndefined();
    selection.select(warning(), 0);
    expect(selection.select(ready(), 1)).toBe('recovery');
    expect(selection.select(ready(), 2)).toBeUndefined();
    expect(selection.select(warning(), 3)).toBe('tell');
  });

  test('only of the stacks and severities that are asked for, and never of steps that went well', () => {
    const selection = new Selection(settings({ stacks: ['shop', 'web-*'], severities: ['Normal'] }));
    expect(selection.select(ready('web-1'), 0)).toBe('tell');
    expect(selection.select(ready('other'), 0)).toBeUndefined();
    expect(selection.select(warning({ stack: stackName('shop') }), 0)).toBeUndefined();
    expect(selection.select(sampleEvent({ stack: stackName('shop'), type: 'Normal' }), 0)).toBeUndefined();
  });

  test.each([
    ['*', 'anything', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*'.repeat(5000), 'x'.repeat(5000), true],
  ])('%.10s matches %.10s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});

describe('the file', () => {
  test('has receivers with filters', () => {
    const text = 'notifiers:\n- { name: ops, type: slack, urlFile: slack, stacks: ["a*"], repeat: 1h }\n';
    expect(parseNotifications('n', text).notifiers).toEqual([
      settings({ type: 'slack', urlFile: 'slack', stacks: ['a*'], repeatMs: 3_600_000 }),
    ]);
  });

  test.each([
    ['notifiers: [{ name: ops, type: slak, url: "https://h" }]', 'did you mean "slack"?'],
    ['notifiers: [{ name: ops, type: slack }]', 'one of url and urlFile'],
    ['notifiers: [{ name: ops, type: slack, url: "file:///etc" }]', 'https://'],
    [
      'notifiers: [{ name: a, type: ntfy, url: "https://h" }, { name: a, type: ntfy, url: "https://h" }]',
      'two of this name',
    ],
    ['notifier: []', 'did you mean "notifiers"?'],
  ])('%s is refused', (text, part) => {
    const { notifiers, problems } = parseNotifications('n', text);
    expect(notifiers).toEqual([]);
    expect(
      JSON.stringify(problems.map(({ message, hint }) => `${message} ${hint}`)).replaceAll('\\', ''),
    ).toContain(part);
  });
});

describe('telling a receiver', () => {
  let server: Server;
  let url: string;
  let got: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  let answers: number[] = [];
  const logged: unknown[] = [];
  let stop = new AbortController();
  let operations = new FakeOperations();
  const results: string[] = [];

  beforeEach(async () => {
    got = [];
    answers = [];
    results.length = 0;
    logged.length = 0;
    stop = new AbortController();
    operations = new FakeOperations();
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      got.push({ headers: request.headers, body });
      const status = answers.shift() ?? 200;
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('x');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${SECRET}`;
  });
  afterEach(async () => {
    stop.abort();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    // Whatever happened: where to send to, and with which token, is in no line of the log.
    expect(JSON.stringify(logged)).not.toContain(SECRET);
  });

  async function start(change: Partial<NotifierSettings> = {}, to = () => url): Promise<void> {
    void notify(
      {
        notifiers: [settings(change)],
        destination: () => ({ url: to(), token: SECRET }),
        operations,
        host: 'box',
        instance: 'default',
        nowMs: () => 0,
        log: { warn: (fields, message) => logged.push([fields, message]) },
        onResult: (_, result) => results.push(result),
        pacing: { backOffsMs: [1, 1, 1], paceMs: 0 },
      },
      stop.signal,
    );
    await eventually(() => operations.watchers === 1);
  }
  const tell = (event: StackEvent) => operations.notify({ kind: 'event', event });

  test('a webhook gets the whole of it, with its token', async () => {
    await start();
    tell(warning({ message: 'it broke' }));
    await eventually(() => results.length === 1);
    expect(got[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(JSON.parse(got[0]?.body ?? '')).toMatchObject({
      kind: 'Notification',
      stack: 'demo',
      severity: 'Warning',
      reason: 'StepFailed',
      message: 'it broke',
      host: 'box',
      isRecovery: false,
    });
    tell(ready());
    await eventually(() => results.length === 2);
    expect(JSON.parse(got[1]?.body ?? '')).toMatchObject({ isRecovery: true, severity: 'Normal' });
  });

  test('Slack gets a text without markup of ours', async () => {
    await start({ type: 'slack' });
    tell(warning({ message: '<!channel> & co' }));
    await eventually(() => results.length === 1);
    expect(JSON.parse(got[0]?.body ?? '').text).toContain('demo: warning: StepFailed');
    expect(JSON.parse(got[0]?.body ?? '').text).toContain('&lt;!channel&gt; &amp; co');
  });

  test('ntfy gets a title and a priority', async () => {
    await start({ type: 'ntfy' });
    tell(warning({ message: 'line — with a dash' }));
    await eventually(() => results.length === 1);
    expect(got[0]?.headers).toMatchObject({
      priority: 'high',
      title: 'stackctl on box: demo: warning: StepFailed',
    });
    expect(got[0]?.body).toContain('line — with a dash');
  });

  test('is tried again after a fault of the receiver, and then given up', async () => {
    await start();
    answers = [500, 0, 429];
    tell(warning());
    await eventually(() => results.length === 1);
    expect([got.length, ...results]).toEqual([4, 'sent']);
    answers = [500, 500, 500, 500];
    tell(warning({ object: 'container/other' }));
    await eventually(() => results.length === 2);
    expect([got.length, results[1]]).toEqual([8, 'failed']);
    expect(JSON.stringify(logged)).toContain('status 500');
  });

  test.each([404, 401, 302])('is not tried again after %i, and no redirect is followed', async (status) => {
    await start();
    answers = [status];
    tell(warning());
    await eventually(() => results.length === 1);
    expect([got.length, ...results]).toEqual([1, 'failed']);
  });

  test('a secret that cannot be read, and nobody there: the next one is sent all the same', async () => {
    let isReadable = false;
    await start({}, () => {
      if (!isReadable) throw new Error(SECRET);
      return url;
    });
    tell(warning());
    await eventually(() => results.length === 1);
    expect(results).toEqual(['failed']);
    isReadable = true;
    tell(warning({ object: 'container/other' }));
    await eventually(() => results.length === 2);
    expect(results[1]).toBe('sent');
  });

  test('a receiver that hangs holds up nobody, and what is too much is left out and counted', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.removeAllListeners('request');
    server.on('request', async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      await held;
      got.push({ headers: request.headers, body });
      response.end();
    });
    await start();
    for (let index = 0; index < 150; index += 1) tell(warning({ object: `container/c${index}` }));
    await eventually(() => results.filter((result) => result === 'dropped').length >= 49);
    release();
    await eventually(() => results.filter((result) => result === 'sent').length >= 101);
    expect(got.map(({ body }) => JSON.parse(body).leftOut).some((leftOut) => leftOut >= 49)).toBe(true);
  });
});
