import { describe, expect, test } from 'vitest';
import { EMPTY_MEMORY } from '../../../src/model/memory.ts';
import { networkId } from '../../../src/model/names.ts';
import type { StackWords } from '../../support/builders.ts';
import { pool, stack } from '../../support/builders.ts';
import { pass, passUntilSettled, planFor, text } from '../../support/passes.ts';
import { running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const words = (internal: boolean, subnet = '10.10.0.0/24'): StackWords => ({
  services: { web: { networks: ['back'] } },
  networks: { back: { internal, pools: [pool(subnet)] } },
});

async function withGuest(profile?: '20.10'): Promise<SimulatedEngine> {
  const { engine } = await running(words(false), profile);
  engine.hands.run('guest', {
    networks: { bridge: {}, demo_back: { aliases: ['visitor'], ipv4Address: '10.10.0.99' } },
  });
  return engine;
}

const place = (engine: SimulatedEngine) => engine.world.container('guest')?.endpoints.get('demo_back');

/** The daemon dies after so many writes; returns what it had stored before the first of them. */
async function crashAfter(engine: SimulatedEngine, writes: number, wanted: StackWords) {
  const controller = new AbortController();
  const before = engine.writes;
  engine.onCall = (call) => {
    if (call.writeNumber === before + writes) controller.abort();
    return 'ok';
  };
  const { plan } = await pass(engine, stack(wanted), { signal: controller.signal });
  engine.onCall = () => 'ok';
  expect(engine.writes - before).toBeGreaterThanOrEqual(writes);
  return plan.memory;
}

describe('a crash while a network is made again loses no guest', () => {
  test.each([1, 2, 3, 4, 5])('after write %i', async (writes) => {
    const engine = await withGuest();
    const stored = await crashAfter(engine, writes, words(true));
    const { memory } = await passUntilSettled(engine, stack(words(true)), { memory: stored });
    expect(place(engine)?.settings).toMatchObject({ aliases: ['visitor'], ipv4Address: '10.10.0.99' });
    expect(memory.guests).toEqual({});
  });

  test('nor when the change is taken back by then', async () => {
    const engine = await withGuest();
    const memory = await crashAfter(engine, 2, words(true));
    await passUntilSettled(engine, stack(words(false)), { memory });
    expect(place(engine)?.settings).toMatchObject({ aliases: ['visitor'], ipv4Address: '10.10.0.99' });
  });

  test('an address that does not fit any more is left to the engine', async () => {
    const engine = await withGuest();
    const memory = await crashAfter(engine, 3, words(true));
    await passUntilSettled(engine, stack(words(true, '10.77.0.0/24')), { memory });
    expect(place(engine)?.address).toMatch(/^10\.77\.0\./);
  });
});

test('who leaves a network by himself is not brought back', async () => {
  const engine = await withGuest();
  const { memory } = await passUntilSettled(engine, stack(words(true)));
  engine.hands.disconnect('demo_back', 'guest');
  expect(text(await planFor(engine, stack(words(true)), { memory }))).toEqual([]);
});

test('a guest that is gone is forgotten, and so are those of a network that is declared no more', async () => {
  const engine = await withGuest();
  const stored = await crashAfter(engine, 2, words(true));
  const without: StackWords = { services: { web: {} } };
  const plan = await planFor(engine, stack(without), { memory: stored });
  expect(plan.memory.guests).toEqual({});
  engine.hands.rm('guest');
  const { memory } = await passUntilSettled(engine, stack(words(true)), { memory: stored });
  expect(memory.guests).toEqual({});
});

test('a guest on a duplicate, which 20.10 can make, is moved to the one that stays', async () => {
  const engine = await withGuest('20.10');
  const [network] = engine.world.networksNamed('demo_back');
  const twin = { ...network, id: networkId('f'.repeat(64)), createdAtMs: 1e15 };
  engine.world.networks.set(twin.id, twin as never);
  const endpoint = engine.world.container('demo-web-1')?.endpoints.get('demo_back');
  expect(endpoint?.networkId).toBe(network?.id);
  const visitor = place(engine);
  if (visitor !== undefined) visitor.networkId = twin.id;
  await passUntilSettled(engine, stack(words(false)), { memory: EMPTY_MEMORY });
  expect(place(engine)).toMatchObject({ networkId: network?.id, settings: { aliases: ['visitor'] } });
});
