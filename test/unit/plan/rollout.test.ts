import { describe, expect, test } from 'vitest';
import type { Revision } from '../../../src/model/revision.ts';
import { type ServiceWords, type StackWords, stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, planned, type Running, running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const replicas = (change: ServiceWords = {}): StackWords => ({
  services: { web: { replicas: 3, health: true, ...change } },
});

/** What a controller would have kept of a stack that is Ready. */
function revisionOf({ engine, desired }: Running): Revision {
  const images = Object.fromEntries(
    desired.images.flatMap(({ ref }) => {
      const image = engine.world.image(ref);
      return image === undefined ? [] : [[ref, image.id]];
    }),
  );
  return { desired, images };
}

const ids = (engine: SimulatedEngine) =>
  Object.fromEntries([...engine.world.containers.values()].map((each) => [each.name, each.id]));

const hashes = (engine: SimulatedEngine) =>
  [...engine.world.containers.values()].map((each) => each.labels['io.stackctl.spec-hash']);

/** Fails the container of one replica of the next revision, as soon as it is made. */
function failReplica(engine: SimulatedEngine, name: string): void {
  const before = engine.onCall;
  engine.onCall = (call) => {
    const made = /^startContainer (\S+\.[0-9a-f]{8})$/.exec(call.what)?.[1];
    if (made?.startsWith(name) === true) engine.behave(made, { unhealthyAfterMs: 100 });
    return before(call);
  };
}

describe('a revision that fails after some replicas were replaced', () => {
  test('goes back as a whole, by rollback_config, and is not tried again', async () => {
    const before = await running(replicas());
    const { engine, memory } = before;
    failReplica(engine, 'demo-web-2');
    const bad = stack(replicas({ env: ['A=2'] }));
    const settled = await passUntilSettled(engine, bad, { memory, lastReady: revisionOf(before) });
    const good = before.desired.services[0]?.containers[0]?.specHash;
    expect(hashes(engine)).toEqual([good, good, good]);
    expect(text(settled.last)).toEqual([
      '! container/demo-web-1: BadRevision: the new revision failed (it became unhealthy); the one before it keeps running',
    ]);
    const writes = engine.writes;
    await passUntilSettled(engine, bad, { memory: settled.memory, lastReady: revisionOf(before) });
    expect(engine.writes).toBe(writes);
  });

  test('whose image was moved under its tag goes back to the image it ran from', async () => {
    const before = await running(replicas({ replicas: 2, image: 'app:1' }));
    const { engine, memory, desired } = before;
    const lastReady = revisionOf(before);
    engine.world.addImage('app:1', { content: 'broken' });
    failReplica(engine, 'demo-web-2');
    const settled = await passUntilSettled(engine, desired, { memory, lastReady });
    const images = new Set([...engine.world.containers.values()].map((each) => each.imageId));
    expect([...images]).toEqual([lastReady.images['app:1']]);
    expect(settled.last.blockers.map(({ code }) => code)).toEqual(['BadRevision']);
  });

  test('a fixed revision is rolled out', async () => {
    const before = await running(replicas({ replicas: 2 }));
    const { engine, memory } = before;
    failReplica(engine, 'demo-web-2');
    const lastReady = revisionOf(before);
    const bad = await passUntilSettled(engine, stack(replicas({ replicas: 2, env: ['A=2'] })), {
      memory,
      lastReady,
    });
    engine.onCall = () => 'ok';
    const fixed = stack(replicas({ replicas: 2, env: ['A=3'] }));
    const settled = await passUntilSettled(engine, fixed, { memory: bad.memory, lastReady });
    expect(text(settled.last)).toEqual([]);
    expect(new Set(hashes(engine))).toEqual(new Set([fixed.services[0]?.containers[0]?.specHash]));
  });

  test('brings back the network that it was on', async () => {
    const before = await running({
      services: { web: { replicas: 2, health: true, networks: ['old'] } },
      networks: { old: {} },
    });
    const { engine, memory } = before;
    failReplica(engine, 'demo-web-2');
    const bad = stack({
      services: { web: { replicas: 2, health: true, networks: ['new'] } },
      networks: { new: {} },
    });
    await passUntilSettled(engine, bad, { memory, lastReady: revisionOf(before) });
    const networks = [...engine.world.containers.values()].map((each) => [...each.endpoints.keys()]);
    expect(networks).toEqual([['demo_old'], ['demo_old']]);
  });
});

describe('update_config', () => {
  test('delay: the next replica waits after one that was good', async () => {
    const update = { delayMs: 60_000 };
    const { engine, memory } = await running(replicas({ replicas: 2, update }));
    const startedAtMs = engine.clock.nowMs();
    await passUntilSettled(engine, stack(replicas({ replicas: 2, update, env: ['A=2'] })), { memory });
    const starts = [...engine.world.containers.values()].map((each) => each.startedAtMs ?? 0).sort();
    expect((starts[0] ?? 0) - startedAtMs).toBeLessThan(1000);
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeLessThan(63_000);
  });

  test('max_failure_ratio: as many may fail, and no more', async () => {
    for (const [maxFailureRatio, codes] of [
      [0.34, []],
      [0.3, ['BadRevision']],
    ] as const) {
      const update = { maxFailureRatio };
      const before = await running(replicas({ update, healUnhealthy: false }));
      failReplica(before.engine, 'demo-web-2');
      const wanted = stack(replicas({ update, healUnhealthy: false, env: ['A=2'] }));
      const { memory } = before;
      const settled = await passUntilSettled(before.engine, wanted, {
        memory,
        lastReady: revisionOf(before),
      });
      expect(settled.last.blockers.map(({ code }) => code)).toEqual(codes);
    }
  });

  test('failure_action continue: the new one stays, whatever becomes of it', async () => {
    const update = { failureAction: 'continue' } as const;
    const { engine, memory } = await running(replicas({ update, healUnhealthy: false }));
    failReplica(engine, 'demo-web-2');
    const wanted = stack(replicas({ update, healUnhealthy: false, env: ['A=2'] }));
    await passUntilSettled(engine, wanted, { memory });
    expect(new Set(hashes(engine))).toEqual(new Set([wanted.services[0]?.containers[0]?.specHash]));
  });

  test('failure_action pause: nothing goes on or back until it is told to', async () => {
    const update = { failureAction: 'pause' } as const;
    const before = await running(replicas({ update, healUnhealthy: false }));
    const { engine, memory } = before;
    const old = ids(engine);
    failReplica(engine, 'demo-web-2');
    const wanted = stack(replicas({ update, healUnhealthy: false, env: ['A=2'] }));
    const options = { lastReady: revisionOf(before) };
    const paused = await passUntilSettled(engine, wanted, { memory, ...options });
    expect(text(paused.last)).toEqual([
      '! container/demo-web-2: RolloutPaused: the new revision failed (it became unhealthy), and its failure_action is pause',
      '! container/demo-web-3: RolloutPaused: the new revision failed (it became unhealthy), and its failure_action is pause',
    ]);
    expect(ids(engine)).toMatchObject({
      'demo-web-2': old['demo-web-2'],
      'demo-web-3': old['demo-web-3'],
    });
    expect(engine.world.containers.size).toBe(4);
    engine.onCall = () => 'ok';
    for (const name of Object.keys(ids(engine))) engine.behave(name, {});
    const resumed = { ...paused.memory, badRevisions: {} };
    await passUntilSettled(engine, wanted, { memory: resumed, ...options });
    expect(new Set(hashes(engine))).toEqual(new Set([wanted.services[0]?.containers[0]?.specHash]));
  });
});

describe('a restart that was asked for', () => {
  test('is of each replica in place, one after another, and done once', async () => {
    const { engine, desired, memory } = await running(replicas({ replicas: 2 }));
    const before = ids(engine);
    const restartAsked = { web: engine.clock.nowMs() };
    const first = await pass(engine, desired, { memory, restartAsked });
    expect(text(first.plan)).toEqual([
      '#1 restart container/demo-web-1: RestartAsked',
      '#2 restart container/demo-web-2: RestartAsked (waits: demo-web-1 healthy)',
    ]);
    const settled = await passUntilSettled(engine, desired, { memory: first.memory, restartAsked });
    expect(ids(engine)).toEqual(before);
    expect(engine.log.filter((each) => each.startsWith('restartContainer'))).toEqual([
      'restartContainer demo-web-1',
      'restartContainer demo-web-2',
    ]);
    expect(text(settled.last)).toEqual([]);
  });

  test('is done once where the clock of the engine is slow', async () => {
    const { engine, desired, memory } = await running({ services: { web: {} } });
    const restartAsked = { web: engine.clock.nowMs() + 60_000 };
    engine.clock.advance(60_000);
    const started = engine.world.container('demo-web-1');
    const first = await pass(engine, desired, { memory, restartAsked });
    expect(text(first.plan)).toEqual(['#1 restart container/demo-web-1: RestartAsked']);
    if (started !== undefined) started.startedAtMs = (restartAsked.web ?? 0) - 1;
    const { plan } = await pass(engine, desired, { memory: first.memory, restartAsked });
    expect(text(plan)).toEqual([]);
  });

  test('is of a container too that was started before the clock was set back, and done once', async () => {
    const { engine, desired, memory } = await running({ services: { web: {} } });
    engine.clock.jump(-3_600_000);
    const restartAsked = { web: engine.clock.nowMs() };
    const first = await pass(engine, desired, { memory, restartAsked });
    expect(text(first.plan)).toEqual(['#1 restart container/demo-web-1: RestartAsked']);
    expect(text((await pass(engine, desired, { memory: first.memory, restartAsked })).plan)).toEqual([]);
  });

  test('of one service leaves the others alone', async () => {
    const words: StackWords = { services: { db: {}, web: {} } };
    const { engine, memory } = await running(words);
    const restartAsked = { web: engine.clock.nowMs() };
    expect(await planned(engine, words, { memory, restartAsked })).toBe(
      '#1 restart container/demo-web-1: RestartAsked',
    );
  });
});

describe('while a replacement waits', () => {
  test('the old container is kept up: it ends, and is started again', async () => {
    const { engine, memory } = await running({ services: { web: { image: 'app:1' } } });
    engine.hands.crash('demo-web-1');
    const missing: StackWords = { services: { web: { image: 'nowhere:1' } } };
    const { plan } = await pass(engine, stack(missing), { memory });
    expect(text(plan)).toContain('#2 start container/demo-web-1: NotRunning {state: exited (1) -> running}');
    expect(engine.world.container('demo-web-1')?.state).toBe('running');
  });

  test('a job of the spec before is not run again', async () => {
    const job = (image: string): StackWords => ({ services: { job: { image, isJob: true } } });
    const engine = engineWithImages();
    engine.behave('app:1', { exit: { afterMs: 100, code: 1 } });
    const { memory } = await pass(engine, stack(job('app:1')));
    engine.clock.advance(1000);
    expect(engine.nextChangeAtMs()).toBeUndefined();
    expect(engine.world.container('demo-job-1')?.exitCode).toBe(1);
    const { plan } = await pass(engine, stack(job('nowhere:1')), { memory });
    expect(text(plan).filter((line) => line.includes('start container/demo-job-1:'))).toEqual([]);
    expect(engine.world.container('demo-job-1')?.state).toBe('exited');
  });

  test('a paused rollout replaces nothing, and heals what is there', async () => {
    const { engine, memory } = await running(replicas({ replicas: 2 }));
    const before = ids(engine);
    const wanted = stack(replicas({ replicas: 2, env: ['A=2'] }));
    const first = await pass(engine, wanted, { memory, isRolloutPaused: true });
    expect(first.plan.steps[0]?.gate).toEqual({ kind: 'paused' });
    expect(first.outcomes.filter(({ result }) => result !== 'skipped')).toEqual([]);
    engine.hands.crash('demo-web-2');
    await pass(engine, wanted, { memory: first.memory, isRolloutPaused: true });
    expect(ids(engine)).toEqual(before);
    expect(engine.world.container('demo-web-2')?.state).toBe('running');
  });

  test('a bad revision is tried again when that is asked for', async () => {
    const before = await running(replicas({ replicas: 1 }));
    const { engine, memory } = before;
    const options = { lastReady: revisionOf(before) };
    failReplica(engine, 'demo-web-1');
    const bad = stack(replicas({ replicas: 1, env: ['A=2'] }));
    const held = await passUntilSettled(engine, bad, { memory, ...options });
    engine.onCall = () => 'ok';
    engine.world.behaviours.clear();
    const again = { memory: held.memory, ...options, retryAskedAtMs: engine.clock.nowMs() };
    const settled = await passUntilSettled(engine, bad, again);
    expect(text(settled.last)).toEqual([]);
    expect(hashes(engine)).toEqual([bad.services[0]?.containers[0]?.specHash]);
  });
});
