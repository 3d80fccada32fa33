import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEventsInThread } from '../../../src/bin/event-thread.ts';
import type { EngineEvent } from '../../../src/engine/engine.ts';
import { type FakeEngineServer, fakeEngineServer } from '../../support/fake-engine-server.ts';
import type { TalkativeEngineData } from './talkative-engine.ts';

const THREAD = new URL('./event-thread.cjs', import.meta.url);
const TALKATIVE = new URL('./talkative-engine.cjs', import.meta.url);
/** Says that it is connected, and ends with an error as soon as that was taken. */
const CRASHING = new URL(
  `data:text/javascript,import{parentPort}from'node:worker_threads';parentPort.postMessage({kind:'connected'});parentPort.once('message',()=>{throw(new(Error)('crashed'))})`,
);

function readFrom(host: string, url: URL = THREAD) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const warned: object[] = [];
  const log = { warn: (fields: object) => warned.push(fields) };
  const settings = { host, logLevel: 'silent' };
  return { stop, warned, events: readEventsInThread({ settings, log, url }, stop.signal) };
}

async function kindsOf(events: AsyncGenerator<EngineEvent>, count: number): Promise<string[]> {
  const kinds: string[] = [];
  while (kinds.length < count) kinds.push((await events.next()).value?.kind ?? 'the end');
  return kinds;
}

/** Resolves with each stream of events that is opened, once. */
function nextStream(server: FakeEngineServer): Promise<ServerResponse> {
  return new Promise((resolve) => {
    server.on('GET /events', (_request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      resolve(response);
    });
  });
}

describe('events that a thread reads', () => {
  test('are those of the engine, and each break and return is told', async () => {
    const server = await fakeEngineServer();
    const first = nextStream(server);
    const { events, stop } = readFrom(server.host);
    expect(await kindsOf(events, 1)).toEqual(['connected']);
    const stream = await first;
    stream.write(`${JSON.stringify({ Type: 'volume', Action: 'create', Actor: { ID: 'data' } })}\n`);
    expect((await events.next()).value).toMatchObject({ kind: 'volume', action: 'create', id: 'data' });
    const second = nextStream(server);
    stream.destroy();
    expect(await kindsOf(events, 2)).toEqual(['disconnected', 'connected']);
    await second;
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('end with the signal though nobody asks for one, and with whoever asks no more', async () => {
    for (const end of ['signal', 'return'] as const) {
      const server = await fakeEngineServer();
      const stream = nextStream(server);
      const { events, stop } = readFrom(server.host);
      expect(await kindsOf(events, 1)).toEqual(['connected']);
      const closed = once(await stream, 'close');
      if (end === 'signal') stop.abort();
      else await events.return(undefined);
      await closed;
      expect(await events.next()).toEqual({ done: true, value: undefined });
    }
  });

  test('are not begun when the signal came before', async () => {
    const { events, stop } = readFrom('unix:///nonexistent');
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('come from another thread after one has crashed: the stream broke', async () => {
    const { events, warned } = readFrom('', CRASHING);
    expect(await kindsOf(events, 3)).toEqual(['connected', 'disconnected', 'connected']);
    expect(warned).toEqual([{ why: 'crashed' }]);
  });
});

test('an engine gets rid of its events while this thread is blocked, and they are coalesced', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-events-'));
  const socket = join(directory, 'engine.sock');
  const done = new Int32Array(new SharedArrayBuffer(4));
  const data: TalkativeEngineData = { socket, done, events: 20_000, containers: 50 };
  const engine = new Worker(TALKATIVE, { workerData: data });
  onTestFinished(async () => {
    await engine.terminate();
    rmSync(directory, { recursive: true });
  });
  await once(engine, 'message');
  const { events } = readFrom(`unix://${socket}`);
  expect(await kindsOf(events, 1)).toEqual(['connected']);
  const taken = events.next();
  engine.postMessage('tell');
  // Nothing else happens in this thread until the engine has told it all, or the time is up.
  expect(Atomics.wait(done, 0, 0, 30_000)).not.toBe('timed-out');
  let count = 1;
  for (let { value } = await taken; value?.id !== 'last'; { value } = await events.next()) count += 1;
  // Each container once, and again what the reader had not come to; nothing that would have piled up.
  expect(count).toBeGreaterThan(data.containers);
  expect(count).toBeLessThan(data.events / 10);
});
