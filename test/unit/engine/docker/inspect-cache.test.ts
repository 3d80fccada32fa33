import { expect, test } from 'vitest';
import { InspectCache } from '../../../../src/engine/docker/inspect-cache.ts';
import type { WireContainer, WireContainerSummary } from '../../../../src/engine/docker/wire.ts';
import type { EngineEvent } from '../../../../src/engine/engine.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const SUMMARY: WireContainerSummary = {
  Id: 'one',
  Names: ['/web'],
  State: 'running',
  Status: 'Up 5 minutes',
  NetworkSettings: { Networks: { front: { EndpointID: 'e1' } } },
};
const RUNNING: WireContainer = { Id: 'one', State: { Status: 'running', Running: true } };

const event = (change: Partial<EngineEvent>): EngineEvent => ({
  kind: 'container',
  action: 'update',
  id: 'one',
  name: undefined,
  stack: undefined,
  atMs: NOW,
  ...change,
});

/** A cache that hears what is put into the queue. */
async function followed() {
  const cache = new InspectCache(300_000);
  const queue: EngineEvent[] = [event({ kind: 'connected', id: '' })];
  const events = cache.follow(
    (async function* () {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
    })(),
  );
  const hear = async (change: Partial<EngineEvent>) => {
    queue.push(event(change));
    await events.next();
  };
  await events.next();
  const keep = (wire = RUNNING, summary = SUMMARY) => cache.asking(summary, NOW)(wire);
  return { cache, hear, keep, events };
}

test('what nothing happened to is known, however long it has been up', async () => {
  const { cache, keep } = await followed();
  expect(cache.get(SUMMARY, NOW)).toBeUndefined();
  keep();
  expect(cache.get(SUMMARY, NOW + 1)).toBe(RUNNING);
  expect(cache.get({ ...SUMMARY, Status: 'Up 2 hours' }, NOW + 60_000)).toBe(RUNNING);
});

test.each([
  ['its name', { Names: ['/other'] }],
  ['its state', { State: 'paused', Status: 'Up 5 minutes (Paused)' }],
  ['its health', { Status: 'Up 5 minutes (unhealthy)' }],
  ['its endpoint', { NetworkSettings: { Networks: { front: { EndpointID: 'e2' } } } }],
  ['its networks', { NetworkSettings: { Networks: {} } }],
])('what the list shows otherwise in %s is asked for again', async (_what, change) => {
  const { cache, keep } = await followed();
  keep();
  expect(cache.get({ ...SUMMARY, ...change }, NOW + 1)).toBeUndefined();
});

test.each([
  ['an event about it', {}],
  ['an event of a network about it', { kind: 'network', action: 'connect', id: 'net', container: 'one' }],
  ['an event of the engine itself', { kind: 'daemon', action: 'reload', id: 'engine' }],
  ['a stream that broke', { kind: 'disconnected', id: '' }],
  ['a stream that lost some', { kind: 'connected', action: 'overflow', id: '' }],
] as const)('%s makes it be asked for again', async (_what, change) => {
  const { cache, keep, hear } = await followed();
  keep();
  await hear(change);
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();
});

test('an event about another one changes nothing', async () => {
  const { cache, keep, hear } = await followed();
  keep();
  await hear({ id: 'two' });
  await hear({ kind: 'network', action: 'connect', id: 'net', container: 'two' });
  expect(cache.get(SUMMARY, NOW + 1)).toBe(RUNNING);
});

test('an answer that something overtook is not kept', async () => {
  const { cache, hear } = await followed();
  const overtaken = cache.asking(SUMMARY, NOW);
  await hear({});
  overtaken(RUNNING);
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();
  const changedByUs = cache.asking(SUMMARY, NOW);
  cache.forget('one');
  changedByUs(RUNNING);
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();
  const [older, newer] = [cache.asking(SUMMARY, NOW), cache.asking(SUMMARY, NOW)];
  newer(RUNNING);
  older({ ...RUNNING, Name: '/old' });
  expect(cache.get(SUMMARY, NOW + 1)).toBe(RUNNING);
});

test('nothing is kept unless the events are read', async () => {
  const { cache, keep, hear, events } = await followed();
  keep();
  await events.return(undefined);
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();
  keep();
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();

  const broken = await followed();
  await broken.hear({ kind: 'disconnected', id: '' });
  broken.keep();
  expect(broken.cache.get(SUMMARY, NOW + 1)).toBeUndefined();
  await hear({});
});

test.each([
  ['has ended', { Running: false, Status: 'exited' }],
  ['is paused', { Running: true, Paused: true }],
  ['is being restarted', { Running: true, Restarting: true }],
])('what %s is always asked for', async (_what, state) => {
  const { cache, keep } = await followed();
  keep({ Id: 'one', State: state });
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();
});

test('all is asked for again after some time, and when the clock was set back', async () => {
  const { cache, keep } = await followed();
  keep();
  expect(cache.get(SUMMARY, NOW + 299_999)).toBe(RUNNING);
  expect(cache.get(SUMMARY, NOW + 300_000)).toBeUndefined();
  expect(cache.get(SUMMARY, NOW - 1)).toBeUndefined();
});

test('what has a healthcheck is asked for when the next probe is due', async () => {
  const checked = (status: string, endedAtMs: number, intervalMs?: number): WireContainer => ({
    Id: 'one',
    State: { Running: true, Health: { Status: status, Log: [{ End: new Date(endedAtMs).toISOString() }] } },
    Config: { Healthcheck: intervalMs === undefined ? {} : { Interval: intervalMs * 1e6 } },
  });
  const knownAfter = async (wire: WireContainer, ms: number) => {
    const { cache, keep } = await followed();
    keep(wire);
    return cache.get(SUMMARY, NOW + ms) !== undefined;
  };
  expect(await knownAfter(checked('healthy', NOW - 4000, 10_000), 5_999)).toBe(true);
  expect(await knownAfter(checked('healthy', NOW - 4000, 10_000), 6_000)).toBe(false);
  expect(await knownAfter(checked('unhealthy', NOW - 4000), 25_999)).toBe(true);
  expect(await knownAfter(checked('unhealthy', NOW - 4000), 26_000)).toBe(false);
  expect(await knownAfter(checked('starting', NOW - 4000, 10_000), 1)).toBe(false);
  // An engine whose clock is an hour ahead.
  expect(await knownAfter(checked('healthy', NOW + 3_600_000, 10_000), 10_000)).toBe(false);
  const noProbeYet = { ...RUNNING, State: { Running: true, Health: { Status: 'healthy', Log: [] } } };
  expect(await knownAfter(noProbeYet, 1)).toBe(false);
});

test('who is in no list any more is forgotten', async () => {
  const { cache, keep } = await followed();
  keep();
  cache.keepOnly([SUMMARY]);
  expect(cache.get(SUMMARY, NOW + 1)).toBe(RUNNING);
  cache.keepOnly([{ ...SUMMARY, Id: 'two' }]);
  expect(cache.get(SUMMARY, NOW + 1)).toBeUndefined();
});
