import { expect, test } from 'vitest';
import { networkId } from '../../../src/model/names.ts';
import type { StackWords } from '../../support/builders.ts';
import { pool, stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { passes, planned, running } from '../../support/planned.ts';

const words = (internal: boolean): StackWords => ({
  services: { web: { networks: { default: {}, back: { ipv4Address: '10.10.0.20' } } } },
  networks: { default: {}, back: { internal, pools: [pool('10.10.0.0/24')] } },
});

test('a network whose options changed is swapped under running containers, strangers keep their settings', async () => {
  const { engine } = await running(words(false));
  engine.hands.run('guest', {
    networks: { bridge: {}, demo_back: { aliases: ['guest'], ipv4Address: '10.10.0.99' } },
  });
  const startedAtMs = engine.world.container('demo-web-1')?.startedAtMs;
  expect(await passes(engine, words(true))).toMatchInlineSnapshot(`
    [
      "#1 disconnect container/demo-web-1: Drifted {internal: false -> true}
    #2 disconnect container/guest: Drifted {internal: false -> true}
    [1,2] -> #3 remove network/demo_back: Drifted {internal: false -> true}
    [3] -> #4 create network/demo_back: Drifted {internal: false -> true}
    [4] -> #5 connect container/demo-web-1 as demo-web-1,web: Drifted {internal: false -> true}
    [4] -> #6 connect container/guest as guest: Drifted {internal: false -> true}",
      "",
    ]
  `);
  expect(engine.world.container('demo-web-1')?.startedAtMs).toBe(startedAtMs);
  const guest = engine.world.container('guest')?.endpoints.get('demo_back');
  expect(guest?.settings).toMatchObject({ aliases: ['guest'], ipv4Address: '10.10.0.99' });
});

test('a stranger whose address does not fit the new subnet gets another one', async () => {
  const { engine } = await running(words(false));
  engine.hands.run('guest', { networks: { demo_back: { aliases: ['guest'], ipv4Address: '10.10.0.99' } } });
  const moved: StackWords = {
    services: { web: { networks: { default: {}, back: { ipv4Address: '10.77.0.20' } } } },
    networks: { default: {}, back: { pools: [pool('10.77.0.0/24')] } },
  };
  await passUntilSettled(engine, stack(moved));
  expect(engine.world.container('guest')?.endpoints.get('demo_back')?.settings.ipv4Address).toBeUndefined();
  expect(engine.world.container('guest')?.endpoints.get('demo_back')?.address).toBe('10.77.0.2');
});

test('the containers of another stack on a shared network are put back as they were', async () => {
  const { engine } = await running(words(false));
  const other = stack({
    name: 'other',
    services: { app: { networks: { shared: { aliases: ['api'] } } } },
    networks: { shared: { external: true, name: 'demo_back' } },
  });
  await passUntilSettled(engine, other);
  await passUntilSettled(engine, stack(words(true)));
  const { plan } = await pass(engine, other);
  expect(text(plan)).toEqual([]);
});

test('a network that a stranger still uses is not pruned, and named', async () => {
  const { engine } = await running(words(false));
  engine.hands.run('guest', { networks: { demo_back: {} } });
  const without: StackWords = { services: { web: {} } };
  expect(await planned(engine, without)).toMatchInlineSnapshot(`
    "#1 disconnect container/demo-web-1: Drifted {networks.demo_back: attached -> (none)}
    ! network/demo_back: OwnedByAnotherStack: network demo_back is declared no more, and still used by guest"
  `);
});

test('of duplicates, which 20.10 can make, the one in use stays', async () => {
  const { engine } = await running(words(false), '20.10');
  const [network] = engine.world.networksNamed('demo_back');
  const twin = { ...network, id: networkId('f'.repeat(64)), createdAtMs: 0, pools: [pool('10.99.0.0/24')] };
  engine.world.networks.set(twin.id, twin as never);
  expect(await passes(engine, words(false))).toMatchInlineSnapshot(`
    [
      "#1 remove network/demo_back: Duplicate",
      "",
    ]
  `);
  expect(engine.world.networksNamed('demo_back').map((each) => each.id)).toEqual([network?.id]);
});

test('a container on a duplicate is moved to the one that stays', async () => {
  const two: StackWords = { ...words(false), services: { web: { networks: ['back'], replicas: 3 } } };
  const { engine } = await running(two, '20.10');
  const [network] = engine.world.networksNamed('demo_back');
  const twin = { ...network, id: networkId('f'.repeat(64)), createdAtMs: 0, pools: [pool('10.99.0.0/24')] };
  engine.world.networks.set(twin.id, twin as never);
  const endpoint = engine.world.container('demo-web-2')?.endpoints.get('demo_back');
  if (endpoint !== undefined) endpoint.networkId = twin.id;
  expect(await passes(engine, two)).toMatchInlineSnapshot(`
    [
      "#1 disconnect container/demo-web-2: Duplicate
    [1] -> #2 remove network/demo_back: Duplicate
    [2,1] -> #3 connect container/demo-web-2 as demo-web-2,web: Drifted {networks.back: a network that is gone -> attached}",
      "",
    ]
  `);
});

test('a container that leaves the manifest with its drifted network is removed, not re-attached', async () => {
  const both: StackWords = {
    ...words(false),
    services: { ...words(false).services, old: { networks: ['back'] } },
  };
  const { engine } = await running(both);
  expect(await planned(engine, words(true))).toMatchInlineSnapshot(`
    "#1 stop container/demo-old-1: Orphaned
    [1] -> #2 remove container/demo-old-1: Orphaned
    #3 disconnect container/demo-web-1: Drifted {internal: false -> true}
    [2,3] -> #4 remove network/demo_back: Drifted {internal: false -> true}
    [4] -> #5 create network/demo_back: Drifted {internal: false -> true}
    [5] -> #6 connect container/demo-web-1 as demo-web-1,web: Drifted {internal: false -> true}"
  `);
});

test('an attachment that the manifest has no more is not restored by the swap of its network', async () => {
  const { engine } = await running(words(false));
  const without: StackWords = { ...words(true), services: { web: { networks: ['default'] } } };
  expect(await planned(engine, without)).toMatchInlineSnapshot(`
    "#1 disconnect container/demo-web-1: Drifted {internal: false -> true}
    [1] -> #2 remove network/demo_back: Drifted {internal: false -> true}
    [2] -> #3 create network/demo_back: Drifted {internal: false -> true}"
  `);
});

test('a subnet that the engine chose is never compared', async () => {
  const plain: StackWords = { services: { web: {} } };
  const { engine } = await running(plain);
  engine.hands.createNetwork('x');
  engine.hands.remakeNetwork('demo_default', {}, true);
  expect((await passes(engine, plain))[0]).toMatchInlineSnapshot(
    `"#1 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.default: (none) -> attached}"`,
  );
});

test('a further network whose removal would take the primary one needs a new container', async () => {
  const { engine } = await running(words(false));
  const renamed: StackWords = {
    services: { web: { networks: { back: { ipv4Address: '10.10.0.20' } } } },
    networks: { back: { pools: [pool('10.10.0.0/24')] } },
  };
  const { last } = await passUntilSettled(engine, stack(renamed));
  expect(text(last)).toEqual([]);
  expect(engine.world.container('demo-web-1')?.networkMode).toBe('demo_back');
  expect(engine.world.networksNamed('demo_default')).toEqual([]);
});

test('an attachment that was made in part (20.10) is made again, and not with the address that was taken', async () => {
  const start: StackWords = {
    services: { web: { update: { order: 'start-first' } } },
    networks: { default: { pools: [pool('10.10.0.0/24')] } },
  };
  const { engine, memory } = await running(start);
  const web = engine.world.container('demo-web-1');
  const had = web?.endpoints.get('demo_default');
  if (web === undefined || had === undefined) throw new Error('it is not attached');
  const settings = { ...had.settings, ipv4Address: '10.10.0.2' };
  web.endpoints.set('demo_default', { ...had, networkId: undefined, address: undefined, settings });
  const plans = await passes(engine, start, { memory });
  expect(plans[0]).toContain('networks.default: attached in part -> attached');
  expect(plans.at(-1)).toBe('');
  const now = engine.world.container('demo-web-1')?.endpoints.get('demo_default');
  expect(now?.networkId).toBeDefined();
  expect(now?.settings.ipv4Address).toBeUndefined();
});
