import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '../../../src/cli/client.ts';
import { Failure, type FailureKind } from '../../../src/model/failure.ts';
import { brokenStack, sampleEvent, sampleStack } from '../../support/sample-stacks.ts';
import { ApiHarness } from './api-harness.ts';

let api: ApiHarness;
const { signal } = new AbortController();
beforeEach(async () => {
  api = await ApiHarness.start();
});
afterEach(() => api.stop());

const push = {
  baseDirectory: '/srv/demo',
  files: [{ relativePath: 'compose.yaml', text: 'services: {}\n' }],
};
const applyBody = (change: object = {}) =>
  JSON.stringify({ ...push, dryRun: false, force: false, adopt: false, ...change });
const errorOf = (text: string): unknown => JSON.parse(text);

describe('what the daemon says arrives as it was said', () => {
  test('statuses, with fields that are undefined', async () => {
    api.operations.put(sampleStack());
    api.operations.put(brokenStack());
    const client = createClient({ kind: 'socket', path: api.socketPath });
    expect(await client.stacks(signal)).toEqual(api.operations.stacks());
    expect(await client.stack('shop', signal)).toEqual(brokenStack());
    expect(await client.version(signal)).toEqual(api.operations.version());
  });

  test('events, of all stacks or one', async () => {
    api.operations.record(sampleEvent());
    const client = createClient({ kind: 'socket', path: api.socketPath });
    expect(await client.events({ stack: undefined }, signal)).toEqual([sampleEvent()]);
    expect(await client.events({ stack: 'shop' }, signal)).toEqual([]);
  });

  test('requests and results of apply and diff', async () => {
    const client = createClient({ kind: 'socket', path: api.socketPath });
    const result = {
      problems: [],
      stacks: [{ name: 'demo', action: 'created', generation: 1, isReady: false, plan: ['x'] }],
    } as const;
    api.operations.onApply = () => result;
    expect(await client.apply({ ...push, dryRun: true, force: false, adopt: false }, signal)).toEqual(result);
    api.operations.diffs = [
      { name: 'demo', problems: [], plan: [], changes: [{ object: 'a', action: 'b', fields: [] }] },
    ];
    expect(await client.diff({ manifests: undefined, stacks: [], adopt: false }, signal)).toEqual(
      api.operations.diffs,
    );
    expect(api.operations.calls).toEqual([
      ['apply', { ...push, dryRun: true, force: false, adopt: false }],
      ['diff', { manifests: undefined, stacks: [], adopt: false }],
    ]);
  });

  test('problems of manifests come back from a refused apply', async () => {
    const problems = [
      { severity: 'error', code: 'X', message: 'm', at: { file: 'f', line: 1, column: 2 } },
    ] as const;
    api.operations.onApply = () => ({ problems, stacks: [], adopt: false });
    const answer = await api.ask('POST', '/v1alpha1/apply', applyBody());
    expect(answer.status).toBe(422);
    const client = createClient({ kind: 'socket', path: api.socketPath });
    expect(await client.apply({ ...push, dryRun: false, force: false, adopt: false }, signal)).toEqual({
      problems,
      stacks: [],
    });
  });

  test('a name is one segment of the path, whatever stands in it', async () => {
    const client = createClient({ kind: 'socket', path: api.socketPath });
    await expect(client.command('../a b/c', 'suspend', signal)).rejects.toMatchObject({ status: 404 });
    expect(api.operations.calls).toEqual([['suspend', '../a b/c']]);
  });
});

