import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../src/engine/engine.ts';
import type { RestartPolicy } from '../../src/model/container.ts';
import { containerId, stackName } from '../../src/model/names.ts';
import { containerRequest } from '../support/engine-requests.ts';
import type { Profile } from '../support/simulated/objects.ts';
import { SimulatedEngine } from '../support/simulated-engine.ts';

const NEVER = new AbortController().signal;
const policy = (Name: RestartPolicy['Name']): RestartPolicy => ({ Name, MaximumRetryCount: 0 });

function engineWithImage(profile: Profile = '28'): SimulatedEngine {
  const engine = new SimulatedEngine({ profile });
  engine.world.addImage('app:1');
  return engine;
}

async function started(
  engine: SimulatedEngine,
  service: string,
  change: Parameters<typeof containerRequest>[1],
) {
  const owner = { stack: stackName('demo'), instance: engine.instance, image: 'app:1' };
  const id = await engine.createContainer(containerRequest(owner, { service, ...change }), NEVER);
  await engine.startContainer(id, NEVER);
  return id;
}

const withPolicy = (Name: RestartPolicy['Name']) => ({ desired: { restartPolicy: policy(Name) } });
const stateOf = (engine: SimulatedEngine, service: string) =>
  engine.world.container(`demo-${service}-1`)?.state;

describe('the simulated engine when dockerd is stopped and started', () => {
  test('starts what restart policies cover, and of what a person stopped only `always`', async () => {
    const engine = engineWithImage();
    for (const name of ['no', 'always', 'unless-stopped', 'on-failure'] as const)
      await started(engine, name, withPolicy(name));
    await started(engine, 'stopped-always', withPolicy('always'));
    await started(engine, 'stopped-unless', withPolicy('unless-stopped'));
    engine.hands.stop('demo-stopped-always-1');
    engine.hands.stop('demo-stopped-unless-1');
    engine.hands.restartEngine();
    const states = Object.fromEntries(
      [...engine.world.containers.values()].map(({ name, state }) => [name, state]),
    );
    expect(states).toEqual({
      'demo-no-1': 'exited',
      'demo-always-1': 'running',
      'demo-unless-stopped-1': 'running',
      'demo-on-failure-1': 'running',
      'demo-stopped-always-1': 'running',
      'demo-stopped-unless-1': 'exited',
    });
  });

  test('nobody is answered meanwhile, a person neither', async () => {
    const engine = engineWithImage();
    const id = await started(engine, 'web', withPolicy('always'));
    engine.hands.restartEngine({ crash: true, downForMs: 5000 });
    await expect(engine.connect()).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(engine.stopContainer(id, 0, undefined, NEVER)).rejects.toMatchObject({
      kind: 'unreachable',
    });
    expect(() => engine.hands.rm('demo-web-1')).toThrow('Cannot connect');
    engine.clock.advance(5000);
    await engine.connect();
    expect(stateOf(engine, 'web')).toBe('running');
  });

  test('forgets its events and its counts, and subscribers hear that it was away', async () => {
    const engine = engineWithImage();
    await started(engine, 'web', withPolicy('always'));
    engine.behave('demo-web-1', { exit: { afterMs: 10, code: 1 } });
    engine.clock.advance(2000);
    const crashed = await engine.observe({
      stack: stackName('demo'),
      project: '',
      networkNames: [],
      imageRefs: [],
    });
    expect(crashed.containers[0]?.restartCount).toBeGreaterThan(0);
    engine.behave('demo-web-1', {});
    const stop = new AbortController();
    const events = engine.events(stop.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<EngineEvent | undefined> => (await events.next()).value;
    expect(await next()).toMatchObject({ kind: 'connected' });
    const second = next();
    engine.hands.restartEngine({ crash: true });
    expect(await second).toMatchObject({ kind: 'disconnected' });
    expect(await next()).toMatchObject({ kind: 'connected' });
    stop.abort();
    expect(engine.world.container('demo-web-1')).toMatchObject({ state: 'running', engineRestarts: 0 });
    expect(engine.world.events.map(({ action }) => action)).toEqual(['connect', 'start']);
  });

  test('leaves a removal that was under way `dead`', async () => {
    const engine = engineWithImage();
    await started(engine, 'web', withPolicy('always'));
    engine.hands.beginRemoval('demo-web-1', 10_000);
    engine.hands.restartEngine({ crash: true });
    engine.clock.advance(20_000);
    expect(stateOf(engine, 'web')).toBe('dead');
  });

  test.each([
    ['20.10', 1],
    ['28', 2],
  ] as const)(
    'with live-restore processes go on; on %s the health of %i containers is still watched',
    async (profile, watched) => {
      const engine = engineWithImage(profile);
      const Healthcheck = { Test: ['CMD', 'true'], Interval: 1e9, Timeout: 1e9 };
      await started(engine, 'web', { config: { Healthcheck } });
      await started(engine, 'db', { config: { Healthcheck } });
      engine.clock.advance(5000);
      const before = engine.world.container('demo-web-1')?.startedAtMs;
      engine.hands.restartEngine({ liveRestore: true });
      expect(engine.world.container('demo-web-1')).toMatchObject({ state: 'running', startedAtMs: before });
      engine.hands.restart('demo-db-1');
      engine.clock.advance(60_000);
      const { containers } = await engine.observe({
        stack: stackName('demo'),
        project: '',
        networkNames: [],
        imageRefs: [],
      });
      const isWatched = containers.filter(
        ({ health }) => (health?.lastProbeAtMs ?? 0) > engine.clock.nowMs() - 2000,
      );
      expect(isWatched).toHaveLength(watched);
    },
  );
});

describe('a volume of the simulated engine', () => {
  const data = { host: { Mounts: [{ Type: 'volume' as const, Source: 'demo_data', Target: '/data' }] } };

  test('remembers every start of whoever writes into it', async () => {
    const engine = engineWithImage();
    const first = await started(engine, 'db', data);
    await started(engine, 'reader', {
      host: { Mounts: [{ Type: 'volume', Source: 'demo_data', Target: '/data', ReadOnly: true }] },
    });
    engine.hands.restart('demo-db-1');
    engine.hands.stop('demo-db-1');
    const second = await started(engine, 'other', data);
    expect(engine.world.volumes.get('demo_data')).toMatchObject({
      data: [first, first, second],
      sharings: [],
    });
  });

  test('shows when two write into it at once', async () => {
    const engine = engineWithImage();
    const first = await started(engine, 'db', data);
    const second = await started(engine, 'other', data);
    const { sharings } = engine.world.volumes.get('demo_data') ?? {};
    expect(sharings).toEqual([{ container: second, others: [containerId(first)] }]);
  });
});

test('a subscriber of the simulated engine that does not read loses events without a word', async () => {
  const engine = engineWithImage();
  const stop = new AbortController();
  const events = engine.events(stop.signal)[Symbol.asyncIterator]();
  await events.next();
  const first = events.next();
  for (let count = 0; count < 2000; count += 1) engine.hands.createVolume(`volume-${count}`);
  expect((await first).value).toMatchObject({ name: 'volume-0' });
  for (let count = 1; count < 1024; count += 1) await events.next();
  engine.hands.createVolume('the-next');
  expect((await events.next()).value).toMatchObject({ name: 'the-next' });
  stop.abort();
});
