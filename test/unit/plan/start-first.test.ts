import { describe, expect, test } from 'vitest';
import { OURS } from '../../../src/model/labels.ts';
import { EMPTY_MEMORY, type Memory } from '../../../src/model/memory.ts';
import type { ServiceWords, StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, running } from '../../support/planned.ts';
import type { Profile } from '../../support/simulated/objects.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const words = (env: string, change: ServiceWords = {}, more: StackWords = {}): StackWords => ({
  services: { web: { env: [env], health: true, update: { order: 'start-first' }, ...change } },
  ...more,
});
const OLD = words('A=1');
const NEW = words('A=2');

interface Seen {
  readonly name: string;
  readonly state: string;
  /** In each network: what it is called, and the address that it has. */
  readonly attached: readonly string[];
}

/** Every container, the oldest first. */
function seen(engine: SimulatedEngine): readonly Seen[] {
  return [...engine.world.containers.values()]
    .sort((a, b) => a.createdAtMs - b.createdAtMs)
    .map(({ name, state, endpoints }) => ({
      name: name.replace(/\.[0-9a-f]{8}$/, '.<hash>'),
      state,
      attached: [...endpoints.values()].map(
        ({ settings, address }) => `${settings.aliases.join(',') || 'nobody'} at ${address}`,
      ),
    }));
}

const CALLED = 'demo-web-1,web';

/** Whom others reach by the name of the service: running, healthy, and named so. */
function called(engine: SimulatedEngine): readonly string[] {
  return [...engine.world.containers.values()]
    .filter(({ state, endpoints }) => {
      const aliases = [...endpoints.values()].flatMap(({ settings }) => settings.aliases);
      return state === 'running' && aliases.includes('web');
    })
    .map(({ id }) => id);
}

/** The engine after each pass on the way from one stack to the other. */
async function phases(from: StackWords, to: StackWords, profile: Profile = '28') {
  const { engine, memory } = await running(from, profile);
  engine.clock.advance(60_000);
  const found: (readonly Seen[])[] = [];
  const onPlan = () => found.push(seen(engine));
  const settled = await passUntilSettled(engine, stack(to), { memory, onPlan });
  const changed = found.filter((each, index) => JSON.stringify(each) !== JSON.stringify(found[index - 1]));
  return { engine, found: changed, plans: settled.plans, memory: settled.memory };
}

describe.each(['20.10', '28'] as const)('on engine %s', (profile) => {
  test('nobody calls the new one before it is good, nor the old one before it is stopped', async () => {
    const { found } = await phases(OLD, NEW, profile);
    const [old, young] = ['172.18.0.2', '172.18.128.1'];
    expect(found).toEqual([
      [{ name: 'demo-web-1', state: 'running', attached: [`${CALLED} at ${old}`] }],
      [
        { name: 'demo-web-1', state: 'running', attached: [`${CALLED} at ${old}`] },
        { name: 'demo-web-1.<hash>', state: 'running', attached: [`nobody at ${young}`] },
      ],
      [
        { name: 'demo-web-1.<hash>', state: 'running', attached: [`${CALLED} at ${old}`] },
        { name: 'demo-web-1', state: 'running', attached: [`${CALLED} at ${young}`] },
      ],
      [
        { name: 'demo-web-1.<hash>', state: 'running', attached: [`nobody at ${old}`] },
        { name: 'demo-web-1', state: 'running', attached: [`${CALLED} at ${young}`] },
      ],
      [{ name: 'demo-web-1', state: 'running', attached: [`${CALLED} at ${young}`] }],
    ]);
  });

  test('killed after any write, it goes on from there, and somebody who is good is called all the time', async () => {
    const writes = (await phases(OLD, NEW, profile)).engine.writes;
    const first = (await running(OLD, profile)).engine.writes;
    expect(writes - first).toBeGreaterThan(9);
    for (let strike = first + 1; strike <= writes; strike += 1) {
      const { engine, memory } = await running(OLD, profile);
      engine.clock.advance(60_000);
      const controller = new AbortController();
      engine.onCall = ({ writeNumber }) => {
        if (writeNumber === strike) controller.abort();
        return 'ok';
      };
      let kept: Memory = memory;
      const uncalled: string[] = [];
      for (let count = 0; count < 60; count += 1) {
        const signal = controller.signal.aborted ? new AbortController().signal : controller.signal;
        const result = await pass(engine, stack(NEW), { memory: kept, signal });
        // What it knew is gone with it.
        kept = signal.aborted ? EMPTY_MEMORY : result.memory;
        if (called(engine).length === 0) uncalled.push(`write ${strike}, pass ${count}`);
        if (result.plan.steps.length === 0) break;
        engine.clock.advance(500);
      }
      expect(uncalled).toEqual([]);
      expect(seen(engine)).toMatchObject([{ name: 'demo-web-1', state: 'running' }]);
      expect((await pass(engine, stack(NEW), { memory: kept })).plan.steps).toEqual([]);
    }
  });
});

