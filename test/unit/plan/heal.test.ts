import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Records } from '../../../src/controller/stack-record.ts';
import { EMPTY_MEMORY, type Memory } from '../../../src/model/memory.ts';
import { restartDueAtMs } from '../../../src/plan/heal.ts';
import { createFileStore } from '../../../src/store/files.ts';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, text } from '../../support/passes.ts';
import { engineWithImages, planned, running } from '../../support/planned.ts';

const WORDS: StackWords = { services: { web: { health: true, restart: 'unless-stopped' } } };

test('the waiting times are 0, 10, 20, 40, 80, 160 and then 300 seconds', () => {
  const waits = Array.from({ length: 9 }, (_, count) => restartDueAtMs(count, 0) / 1000);
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300]);
});

/** A stack whose only container is unhealthy from five seconds on, whenever it starts. */
async function sick() {
  const { engine, memory } = await running(WORDS);
  engine.behave('app:1', { unhealthyAfterMs: 5000 });
  engine.clock.advance(20_000);
  return { engine, memory };
}

test('an unhealthy container is restarted when two observations an interval apart agree', async () => {
  const { engine, memory } = await sick();
  const first = await pass(engine, stack(WORDS), { memory });
  expect(text(first.plan)).toEqual([]);
  expect(first.plan.lookAgainAtMs).toBe(engine.clock.nowMs() + 10_000);
  engine.clock.advance(9999);
  expect(await planned(engine, WORDS, { memory: first.memory })).toBe('');
  engine.clock.advance(1);
  expect(await planned(engine, WORDS, { memory: first.memory })).toBe(
    '#1 restart container/demo-web-1: Unhealthy',
  );
});

test('one that became healthy between two observations is left alone', async () => {
  const { engine, memory } = await sick();
  const first = await pass(engine, stack(WORDS), { memory });
  engine.behave('app:1', {});
  engine.clock.advance(10_000);
  const second = await pass(engine, stack(WORDS), { memory: first.memory });
  expect(text(second.plan)).toEqual([]);
  expect(second.memory.unhealthySince).toEqual({});
});

test('a paused container says unhealthy, and is unpaused, not restarted', async () => {
  const { engine, memory } = await running(WORDS);
  engine.hands.pause('demo-web-1');
  const first = await pass(engine, stack(WORDS), { memory });
  expect(text(first.plan)).toEqual(['#1 unpause container/demo-web-1: Paused']);
  expect(first.memory.unhealthySince).toEqual({});
});

test('a verdict that is not fresh is no reason to restart', async () => {
  const { engine, memory } = await sick();
  // The monitor died with the engine: the last probe stays where it was.
  const real = engine.observe.bind(engine);
  const lastProbeAtMs = engine.clock.nowMs() - 27_000;
  engine.observe = async (query) => {
    const seen = await real(query);
    const containers = seen.containers.map((each) => ({
      ...each,
      health: each.health && { ...each.health, lastProbeAtMs },
    }));
    return { ...seen, containers };
  };
  const { memory: after } = await pass(engine, stack(WORDS), { memory });
  expect(after.unhealthySince).toEqual({});
});

test('a service whose manifest opts out is kept as unhealthy as it is', async () => {
  const words: StackWords = { services: { web: { ...WORDS.services?.['web'], healUnhealthy: false } } };
  const { engine, memory } = await running(words);
  engine.behave('app:1', { unhealthyAfterMs: 5000 });
  engine.clock.advance(20_000);
  const first = await pass(engine, stack(words), { memory });
  engine.clock.advance(10_000);
  expect(await planned(engine, words, { memory: first.memory })).toBe('');
});

/** When an always-unhealthy container is restarted within 700 seconds, looked at every second. */
async function restartsOfTheSick(afterPass: (memory: Memory, second: number) => Promise<Memory>) {
  const { engine, memory: before } = await sick();
  let memory = before;
  const restarts: number[] = [];
  for (let second = 0; second < 700; second += 1) {
    const writes = engine.writes;
    ({ memory } = await pass(engine, stack(WORDS), { memory }));
    if (engine.writes > writes) restarts.push(engine.clock.nowMs() / 1000);
    memory = await afterPass(memory, second);
    engine.clock.advance(1000);
  }
  return restarts.slice(1).map((atS, index) => Math.round(atS - (restarts[index] ?? 0)));
}

