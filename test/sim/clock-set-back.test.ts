import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RolloutRequest } from '../../src/controller/operations.ts';
import { Simulation } from '../support/simulation/simulation.ts';

const HOUR_MS = 3_600_000;

let simulation: Simulation;

beforeEach(() => {
  simulation = new Simulation({ profile: '28', seed: 11 });
  simulation.engine.world.addImage('app:2', {});
});
afterEach(() => simulation.kill());

const manifest = (service: string): string =>
  `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: web}, spec: {services: {web: {${service}}}}}`;

async function runs(service: string): Promise<void> {
  simulation.directory.write('web.yaml', manifest(service));
  simulation.start();
  expect(await simulation.settle(200_000)).toBe(true);
}

async function rollout(verb: RolloutRequest['verb']): Promise<void> {
  void simulation.daemon?.operations.rollout({ name: 'web', verb, services: [] });
  await simulation.run(60_000);
}

/** How often a method is called from here on. */
function counted(method: string): () => number {
  let calls = 0;
  simulation.onCall = (call) => {
    if (call.method === method) calls += 1;
    return { kind: 'ok' };
  };
  return () => calls;
}

const imageOf = (container: string) =>
  simulation.engine.world.container(container)?.request.container.config.Image;

test('an image that could not be had is tried again after its back-off', async () => {
  simulation.directory.write('web.yaml', manifest('image: "late:1"'));
  simulation.start();
  await simulation.run(30_000);
  simulation.clock.jump(-2 * HOUR_MS);
  simulation.engine.world.registry.set('late:1', {});
  expect(await simulation.runUntil(() => simulation.isReady('web'), 300_000)).toBe(true);
});

test('the next replica waits for its delay, and no longer', async () => {
  const replicas = (image: string) =>
    `image: "${image}", deploy: {replicas: 2, update_config: {delay: 20s, monitor: 1s}}`;
  await runs(replicas('app:1'));
  simulation.directory.write('web.yaml', manifest(replicas('app:2')));
  const isOneDone = () => simulation.trace.some((line) => line.includes('renameContainer'));
  expect(await simulation.runUntil(isOneDone, 120_000)).toBe(true);
  simulation.clock.jump(-2 * HOUR_MS);
  const isDone = () => imageOf('web-web-1') === 'app:2' && imageOf('web-web-2') === 'app:2';
  expect(await simulation.runUntil(isDone, 300_000)).toBe(true);
});

test('a restart that was asked for and done before is not done again for what is made later', async () => {
  await runs('image: "app:1"');
  simulation.clock.jump(HOUR_MS);
  const restarts = counted('restartContainer');
  await rollout('restart');
  expect(restarts()).toBe(1);
  simulation.clock.jump(-HOUR_MS);
  simulation.directory.write('web.yaml', manifest('image: "app:2"'));
  await simulation.run(120_000);
  expect(imageOf('web-web-1')).toBe('app:2');
  expect(restarts()).toBe(1);
});

test('a revision that fails after `rollout resume` is not tried again and again', async () => {
  await runs('image: "app:1"');
  await rollout('resume');
  simulation.clock.jump(-HOUR_MS);
  simulation.engine.behave('app:2', { exit: { afterMs: 500, code: 1 } });
  const creations = counted('createContainer');
  simulation.directory.write('web.yaml', manifest('image: "app:2"'));
  await simulation.run(600_000);
  expect(creations()).toBe(1);
  expect(imageOf('web-web-1')).toBe('app:1');
});
