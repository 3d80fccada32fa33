import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { Simulation } from '../support/simulation/simulation.ts';

let simulation: Simulation;

beforeEach(() => {
  simulation = new Simulation({ profile: '28', seed: 11 });
  for (const ref of ['app:2', 'app:3']) simulation.engine.world.addImage(ref, {});
});
afterEach(() => simulation.kill());

const manifest = (image: string, more = ''): string =>
  `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: web}, spec: {${more}services: {web: {image: "${image}", volumes: ["data:/data"]}}, volumes: {data: {}}}}`;

function running() {
  const { daemon } = simulation;
  if (daemon === undefined) throw new Error('the daemon does not run');
  return daemon;
}

const recordOf = () => running().controller.records.get('web');
const containerOf = () => simulation.engine.world.container('web-web-1');
const imageOf = () => containerOf()?.request.container.config.Image;

/** In the background; what it was answered with stands in `answer` when it is. */
function asked<Value>(promise: Promise<Value>): { answer: Value | undefined } {
  const asked: { answer: Value | undefined } = { answer: undefined };
  void promise.then((answer) => {
    asked.answer = answer;
  });
  return asked;
}

function apply(text: string) {
  const files = [{ relativePath: 'stack.yaml', text }];
  const request = { baseDirectory: '/home/somebody', files, dryRun: false, force: false, adopt: false };
  return asked(running().operations.apply(request, new AbortController().signal));
}

const remove = (volumes: boolean) =>
  asked(running().operations.delete({ name: 'web', volumes, confirm: false }));

/** Looks at the engine take two seconds from now on. */
function slowLooks(): void {
  simulation.onCall = ({ method }) =>
    method === 'observe' ? { kind: 'fault', fault: 'slow' } : { kind: 'ok' };
}

async function untilLooking(): Promise<void> {
  const isLooking = () => simulation.trace.at(-1)?.includes('observe web: slow') === true;
  expect(await simulation.runUntil(isLooking, 60_000)).toBe(true);
}

/** Every flush takes so long from now on. */
function slowDisk(flushMs: number, kinds?: readonly string[]): void {
  const { store } = running().controller.ports;
  const flushed = async (kind: string) => {
    if (kinds === undefined || kinds.includes(kind))
      await new Promise<void>((resolve) => simulation.clock.setTimer(resolve, flushMs));
  };
  const { write, remove: erase } = { write: store.write.bind(store), remove: store.remove.bind(store) };
  Object.assign(store, {
    write: (...args: Parameters<Store['write']>) => write(...args).then(() => flushed(args[0])),
    remove: (...args: Parameters<Store['remove']>) => erase(...args).then(() => flushed(args[0])),
  } satisfies Pick<Store, 'write' | 'remove'>);
}

async function runsFromDirectory(): Promise<void> {
  simulation.directory.write('web.yaml', manifest('app:1'));
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
}

async function runsAsApplied(): Promise<void> {
  simulation.start();
  await simulation.run(3_000);
  apply(manifest('app:1'));
  await simulation.run(60_000);
  expect(simulation.isReady('web')).toBe(true);
}

test('what is suspended while a pass looks is left alone by that pass too', async () => {
  await runsFromDirectory();
  slowLooks();
  simulation.directory.write('web.yaml', manifest('app:2'));
  await untilLooking();
  asked(running().operations.suspend('web'));
  const { writes } = simulation;
  await simulation.run(60_000);
  expect(simulation.writes).toBe(writes);
  expect(simulation.statuses.get('web')?.suspended).toBe(true);
});

test('of the wish before, no step is begun any more once another was applied', async () => {
  await runsAsApplied();
  slowLooks();
  apply(manifest('app:2'));
  await untilLooking();
  apply(manifest('app:3'));
  await simulation.run(120_000);
  expect(imageOf()).toBe('app:3');
  expect(simulation.trace.filter((line) => line.includes('createContainer web-web-1'))).toHaveLength(2);
});

test('Ready of the wish before is not told as that of the one applied while its state was written', async () => {
  await runsAsApplied();
  slowDisk(200, ['last-good']);
  // A change without a step: the pass has nothing to do but to note it.
  apply(manifest('app:1', 'interval: 45s, '));
  await simulation.run(100);
  const second = apply(manifest('app:2'));
  const isAnswered = () => second.answer !== undefined;
  expect(await simulation.runUntil(isAnswered, 5_000)).toBe(true);
  const generation = second.answer?.stacks[0]?.generation ?? Number.NaN;
  const isReady = () => {
    const conditions = simulation.statuses.get('web')?.conditions ?? [];
    return conditions.some(
      ({ type, status, observedGeneration }) =>
        type === 'Ready' && status === 'True' && observedGeneration >= generation,
    );
  };
  expect(await simulation.runUntil(isReady, 60_000)).toBe(true);
  expect(imageOf()).toBe('app:2');
});

describe('a deletion that is called off', () => {
  test('while its pass looks: what is there stays as it is', async () => {
    await runsFromDirectory();
    simulation.directory.write('other.yaml', manifest('app:1').replace('name: web', 'name: other'));
    expect(await simulation.settle(120_000)).toBe(true);
    const before = containerOf()?.id;
    simulation.directory.remove('web.yaml');
    expect(await simulation.runUntil(() => recordOf()?.tombstone !== undefined, 120_000)).toBe(true);
    slowLooks();
    simulation.directory.write('web.yaml', manifest('app:1'));
    expect(await simulation.runUntil(() => recordOf()?.tombstone === undefined, 60_000)).toBe(true);
    await simulation.run(60_000);
    expect(containerOf()?.id).toBe(before);
  });

  test('in the middle of it: the volume of what was applied stays', async () => {
    await runsAsApplied();
    const volume = simulation.engine.world.volumes.get('web_data');
    simulation.onCall = ({ method }) =>
      method === 'stopContainer' ? { kind: 'fault', fault: 'slow' } : { kind: 'ok' };
    remove(true);
    const isStopping = () => simulation.trace.at(-1)?.includes('stopContainer') === true;
    expect(await simulation.runUntil(isStopping, 60_000)).toBe(true);
    apply(manifest('app:1'));
    await simulation.run(60_000);
    expect(simulation.engine.world.volumes.get('web_data')).toBe(volume);
    expect(simulation.isReady('web')).toBe(true);
  });

  test.each([0, 8, 16, 20, 24, 28, 32, 36, 40, 48, 56])(
    'at its end, %i ms after the last call: what was applied is kept, and runs',
    async (ms) => {
      await runsAsApplied();
      slowDisk(8);
      remove(false);
      const isLast = () => simulation.trace.some((line) => line.includes('removeNetwork'));
      expect(await simulation.runUntil(isLast, 20_000)).toBe(true);
      await simulation.run(ms);
      apply(manifest('app:2'));
      await simulation.run(120_000);
      expect(imageOf()).toBe('app:2');
      expect(simulation.disk.files.get('applied/web')).toContain('app:2');
    },
  );
});