// Fifteen seconds are what it takes to be seen twice, ten seconds apart, after five healthy ones.
const PAUSES = [15, 20, 40, 80, 160, 300];

test('a container that is unhealthy again and again is restarted with growing pauses', async () => {
  expect(await restartsOfTheSick(async (memory) => memory)).toEqual(PAUSES);
});

test('a daemon that is started again every 20 seconds goes on counting', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-heal-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const pauses = await restartsOfTheSick(async (memory, second) => {
    if (second % 20 !== 0) return memory;
    const dying = new Records(await createFileStore({ directory }));
    await dying.remember(dying.ensure('demo'), memory);
    return new Records(await createFileStore({ directory })).blank('demo').memory;
  });
  expect(pauses).toEqual(PAUSES);
});

test('restarts are forgotten after ten healthy minutes', async () => {
  const { engine, memory } = await running(WORDS);
  engine.hands.stop('demo-web-1');
  const started = await pass(engine, stack(WORDS), { memory });
  expect(started.memory.restarts).toEqual({ 'web/1': { count: 1, lastAtMs: engine.clock.nowMs() } });
  engine.clock.advance(599_999);
  const before = await pass(engine, stack(WORDS), { memory: started.memory });
  expect(before.memory.restarts['web/1']?.count).toBe(1);
  expect(before.plan.lookAgainAtMs).toBe(engine.clock.nowMs() + 1);
  engine.clock.advance(1);
  const after = await pass(engine, stack(WORDS), { memory: before.memory });
  expect(after.memory.restarts).toEqual({});
});

test('the history of a slot outlives its container', async () => {
  const { engine, memory } = await running(WORDS);
  engine.hands.stop('demo-web-1');
  const { memory: booked } = await pass(engine, stack(WORDS), { memory });
  engine.hands.rm('demo-web-1');
  const { memory: again } = await pass(engine, stack(WORDS), { memory: booked });
  expect(again.restarts).toEqual(booked.restarts);
});

test('the history of a slot that is gone is forgotten', async () => {
  const { engine, memory } = await running(WORDS);
  engine.hands.stop('demo-web-1');
  const { memory: kept } = await pass(engine, stack(WORDS), { memory });
  const { memory: after } = await pass(engine, stack({ services: {} }), { memory: kept });
  expect({ ...after, known: {} }).toEqual({
    ...EMPTY_MEMORY,
    beganAtMs: expect.any(Number),
    settled: expect.any(String),
  });
});

test('a start that the engine refuses is tried again with back-off', async () => {
  const engine = engineWithImages();
  engine.behave('app:1', { startError: 'no such command' });
  const first = await pass(engine, stack(WORDS));
  expect(first.outcomes.map((outcome) => outcome.result)).toEqual(['done', 'done', 'failed']);
  const second = await pass(engine, stack(WORDS), { memory: first.memory });
  expect(text(second.plan)).toEqual(['#1 start container/demo-web-1: NotRunning']);
  const third = await pass(engine, stack(WORDS), { memory: second.memory });
  expect(text(third.plan)).toEqual([
    '#1 start container/demo-web-1: NotRunning (waits: back-off until 2023-11-14T22:13:30.000Z, attempt 2)',
  ]);
  expect(third.plan.lookAgainAtMs).toBe(engine.clock.nowMs() + 10_000);
});

test('a clock that was set back does not keep a service down', async () => {
  const { engine, memory } = await running(WORDS);
  engine.hands.stop('demo-web-1');
  const { memory: booked } = await pass(engine, stack(WORDS), { memory });
  engine.hands.stop('demo-web-1');
  engine.clock.jump(-86_400_000);
  expect(await planned(engine, WORDS, { memory: booked })).not.toContain('waits');
});
