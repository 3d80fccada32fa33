import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { followEvents } from '../../../src/api/event-stream.ts';
import { ndjsonStream } from '../../../src/api/streams.ts';
import { createClient } from '../../../src/cli/client.ts';
import { Failure } from '../../../src/model/failure.ts';
import { sampleEvent, sampleStack } from '../../support/sample-stacks.ts';
import { ApiHarness, eventually } from './api-harness.ts';

let api: ApiHarness;
beforeEach(async () => {
  api = await ApiHarness.start();
  api.operations.put(sampleStack());
});
afterEach(() => api.stop());

const everything = { stack: undefined };
const allLogs = {
  stack: 'demo',
  services: [],
  follow: true,
  tail: undefined,
  sinceMs: undefined,
  timestamps: false,
};

test('a watch begins with what is, and goes on with what happens', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const notice of await createClient({ kind: 'socket', path: api.socketPath }).watch(
    everything,
    stop.signal,
  )) {
    seen.push(notice.kind);
    if (seen.length === 1) api.operations.record(sampleEvent());
    if (notice.kind === 'event') api.operations.remove('demo');
    if (notice.kind === 'deleted') break;
  }
  expect(seen).toEqual(['status', 'event', 'deleted']);
});

test('a client that goes away ends its stream in the daemon', async () => {
  const stop = new AbortController();
  const client = createClient({ kind: 'socket', path: api.socketPath });
  const notices = await client.watch(everything, stop.signal);
  const logs = await client.logs(allLogs, stop.signal);
  await eventually(() => api.operations.watchers === 1);
  stop.abort();
  await eventually(() => api.operations.watchers === 0);
  for (const stream of [notices, logs]) {
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: 'superseded' });
  }
});

test('a client that does not read is cut off, and others go on', async () => {
  const idle = connect(api.socketPath);
  idle.on('error', () => undefined);
  idle.pause();
  idle.write('GET /v1alpha1/watch HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => api.operations.watchers === 1);
  const stop = new AbortController();
  const reader = (
    await createClient({ kind: 'socket', path: api.socketPath }).watch(everything, stop.signal)
  )[Symbol.asyncIterator]();
  await eventually(() => api.operations.watchers === 2);

  const line = 'x'.repeat(64 * 1024);
  let sent = 0;
  while (api.operations.watchers === 2 && sent < 500) {
    api.operations.notify({ kind: 'progress', stack: 'demo', line });
    sent += 1;
    await reader.next();
  }
  expect(sent).toBeLessThan(500);
  expect(api.operations.watchers).toBe(1);
  expect(api.logged).toEqual([{ level: 'warn', message: 'a client that reads too slowly was cut off' }]);
  stop.abort();
  idle.destroy();
});

test('a source of the client alone is read only as fast as the client reads', async () => {
  let pulled = 0;
  async function* endless() {
    for (;;) {
      pulled += 1;
      yield { text: 'x'.repeat(1000) };
    }
  }
  const abort = new AbortController();
  const stream = ndjsonStream(endless(), {
    whenSlow: 'wait',
    abort,
    cutOff: () => undefined,
    describeError: () => ({ error: { kind: 'bug', message: '' } }),
  });
  const reader = stream.getReader();
  await reader.read();
  const atFirst = pulled;
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(pulled).toBeLessThan(atFirst + 30);
  await reader.cancel();
  expect(abort.signal.aborted).toBe(true);
});

test('a source that breaks ends its stream with the failure', async () => {
  api.operations.logs = async function* () {
    yield { stream: 'stdout', text: 'one', service: 'web', container: 'web-1' };
    throw new Failure('unreachable', 'the engine does not answer', { hint: 'start it' });
  };
  const lines: string[] = [];
  const read = async () => {
    const stream = await createClient({ kind: 'socket', path: api.socketPath }).logs(
      allLogs,
      new AbortController().signal,
    );
    for await (const { text } of stream) lines.push(text);
  };
  await expect(read()).rejects.toMatchObject({ kind: 'unreachable', hint: 'start it' });
  expect(lines).toEqual(['one']);
});

test('a stream that the daemon ends when it stops ends without an error', async () => {
  const notices = await createClient({ kind: 'socket', path: api.socketPath }).watch(
    everything,
    new AbortController().signal,
  );
  const seen: string[] = [];
  for await (const notice of notices) {
    seen.push(notice.kind);
    void api.closeApi();
  }
  expect(seen).toEqual(['status']);
});

test('events are followed without a gap and without one twice', async () => {
  const { operations } = api;
  operations.record(sampleEvent({ sequence: 1 }));
  operations.record(sampleEvent({ sequence: 2 }));
  const past = operations.events.bind(operations);
  operations.events = (filter) => {
    // It happens after the watch has begun and before the past is read: both have it.
    operations.record(sampleEvent({ sequence: 3 }));
    return past(filter);
  };
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { sequence } of followEvents(
    operations,
    { stack: 'demo', afterSequence: 1 },
    stop.signal,
  )) {
    seen.push(sequence);
    if (sequence === 3) operations.record(sampleEvent({ sequence: 4 }));
    if (sequence === 4) stop.abort();
  }
  expect(seen).toEqual([2, 3, 4]);
  expect(operations.watchers).toBe(0);
});
