import { describe, expect, test } from 'vitest';
import { EventParser } from '../../../../src/engine/docker/event-parser.ts';
import { EventQueue } from '../../../../src/engine/docker/event-queue.ts';
import { LogSplitter } from '../../../../src/engine/docker/logs.ts';
import type { EngineEvent } from '../../../../src/engine/engine.ts';
import { OURS } from '../../../../src/model/labels.ts';

const line = (action: string, id = 'c1', type = 'container') =>
  `${JSON.stringify({ Type: type, Action: action, Actor: { ID: id, Attributes: { name: 'wéb', [OURS.stack]: 'demo' } }, timeNano: 1700000000123 * 1e6 })}\n`;

/** The bytes in pieces of one length. */
function* pieces(text: string | Buffer, length: number): Generator<Buffer> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe('the event parser', () => {
  test.each([1, 2, 3, 7, 64, 10_000])('reads the same events from chunks of %i bytes', (length) => {
    const text = line('start') + line('health_status: healthy') + line('connect', 'n1', 'network');
    const parser = new EventParser();
    const events = [...pieces(text, length)].flatMap((chunk) => parser.push(chunk));
    expect(events.map(({ kind, action, id, name, stack }) => ({ kind, action, id, name, stack }))).toEqual([
      { kind: 'container', action: 'start', id: 'c1', name: 'wéb', stack: 'demo' },
      { kind: 'container', action: 'health_status: healthy', id: 'c1', name: 'wéb', stack: 'demo' },
      { kind: 'network', action: 'connect', id: 'n1', name: 'wéb', stack: 'demo' },
    ]);
    expect(events[0]?.atMs).toBe(1_700_000_000_123);
  });

  test('tells who was attached to a network', () => {
    const Actor = { ID: 'n1', Attributes: { name: 'back', container: 'c9' } };
    const told = JSON.stringify({ Type: 'network', Action: 'connect', Actor, time: 1_700_000_000 });
    expect(new EventParser().push(Buffer.from(`${told}\n`))).toMatchObject([{ id: 'n1', container: 'c9' }]);
  });

  test('skips what is no event, what no one asked for, and healthchecks', () => {
    const parser = new EventParser();
    const noise = `garbage\n\n"text"\nnull\n[1]\n${line('x', 'p', 'plugin')}${line('exec_create: sh')}${line('exec_die')}`;
    expect(parser.push(Buffer.from(noise + line('die')))).toMatchObject([{ action: 'die' }]);
  });

  test('a line without end is given up, and what follows is read', () => {
    const parser = new EventParser();
    for (let i = 0; i < 5; i += 1) expect(parser.push(Buffer.alloc(1024 * 1024, 'x'))).toEqual([]);
    expect(parser.push(Buffer.from(`tail\n${line('die')}`))).toMatchObject([{ action: 'die' }]);
  });
});

describe('the event queue', () => {
  const event = (id: string, action = 'die'): EngineEvent => ({
    kind: 'container',
    action,
    id,
    name: undefined,
    stack: undefined,
    atMs: 0,
  });
  const signal = (): AbortSignal => new AbortController().signal;

  test('says once what was said many times, the latest in place of the first', async () => {
    const queue = new EventQueue();
    for (let i = 1; i <= 1000; i += 1) queue.push({ ...event('a'), atMs: i });
    queue.push(event('b'));
    expect(await queue.next(signal())).toMatchObject({ id: 'a', atMs: 1000 });
    expect(await queue.next(signal())).toMatchObject({ id: 'b' });
  });

  test('says last what the stream did last', async () => {
    const queue = new EventQueue();
    const of = (kind: EngineEvent['kind']): EngineEvent => ({ ...event('', kind), kind });
    for (const kind of ['connected', 'disconnected', 'connected'] as const) queue.push(of(kind));
    expect(await queue.next(signal())).toMatchObject({ kind: 'disconnected' });
    expect(await queue.next(signal())).toMatchObject({ kind: 'connected' });
  });

  test('that overflows says that everything may have changed', async () => {
    const queue = new EventQueue();
    for (let i = 0; i < 5000; i += 1) queue.push(event(`c${i}`));
    const waiting: string[] = [];
    const stop = new AbortController();
    for (let next = await queue.next(stop.signal); next !== undefined; next = await queue.next(stop.signal)) {
      waiting.push(next.kind);
      if (next.id === 'c4999') stop.abort();
    }
    expect(waiting[0]).toBe('connected');
    expect(waiting.length).toBeLessThan(4097);
  });

  test('wakes who waits, at an event and at the signal', async () => {
    const queue = new EventQueue();
    const first = queue.next(signal());
    queue.push(event('a'));
    expect(await first).toMatchObject({ id: 'a' });
    const stop = new AbortController();
    const second = queue.next(stop.signal);
    stop.abort();
    expect(await second).toBeUndefined();
  });
});

describe('the log splitter', () => {
  const frame = (stream: 1 | 2, text: string): Buffer => {
    const payload = Buffer.from(text);
    const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  };
  const log = Buffer.concat([
    frame(1, 'one\ntw'),
    frame(2, 'wrong\n'),
    frame(1, 'ö\r\n'),
    frame(1, ''),
    frame(2, 'rest'),
  ]);

  test.each([1, 3, 8, 1000])('takes the streams apart from chunks of %i bytes', (length) => {
    const splitter = new LogSplitter(false);
    const lines = [...[...pieces(log, length)].flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
    expect(lines).toEqual([
      { stream: 'stdout', text: 'one' },
      { stream: 'stderr', text: 'wrong' },
      { stream: 'stdout', text: 'twö' },
      { stream: 'stderr', text: 'rest' },
    ]);
  });

  test('a line without end comes in pieces', () => {
    const splitter = new LogSplitter(true);
    const lines = [1, 2, 3].flatMap(() => splitter.push(Buffer.alloc(200_000, 'x')));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.concat(splitter.end()).reduce((sum, { text }) => sum + text.length, 0)).toBe(600_000);
  });
});
