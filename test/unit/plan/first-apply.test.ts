import { expect, test } from 'vitest';
import { pool } from '../../support/builders.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';

test('a first apply makes networks, volumes and containers, and starts these in the order of their needs', async () => {
  const engine = engineWithImages();
  const words = {
    services: {
      db: { volumes: ['data:/data'], networks: ['back'] },
      web: { dependsOn: { db: 'started' as const }, networks: ['default', 'back'], files: { '/a': 'b' } },
    },
    networks: { default: {}, back: { internal: true } },
    volumes: { data: {} },
  };
  expect(await passes(engine, words)).toMatchInlineSnapshot(`
    [
      "#1 create network/demo_default: Missing
    #2 create network/demo_back: Missing
    #3 create volume/demo_data: Missing
    [2,3] -> #4 create container/demo-db-1: Missing
    [4] -> #5 start container/demo-db-1: Missing
    [1,2] -> #6 create container/demo-web-1: Missing
    [6] -> #7 put files into container/demo-web-1: Missing
    [6,7,5] -> #8 start container/demo-web-1: Missing",
      "",
    ]
  `);
});

test('service_healthy: the dependent is made at once, and started when its dependency is healthy', async () => {
  const engine = engineWithImages();
  const words = { services: { db: { health: true }, web: { dependsOn: { db: 'healthy' as const } } } };
  expect(await passes(engine, words)).toMatchInlineSnapshot(`
    [
      "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-db-1: Missing
    [2] -> #3 start container/demo-db-1: Missing
    [1] -> #4 create container/demo-web-1: Missing
    [4] -> #5 start container/demo-web-1: Missing (waits: db healthy)",
      "#1 start container/demo-web-1: NotRunning (waits: db healthy)",
      "#1 start container/demo-web-1: NotRunning",
      "",
    ]
  `);
});

test('service_completed_successfully: the dependent starts when the job has ended well', async () => {
  const engine = engineWithImages();
  engine.behave('demo-migrate-1', { exit: { afterMs: 3000, code: 0 } });
  const words = {
    services: { migrate: { isJob: true }, web: { dependsOn: { migrate: 'completed' as const } } },
  };
  expect(await passes(engine, words)).toMatchInlineSnapshot(`
    [
      "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-migrate-1: Missing
    [2] -> #3 start container/demo-migrate-1: Missing
    [1] -> #4 create container/demo-web-1: Missing
    [4] -> #5 start container/demo-web-1: Missing (waits: migrate completed)",
      "#1 start container/demo-web-1: NotRunning (waits: migrate completed)",
      "#1 start container/demo-web-1: NotRunning",
      "",
    ]
  `);
});

test('a dependency that is not required is not waited for', async () => {
  const engine = engineWithImages();
  const dependsOn = { db: { condition: 'service_healthy' as const, required: false } };
  expect(
    await planned(engine, { services: { db: { health: true }, web: { dependsOn } } }),
  ).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-db-1: Missing
    [2] -> #3 start container/demo-db-1: Missing
    [1] -> #4 create container/demo-web-1: Missing
    [4] -> #5 start container/demo-web-1: Missing"
  `);
});

test('a stack that another one depends on is waited for before anything starts', async () => {
  const engine = engineWithImages();
  const words = { services: { web: {} }, policy: { dependsOn: ['base' as never] } };
  expect(await planned(engine, words, { readyStacks: { base: false } })).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-web-1: Missing
    [2] -> #3 start container/demo-web-1: Missing (waits: stack base ready)"
  `);
  expect(await planned(engine, words, { readyStacks: { base: true } })).not.toContain('waits');
});

test('API 1.51 takes all endpoints at creation, 1.41 one, and the rest before the start', async () => {
  const words = {
    services: { web: { networks: ['front', 'back'] } },
    networks: { back: { pools: [pool('10.10.0.0/24')] }, front: {} },
  };
  expect(await planned(engineWithImages('28'), words)).toMatchInlineSnapshot(`
    "#1 create network/demo_back: Missing
    #2 create network/demo_front: Missing
    [2,1] -> #3 create container/demo-web-1: Missing
    [3] -> #4 start container/demo-web-1: Missing"
  `);
  expect(await planned(engineWithImages('20.10'), words)).toMatchInlineSnapshot(`
    "#1 create network/demo_back: Missing
    #2 create network/demo_front: Missing
    [2,1] -> #3 create container/demo-web-1: Missing
    [3] -> #4 connect container/demo-web-1 as demo-web-1,web: Missing
    [3,4] -> #5 start container/demo-web-1: Missing"
  `);
});

test('the primary network is the one that is given at creation, whatever its key', async () => {
  const words = {
    services: { web: { networks: ['front', 'back'] } },
    networks: { back: { name: 'elsewhere' }, front: { name: 'shop-front' } },
  };
  for (const profile of ['20.10', '28'] as const) {
    const { engine } = await running(words, profile);
    expect(engine.world.container('demo-web-1')?.networkMode).toBe('shop-front');
  }
});

test('a container that was only created is no restart: no back-off before its first start', async () => {
  const engine = engineWithImages();
  const words = { services: { db: { health: true }, web: { dependsOn: { db: 'healthy' as const } } } };
  const { memory } = await running(words);
  expect(memory.restarts).toEqual({});
  expect(await planned(engine, words)).not.toContain('back-off');
});