test('the names overlap for a while, and the old one has a while to answer', async () => {
  const { engine, memory } = await running(OLD);
  engine.clock.advance(60_000);
  const states: string[] = [];
  const onPlan = () => {
    const [old] = seen(engine);
    states.push(
      `${engine.clock.nowMs()} ${called(engine).length} ${old?.attached.join()} ${seen(engine).length}`,
    );
  };
  let kept = memory;
  const wanted = stack(NEW);
  for (let count = 0; count < 100; count += 1) {
    kept = (await pass(engine, wanted, { memory: kept, onPlan })).memory;
    engine.clock.advance(100);
  }
  const count = (pattern: RegExp) => states.filter((each) => pattern.test(each)).length;
  // Looked at ten times a second: both called, and the old one not called any more.
  expect(count(/^\d+ 2 /)).toBeGreaterThanOrEqual(12);
  expect(count(/nobody at [0-9.]+ 2$/)).toBeGreaterThanOrEqual(20);
  expect(kept.attachedSince).toEqual({});
});

test('what was handed over keeps its address when it is started again, and is no drift', async () => {
  const { engine, memory } = await phases(OLD, NEW);
  engine.hands.stop('demo-web-1');
  const { last } = await passUntilSettled(engine, stack(NEW), { memory });
  expect(text(last)).toEqual([]);
  expect(seen(engine)).toEqual([
    { name: 'demo-web-1', state: 'running', attached: [`${CALLED} at 172.18.128.1`] },
  ]);
});

describe('the new one fails', () => {
  const BAD = words('A=1', { image: 'app:2' });

  test('before it is called: the old one is called all the time', async () => {
    const { engine, memory } = await running(OLD);
    engine.behave('app:2', { healthyAfterMs: 1e9, unhealthyAfterMs: 2000 });
    const onPlan = () => expect(called(engine)).toEqual([engine.world.container('demo-web-1')?.id]);
    await passUntilSettled(engine, stack(BAD), { memory, onPlan });
    expect(seen(engine)).toEqual([
      { name: 'demo-web-1', state: 'running', attached: [`${CALLED} at 172.18.0.2`] },
    ]);
  });

  test('when the old one has lost its names: it gets them back before the new one goes', async () => {
    const { engine, memory } = await running(OLD);
    const [old] = called(engine);
    engine.behave('app:2', { healthyAfterMs: 1000, unhealthyAfterMs: 3500 });
    let kept = memory;
    let wasUncalled = false;
    for (let count = 0; count < 80; count += 1) {
      const result = await pass(engine, stack(BAD), { memory: kept });
      kept = result.memory;
      wasUncalled ||= !called(engine).some((id) => id === old);
      expect(called(engine).length).toBeGreaterThan(0);
      engine.clock.advance(100);
    }
    expect(wasUncalled).toBe(true);
    expect(called(engine)).toEqual([old]);
    expect(seen(engine)).toEqual([
      { name: 'demo-web-1', state: 'running', attached: [`${CALLED} at 172.18.0.2`] },
    ]);
    expect(kept.badRevisions['web']?.reason).toBe('it became unhealthy');
  });
});

