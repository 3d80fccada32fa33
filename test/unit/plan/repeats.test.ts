import { expect, test } from 'vitest';
import { EMPTY_MEMORY } from '../../../src/model/memory.ts';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, text } from '../../support/passes.ts';
import { running } from '../../support/planned.ts';

const WORDS: StackWords = { services: { web: { resources: { CpuShares: 100 } } } };

/** An engine that takes an update and does not carry it out, as some kernels do. */
async function deaf() {
  const { engine, memory } = await running(WORDS);
  engine.hands.update('demo-web-1', { CpuShares: 7 });
  const real = engine.updateContainer.bind(engine);
  engine.updateContainer = async () => {
    engine.writes += 1;
  };
  return { engine, memory, real };
}

test('the same repair five times in a row with the same difference is FalseDrift', async () => {
  const { engine, memory: before } = await deaf();
  let memory = before;
  const plans: (readonly string[])[] = [];
  for (let count = 0; count < 7; count += 1) {
    const result = await pass(engine, stack(WORDS), { memory });
    memory = result.memory;
    plans.push(text(result.plan));
  }
  const repair = ['#1 update container/demo-web-1: Drifted {resources.CpuShares: 7 -> 100}'];
  const stalled = [
    '! container/demo-web-1: FalseDrift: the same repair succeeded 5 times and the difference is still there: resources.CpuShares',
  ];
  expect(plans).toEqual([repair, repair, repair, repair, repair, stalled, stalled]);
});

test('what was stalled is repaired again when the difference had gone in between', async () => {
  const { engine, memory: before, real } = await deaf();
  let memory = before;
  for (let count = 0; count < 6; count += 1) ({ memory } = await pass(engine, stack(WORDS), { memory }));
  engine.updateContainer = real;
  engine.hands.update('demo-web-1', { CpuShares: 100 });
  ({ memory } = await pass(engine, stack(WORDS), { memory }));
  expect(memory.repeats).toEqual({});
  engine.hands.update('demo-web-1', { CpuShares: 7 });
  const again = await pass(engine, stack(WORDS), { memory });
  expect(text(again.plan)).toEqual([
    '#1 update container/demo-web-1: Drifted {resources.CpuShares: 7 -> 100}',
  ]);
});

test('somebody who changes the same thing now and then is no false drift', async () => {
  const { engine, memory: before } = await running(WORDS);
  let memory = before;
  for (let count = 0; count < 10; count += 1) {
    engine.hands.update('demo-web-1', { CpuShares: 7 });
    ({ memory } = await pass(engine, stack(WORDS), { memory }));
    ({ memory } = await pass(engine, stack(WORDS), { memory }));
  }
  expect(memory.repeats).toEqual({});
  expect({ ...memory, known: {} }).toEqual({
    ...EMPTY_MEMORY,
    beganAtMs: expect.any(Number),
    settled: expect.any(String),
  });
});

test('a repair that fails is not counted', async () => {
  const { engine, memory: before } = await running(WORDS);
  let memory = before;
  engine.hands.update('demo-web-1', { CpuShares: 7 });
  engine.onCall = (call) => (call.what.startsWith('updateContainer') ? 'fail' : 'ok');
  for (let count = 0; count < 7; count += 1) ({ memory } = await pass(engine, stack(WORDS), { memory }));
  engine.onCall = () => 'ok';
  const result = await pass(engine, stack(WORDS), { memory });
  expect(text(result.plan)).toEqual([
    '#1 update container/demo-web-1: Drifted {resources.CpuShares: 7 -> 100}',
  ]);
});
