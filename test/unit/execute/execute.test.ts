import { expect, test } from 'vitest';
import { queryFor } from '../../../src/controller/reconcile.ts';
import { execute } from '../../../src/execute/execute.ts';
import { EMPTY_MEMORY } from '../../../src/model/memory.ts';
import type { Outcome, Plan, Step } from '../../../src/model/plan.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { stack } from '../../support/builders.ts';
import { engineWithImages } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const WORDS = {
  services: {
    db: { health: true },
    cache: {},
    web: { dependsOn: { db: 'healthy' as const }, files: { '/a': 'b' } },
  },
};

async function planOn(engine: SimulatedEngine): Promise<Plan> {
  const desired = stack(WORDS);
  return makePlan(desired, await engine.observe(queryFor(desired)), {
    nowMs: engine.clock.nowMs(),
    memory: EMPTY_MEMORY,
    instance: engine.instance,
    version: 'test',
    readyStacks: {},
  });
}

interface RunOptions {
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly isWanted?: () => boolean;
  readonly onStep?: (step: Step, phase: string, detail: string) => void;
}

const run = (plan: Plan, engine: SimulatedEngine, options: RunOptions = {}) =>
  execute(
    plan,
    engine,
    {
      concurrency: options.concurrency ?? 4,
      nowMs: () => engine.clock.nowMs(),
      isWanted: options.isWanted ?? (() => true),
      onStep: options.onStep ?? (() => {}),
    },
    options.signal ?? new AbortController().signal,
  );

const words = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => {
    const detail = outcome.result === 'skipped' ? ` (${outcome.waitingFor})` : '';
    return `${outcome.step.kind} ${outcome.step.target.name}: ${outcome.result}${detail}`;
  });

test('runs every step whose needs are done, and skips what waits for a gate', async () => {
  const engine = engineWithImages();
  expect(words(await run(await planOn(engine), engine))).toEqual([
    'create-network demo_default: done',
    'create-container demo-db-1: done',
    'start-container demo-db-1: done',
    'create-container demo-cache-1: done',
    'start-container demo-cache-1: done',
    'create-container demo-web-1: done',
    'put-files demo-web-1: done',
    'start-container demo-web-1: skipped (gate)',
  ]);
  expect(engine.world.container('demo-web-1')?.files).toEqual(new Map([['/a', 'b']]));
});

test('never runs a step before what it needs is over', async () => {
  const engine = engineWithImages();
  const plan = await planOn(engine);
  const done = new Set<number>();
  await run(plan, engine, {
    onStep: (step, phase) => {
      if (phase === 'started') for (const need of step.needs) expect(done).toContain(need);
      if (phase === 'done') done.add(step.id);
    },
  });
  expect(done.size).toBe(7);
});

test('a step that fails skips what needs it, and nothing else', async () => {
  const engine = engineWithImages();
  engine.onCall = (call) => (call.what === 'createContainer demo-db-1' ? 'fail' : 'ok');
  const outcomes = await run(await planOn(engine), engine);
  expect(words(outcomes)).toEqual([
    'create-network demo_default: done',
    'create-container demo-db-1: failed',
    'start-container demo-db-1: skipped (failed-need)',
    'create-container demo-cache-1: done',
    'start-container demo-cache-1: done',
    'create-container demo-web-1: done',
    'put-files demo-web-1: done',
    'start-container demo-web-1: skipped (gate)',
  ]);
  const failed = outcomes.find((outcome) => outcome.result === 'failed');
  expect(failed?.result === 'failed' && failed.failure.kind).toBe('refused');
});

test('the signal stops it between steps: what runs is finished, the rest is skipped', async () => {
  const engine = engineWithImages();
  const controller = new AbortController();
  engine.onCall = (call) => {
    if (call.what === 'createContainer demo-db-1') controller.abort();
    return 'ok';
  };
  const plan = await planOn(engine);
  const outcomes = await run(plan, engine, { concurrency: 1, signal: controller.signal });
  expect(words(outcomes)).toEqual([
    'create-network demo_default: done',
    'create-container demo-db-1: done',
    'start-container demo-db-1: skipped (abort)',
    'create-container demo-cache-1: skipped (abort)',
    'start-container demo-cache-1: skipped (failed-need)',
    'create-container demo-web-1: skipped (abort)',
    'put-files demo-web-1: skipped (failed-need)',
    'start-container demo-web-1: skipped (gate)',
  ]);
});

test('what is not wanted any more goes no further: what runs is finished, the rest is skipped', async () => {
  const engine = engineWithImages();
  let isWanted = true;
  engine.onCall = (call) => {
    if (call.what === 'createContainer demo-db-1') isWanted = false;
    return 'ok';
  };
  const plan = await planOn(engine);
  const outcomes = await run(plan, engine, { concurrency: 1, isWanted: () => isWanted });
  expect(words(outcomes).slice(0, 4)).toEqual([
    'create-network demo_default: done',
    'create-container demo-db-1: done',
    'start-container demo-db-1: skipped (abort)',
    'create-container demo-cache-1: skipped (abort)',
  ]);
});

test('no more calls at a time than allowed', async () => {
  const engine = engineWithImages();
  const plan = await planOn(engine);
  let running = 0;
  let most = 0;
  await run(plan, engine, {
    concurrency: 2,
    onStep: (_, phase) => {
      running += phase === 'started' ? 1 : -1;
      most = Math.max(most, running);
    },
  });
  expect(most).toBe(2);
});

test('something that is no Failure becomes a bug, with its message, and the others go on', async () => {
  const engine = engineWithImages();
  engine.createNetwork = () => Promise.reject(new TypeError('of undefined'));
  const [first] = await run(await planOn(engine), engine);
  expect(first?.result === 'failed' && [first.failure.kind, first.failure.message]).toEqual([
    'bug',
    'of undefined',
  ]);
});

test('a step that refers to a container that no step has made is a bug, not a call', async () => {
  const engine = engineWithImages();
  const step: Step = {
    id: 1,
    kind: 'start-container',
    container: { by: 'step', step: 99 },
    target: { kind: 'container', name: 'x' },
    service: undefined,
    because: { code: 'Missing', changes: [] },
    needs: [],
    gate: undefined,
  };
  const [outcome] = await run(
    { steps: [step], blockers: [], lookAgainAtMs: undefined, memory: EMPTY_MEMORY },
    engine,
  );
  expect(outcome?.result === 'failed' && outcome.failure.kind).toBe('bug');
  expect(engine.writes).toBe(0);
});