test('another revision when the old one has lost its names: it takes over from the new one', async () => {
  const { engine, memory } = await running(OLD);
  let kept = memory;
  for (let count = 0; seen(engine)[0]?.attached.join().startsWith('nobody') !== true; count += 1) {
    expect(count).toBeLessThan(50);
    kept = (await pass(engine, stack(NEW), { memory: kept })).memory;
    engine.clock.advance(200);
  }
  const onPlan = () => expect(called(engine).length).toBeGreaterThan(0);
  await passUntilSettled(engine, stack(words('A=3')), { memory: kept, onPlan });
  expect(seen(engine)).toMatchObject([{ name: 'demo-web-1', state: 'running' }]);
});

describe('no hand-over, and the new one is called from its start', () => {
  const fromStart = async (from: StackWords, to: StackWords) => {
    const { found } = await phases(from, to);
    expect(found[1]?.find(({ name }) => name.endsWith('<hash>'))?.attached.join()).toMatch(
      /^demo-web-1,web at/,
    );
    expect(
      found
        .flat()
        .flatMap(({ attached }) => attached)
        .join(),
    ).not.toContain('nobody');
  };

  test('on a network that was made before', () =>
    fromStart(words('A=1', { update: { order: 'stop-first' } }), NEW));

  test.each<[string, ServiceWords]>([
    ['with a port of the host that the engine chooses', { ports: [':80'] }],
    ['with a MAC address of its own', { networks: { default: { macAddress: '02:00:00:00:00:01' } } }],
  ])('%s', (_, change) => fromStart(words('A=1', change), words('A=2', change)));
});

test('in a network whose subnet the manifest names, there is a hand-over without a label', async () => {
  const networks = { default: { pools: [{ subnet: '10.10.0.0/24', auxAddresses: {} }] } };
  const { engine, found } = await phases(words('A=1', {}, { networks }), words('A=2', {}, { networks }));
  expect(
    found
      .flat()
      .flatMap(({ attached }) => attached)
      .join(),
  ).toContain('nobody');
  const [network] = engine.world.networksNamed('demo_default');
  expect(network?.labels[OURS.keepsAddresses]).toBeUndefined();
  // The engine may give the address to another while this one is stopped: it is given back before the next start.
  expect(seen(engine)[0]?.attached).toEqual([`${CALLED} at 10.10.0.3`]);
  engine.hands.stop('demo-web-1');
  await passUntilSettled(engine, stack(words('A=2', {}, { networks })));
  expect(
    engine.world.container('demo-web-1')?.endpoints.get('demo_default')?.settings.ipv4Address,
  ).toBeUndefined();
});

test('networks are made so that addresses can be kept only where a service is replaced start-first', async () => {
  const engine = engineWithImages();
  const order = (each: 'start-first' | 'stop-first', network: string): ServiceWords => ({
    update: { order: each },
    networks: [network],
  });
  const networks = { front: {}, back: {}, six: { enableIPv6: true } };
  const services = {
    web: order('start-first', 'front'),
    db: order('stop-first', 'back'),
    six: order('start-first', 'six'),
  };
  await passUntilSettled(engine, stack({ services, networks }));
  const labelled = [...engine.world.networks.values()].filter(({ labels }) => labels[OURS.keepsAddresses]);
  expect(labelled.map(({ name, pools }) => [name, pools])).toEqual([
    [
      'demo_front',
      [expect.objectContaining({ subnet: '172.18.0.0/16', ipRange: '172.18.0.0/17', gateway: '172.18.0.1' })],
    ],
  ]);
});