describe('failures', () => {
  const statuses: readonly (readonly [FailureKind, number])[] = [
    ['invalid', 422],
    ['gone', 404],
    ['conflict', 409],
    ['refused', 502],
    ['unreachable', 503],
    ['superseded', 503],
    ['bug', 500],
  ];
  test.each(statuses)('%s of an apply is status %i, with kind, message and hint', async (kind, status) => {
    api.operations.failure = new Failure(kind, 'what', { hint: 'how' });
    const answer = await api.ask('POST', '/v1alpha1/apply', applyBody());
    expect(answer.status).toBe(status);
    expect(errorOf(answer.text)).toEqual({ error: { kind, message: 'what', hint: 'how' } });
    expect(api.logged.map(({ level }) => level)).toEqual(kind === 'bug' ? ['error'] : []);
  });

  test.each([
    ['GET', '/v1alpha1/stacks/nowhere'],
    ['DELETE', '/v1alpha1/stacks/nowhere'],
    ['POST', '/v1alpha1/stacks/nowhere/reconcile'],
    ['POST', '/v1alpha1/stacks/nowhere/resume'],
    ['GET', '/v1alpha1/stacks/nowhere/logs'],
    ['GET', '/v1alpha1/elsewhere'],
    ['GET', '/v2/stacks'],
    ['PUT', '/v1alpha1/stacks'],
  ])('%s %s is status 404', async (method, path) => {
    const answer = await api.ask(method, path);
    expect(answer.status).toBe(404);
    expect(errorOf(answer.text)).toMatchObject({ error: { kind: 'invalid' } });
  });

  test.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['an unknown shape', '{}'],
    ['a relative base directory', applyBody({ baseDirectory: 'srv' })],
    ['a path out of the base directory', applyBody({ files: [{ relativePath: '../x.yaml', text: '' }] })],
    ['an absolute path', applyBody({ files: [{ relativePath: '/etc/x.yaml', text: '' }] })],
    [
      'a file that is too large',
      applyBody({ files: [{ relativePath: 'x.yaml', text: 'x'.repeat(1024 * 1024 + 1) }] }),
    ],
  ])('%s is status 400, and nothing is done', async (_what, body) => {
    const answer = await api.ask('POST', '/v1alpha1/apply', body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer.text)).toMatchObject({ error: { kind: 'invalid' } });
    expect(api.operations.calls).toEqual([]);
  });

  test.each([
    '/v1alpha1/stacks/demo/logs?tail=many',
    '/v1alpha1/events?after=-1',
    '/v1alpha1/events?watch=maybe',
  ])('%s is status 400', async (path) => {
    api.operations.put(sampleStack());
    expect((await api.ask('GET', path)).status).toBe(400);
  });

  test('a body above 8 MiB is status 413, whether its length is announced or not', async () => {
    const piece = ' '.repeat(1024 * 1024);
    const announced = await api.ask('POST', '/v1alpha1/apply', piece.repeat(9));
    const chunked = await api.ask(
      'POST',
      '/v1alpha1/apply',
      Array.from({ length: 9 }, () => piece),
    );
    expect([announced.status, chunked.status]).toEqual([413, 413]);
    // And at the limit it is read.
    const files = Array.from({ length: 7 }, (_, index) => ({
      relativePath: `${index}.yaml`,
      text: 'x'.repeat(1024 * 1024),
    }));
    expect((await api.ask('POST', '/v1alpha1/apply', [applyBody({ files })])).status).toBe(200);
  });
});

test('probes say whether the daemon lives and can work', async () => {
  expect(await api.ask('GET', '/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  expect(await api.ask('GET', '/readyz')).toMatchObject({ status: 200, text: 'ok\n' });
  api.operations.whyNotReady = 'the engine does not answer';
  expect(await api.ask('GET', '/healthz')).toMatchObject({ status: 200 });
  expect(await api.ask('GET', '/readyz')).toMatchObject({
    status: 503,
    text: 'the engine does not answer\n',
  });
});

test('answers are never cached nor guessed at', async () => {
  const { headers } = await api.ask('GET', '/v1alpha1/stacks');
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});

test('closing ends an apply that is under way', async () => {
  let aborted = false;
  const under = new Promise<void>((begun) => {
    api.operations.apply = (_request, callSignal) =>
      new Promise<never>((_resolve, reject) => {
        begun();
        callSignal.addEventListener('abort', () => {
          aborted = true;
          reject(new Failure('superseded', 'the daemon stops'));
        });
      });
  });
  const answer = api.ask('POST', '/v1alpha1/apply', applyBody());
  await under;
  await api.closeApi();
  expect(aborted).toBe(true);
  expect((await answer).status).toBe(503);
});
