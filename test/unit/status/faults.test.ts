import { expect, test } from 'vitest';
import { queryFor } from '../../../src/controller/reconcile.ts';
import type { StackStatus } from '../../../src/model/status.ts';
import { deriveStatus } from '../../../src/status/derive.ts';
import { type StackWords, stack } from '../../support/builders.ts';
import { passReport } from '../../support/pass-report.ts';
import { type PassResult, pass, planFor } from '../../support/passes.ts';
import { engineWithImages } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

/** What a user reads after a pass. */
async function statusOf(
  engine: SimulatedEngine,
  words: StackWords,
  { outcomes, memory }: PassResult,
): Promise<StackStatus> {
  const desired = stack(words);
  const observed = await engine.observe(queryFor(desired));
  const plan = await planFor(engine, desired, { memory });
  return deriveStatus(passReport({ desired, observed, plan, outcomes, nowMs: engine.clock.nowMs() }));
}

/** The first pass in which nothing is left but to wait. */
async function untilWaiting(engine: SimulatedEngine, words: StackWords): Promise<PassResult> {
  let result = await pass(engine, stack(words));
  for (let count = 0; count < 20; count += 1) {
    engine.clock.advance(1_000);
    result = await pass(engine, stack(words), { memory: result.memory });
    if (result.plan.steps.some((step) => step.gate?.kind === 'backoff')) return result;
  }
  throw new Error('nothing waits');
}

const readyOf = ({ conditions }: StackStatus) => conditions.find(({ type }) => type === 'Ready');

test('what ended is told with its exit code, where its output is, and when it is started again', async () => {
  const engine = engineWithImages();
  engine.behave('app:1', { exit: { afterMs: 100, code: 3 } });
  const words: StackWords = { services: { web: {} } };
  const status = await statusOf(engine, words, await untilWaiting(engine, words));
  expect(status.services[0]).toMatchObject({
    state: 'CrashLoopBackOff',
    message: expect.stringMatching(
      /^exited with code 3; see stackctl logs demo web; back-off until 2023-11-14T\S+Z, attempt 2$/,
    ),
  });
  // The fault, and not that something waits because of it.
  expect(readyOf(status)).toMatchObject({
    status: 'False',
    reason: 'HealthCheckFailed',
    message: expect.stringMatching(/^web: CrashLoopBackOff: exited with code 3; .* back-off until /),
  });
});

test('what is unhealthy and waits for its next restart is told with that', async () => {
  const engine = engineWithImages();
  engine.behave('app:1', { unhealthyAfterMs: 100 });
  const words: StackWords = { services: { web: { health: true } } };
  const status = await statusOf(engine, words, await untilWaiting(engine, words));
  expect(status.services[0]?.message).toMatch(
    /^its healthcheck fails.*; see stackctl logs demo web; back-off until 2023-11-14T\S+Z, attempt 2$/,
  );
});

test('a call that the engine refused is told with what to do about it', async () => {
  const engine = engineWithImages();
  const words: StackWords = { services: { web: { image: 'none:1' } } };
  const failed = await pass(engine, stack(words));
  const hints = failed.outcomes.flatMap((outcome) =>
    outcome.result === 'failed' ? [outcome.failure.hint ?? ''] : [],
  );
  const status = await statusOf(engine, words, failed);
  expect(status.services[0]?.state).toBe('ImagePullBackOff');
  for (const hint of hints) expect(status.services[0]?.message).toContain(hint);
});

test('who waits is named', async () => {
  const engine = engineWithImages();
  engine.behave('checked:1', { healthyAfterMs: 100_000 });
  const words: StackWords = {
    services: { db: { image: 'checked:1', health: true }, web: { dependsOn: { db: 'healthy' } } },
  };
  const first = await pass(engine, stack(words));
  const second = await pass(engine, stack(words), { memory: first.memory });
  expect(readyOf(await statusOf(engine, words, second))).toMatchObject({
    reason: 'Waiting',
    message: 'web waits for db healthy',
  });
});

test('what ends and is started over and over is not ready in between, and is once it has run for a while', async () => {
  const engine = engineWithImages();
  engine.behave('app:1', { exit: { afterMs: 500, code: 3 } });
  const words: StackWords = { services: { web: { restart: 'always' } } };
  const first = await pass(engine, stack(words));
  engine.clock.advance(1_000);
  const result = await pass(engine, stack(words), { memory: first.memory });
  const status = await statusOf(engine, words, result);
  expect(status.services[0]).toMatchObject({
    state: 'Starting',
    ready: 0,
    restarts: 1,
    message: 'it ended and was started again; ready when it has run for 5 s; see stackctl logs demo web',
  });
  expect(readyOf(status)?.status).toBe('False');
  engine.behave('app:1', {});
  expect(result.plan.lookAgainAtMs).toBe((engine.world.container('demo-web-1')?.startedAtMs ?? 0) + 5_000);
  engine.clock.advanceTo(result.plan.lookAgainAtMs ?? 0);
  const later = await pass(engine, stack(words), { memory: result.memory });
  expect(readyOf(await statusOf(engine, words, later))?.status).toBe('True');
});
