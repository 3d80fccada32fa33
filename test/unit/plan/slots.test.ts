import { expect, test } from 'vitest';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';

const names = (engine: { world: { containers: Map<unknown, { name: string }> } }) =>
  [...engine.world.containers.values()].map((each) => each.name).sort();

test('of two containers in one slot the one that runs stays', async () => {
  const words: StackWords = { services: { web: {} } };
  const { engine, desired } = await running(words);
  engine.hands.rename('demo-web-1', 'twin');
  engine.clock.advance(1000);
  // Somebody else's pass, from a snapshot that did not show the first one.
  const hidden = engine.world.container('twin');
  engine.world.containers.delete(hidden?.id as never);
  await passUntilSettled(engine, desired);
  engine.world.containers.set(hidden?.id as never, hidden as never);
  engine.hands.stop('demo-web-1');
  expect(await passes(engine, words)).toMatchInlineSnapshot(`
    [
      "#1 remove container/demo-web-1: Duplicate
    [1] -> #2 rename container/twin to demo-web-1: Drifted {name: twin -> demo-web-1}",
      "",
    ]
  `);
});

test('a dead container is removed and its name taken again', async () => {
  const words: StackWords = { services: { web: {} } };
  const { engine } = await running(words);
  engine.hands.leaveDead('demo-web-1');
  expect(await passes(engine, words)).toMatchInlineSnapshot(`
    [
      "#1 remove container/demo-web-1: Orphaned
    [1] -> #2 create container/demo-web-1: Missing
    [2] -> #3 start container/demo-web-1: Missing",
      "",
    ]
  `);
});

test('a container that is being removed is waited for, and made again', async () => {
  const words: StackWords = { services: { web: {} } };
  const { engine } = await running(words);
  engine.hands.beginRemoval('demo-web-1', 5000);
  expect(await passes(engine, words)).toMatchInlineSnapshot(`
    [
      "#1 remove container/demo-web-1: Orphaned
    [1] -> #2 create container/demo-web-1: Missing
    [2] -> #3 start container/demo-web-1: Missing",
      "",
    ]
  `);
});

test('scaling up makes what is missing, scaling down removes the highest ordinals', async () => {
  const words = (replicas: number): StackWords => ({ services: { web: { replicas } } });
  const { engine } = await running(words(1));
  expect(await planned(engine, words(3))).toMatchInlineSnapshot(`
    "#1 create container/demo-web-2: Missing
    [1] -> #2 start container/demo-web-2: Missing
    #3 create container/demo-web-3: Missing
    [3] -> #4 start container/demo-web-3: Missing"
  `);
  await passUntilSettled(engine, stack(words(3)));
  expect(await planned(engine, words(1))).toMatchInlineSnapshot(`
    "#1 stop container/demo-web-2: Orphaned
    [1] -> #2 remove container/demo-web-2: Orphaned
    #3 stop container/demo-web-3: Orphaned
    [3] -> #4 remove container/demo-web-3: Orphaned"
  `);
});

test('a service that the manifest has no more is stopped and removed, and its network too', async () => {
  const { engine } = await running({
    services: { web: {}, old: { networks: ['old'] } },
    networks: { default: {}, old: {} },
  });
  expect(await planned(engine, { services: { web: {} } })).toMatchInlineSnapshot(`
    "#1 stop container/demo-old-1: Orphaned
    [1] -> #2 remove container/demo-old-1: Orphaned
    [2] -> #3 remove network/demo_old: Orphaned"
  `);
});

test('without prune nothing is removed', async () => {
  const { engine } = await running({
    services: { web: {}, old: { networks: ['old'] } },
    networks: { default: {}, old: {} },
  });
  expect(await planned(engine, { services: { web: {} }, policy: { prune: false } })).toBe('');
});

test('a renamed service takes over port and container name of the one before', async () => {
  const service = { ports: ['8080:80'], name: 'shop' };
  const { engine } = await running({ services: { web: service } });
  expect(await passes(engine, { services: { site: service } })).toMatchInlineSnapshot(`
    [
      "#1 stop container/shop: Orphaned
    [1] -> #2 remove container/shop: Orphaned
    [2] -> #3 create container/shop: Missing
    [3,1] -> #4 start container/shop: Missing",
      "",
    ]
  `);
});

test('a port that moves from one service to another is free before it is bound', async () => {
  const { engine } = await running({ services: { a: {}, b: { ports: ['8080:80'] } } });
  expect(await passes(engine, { services: { a: { ports: ['8080:80'] }, b: {} } })).toMatchInlineSnapshot(`
    [
      "#1 create container/demo-a-1.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-b-1 running)
    [1] -> #2 stop container/demo-a-1: SpecChanged {spec: <spec> -> <spec>} (waits: demo-b-1 running)
    [1,2] -> #3 start container/demo-a-1.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-b-1 running)
    [3] -> #4 remove container/demo-a-1: Replaced {spec: <spec> -> <spec>} (waits: demo-a-1.<hash> running)
    [4] -> #5 rename container/demo-a-1.<hash> to demo-a-1: Replaced (waits: demo-a-1.<hash> running)
    #6 create container/demo-b-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [6] -> #7 stop container/demo-b-1: SpecChanged {spec: <spec> -> <spec>}
    [6,7] -> #8 start container/demo-b-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [8] -> #9 remove container/demo-b-1: Replaced {spec: <spec> -> <spec>} (waits: demo-b-1.<hash> running)
    [9] -> #10 rename container/demo-b-1.<hash> to demo-b-1: Replaced (waits: demo-b-1.<hash> running)",
      "#1 create container/demo-a-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-a-1: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-a-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-a-1: Replaced {spec: <spec> -> <spec>} (waits: demo-a-1.<hash> running)
    [4] -> #5 rename container/demo-a-1.<hash> to demo-a-1: Replaced (waits: demo-a-1.<hash> running)
    #6 remove container/demo-b-1: Replaced (waits: demo-b-1.<hash> running)
    [6] -> #7 rename container/demo-b-1.<hash> to demo-b-1: Replaced (waits: demo-b-1.<hash> running)",
      "#1 remove container/demo-a-1: Replaced (waits: demo-a-1.<hash> running)
    [1] -> #2 rename container/demo-a-1.<hash> to demo-a-1: Replaced (waits: demo-a-1.<hash> running)
    #3 remove container/demo-b-1: Replaced (waits: demo-b-1.<hash> running)
    [3] -> #4 rename container/demo-b-1.<hash> to demo-b-1: Replaced (waits: demo-b-1.<hash> running)",
      "#1 remove container/demo-a-1: Replaced
    [1] -> #2 rename container/demo-a-1.<hash> to demo-a-1: Replaced
    #3 remove container/demo-b-1: Replaced
    [3] -> #4 rename container/demo-b-1.<hash> to demo-b-1: Replaced",
      "",
    ]
  `);
});

test('two services that swap their ports both get them', async () => {
  const { engine } = await running({ services: { a: { ports: ['8080:80'] }, b: { ports: ['8081:80'] } } });
  const swapped = { services: { a: { ports: ['8081:80'] }, b: { ports: ['8080:80'] } } };
  expect((await passes(engine, swapped))[0]).toMatchInlineSnapshot(`
    "#1 create container/demo-a-1.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-b-1 running)
    [1] -> #2 stop container/demo-a-1: SpecChanged {spec: <spec> -> <spec>} (waits: demo-b-1 running)
    [1,2] -> #3 start container/demo-a-1.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-b-1 running)
    [3] -> #4 remove container/demo-a-1: Replaced {spec: <spec> -> <spec>} (waits: demo-a-1.<hash> running)
    [4] -> #5 rename container/demo-a-1.<hash> to demo-a-1: Replaced (waits: demo-a-1.<hash> running)
    #6 stop container/demo-a-1: SpecChanged {ports: 8080/tcp -> (moved)}
    #7 create container/demo-b-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [7] -> #8 stop container/demo-b-1: SpecChanged {spec: <spec> -> <spec>}
    [7,8,6] -> #9 start container/demo-b-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [9] -> #10 remove container/demo-b-1: Replaced {spec: <spec> -> <spec>} (waits: demo-b-1.<hash> running)
    [10] -> #11 rename container/demo-b-1.<hash> to demo-b-1: Replaced (waits: demo-b-1.<hash> running)"
  `);
  expect(engine.world.container('demo-a-1')?.ports.map((port) => port.hostPort)).toEqual(['8081']);
  expect(engine.world.container('demo-b-1')?.ports.map((port) => port.hostPort)).toEqual(['8080']);
});

test('three services whose ports go round all get them', async () => {
  const words = (...ports: readonly string[]): StackWords => ({
    services: Object.fromEntries(ports.map((port, index) => [`s${index}`, { ports: [`${port}:80`] }])),
  });
  const { engine } = await running(words('8081', '8082', '8083'));
  const { last } = await passUntilSettled(engine, stack(words('8082', '8083', '8081')));
  expect(text(last)).toEqual([]);
});

test('a port moves away from services that have more ways to their dependencies than can be walked', async () => {
  const layers = Array.from({ length: 40 }, (_, layer) => [`a${layer}`, `b${layer}`]);
  const words = (holder: 'a39' | 'free'): StackWords => {
    const ports = (name: string) => (name === holder ? { ports: ['8080:80'] } : {});
    const dependsOn = (layer: number) =>
      Object.fromEntries((layers[layer - 1] ?? []).map((name) => [name, 'started' as const]));
    return {
      services: Object.fromEntries([
        ['free', ports('free')],
        ...layers.flatMap((layer, index) =>
          layer.map((name) => [name, { dependsOn: dependsOn(index), ...ports(name) }] as const),
        ),
      ]),
    };
  };
  const { engine } = await running(words('a39'));
  await passUntilSettled(engine, stack(words('free')));
  expect(engine.world.container('demo-free-1')?.ports.map((port) => port.hostPort)).toEqual(['8080']);
});

test('a port that a dependency takes from its dependent is given up by the dependent', async () => {
  const { engine } = await running({ services: { web: { ports: ['8080:80'] } } });
  const words: StackWords = {
    services: { proxy: { ports: ['8080:80'] }, web: { dependsOn: { proxy: 'started' } } },
  };
  expect((await passes(engine, words)).at(-1)).toBe('');
});

test('container names that two services swap end up right', async () => {
  const { engine } = await running({ services: { a: { name: 'x' }, b: { name: 'y' } } });
  await passUntilSettled(engine, stack({ services: { a: { name: 'y' }, b: { name: 'x' } } }));
  expect(names(engine)).toEqual(['x', 'y']);
});

test('a container of another spec that was never started is no fallback, and goes', async () => {
  const engine = engineWithImages();
  const words = (env: string): StackWords => ({
    services: { db: { health: true }, web: { env: [env], dependsOn: { db: 'healthy' } } },
  });
  await pass(engine, stack(words('A=1')));
  engine.clock.advance(2000);
  expect(await passes(engine, words('A=2'))).toMatchInlineSnapshot(`
    [
      "#1 remove container/demo-web-1: Orphaned
    [1] -> #2 create container/demo-web-1: Missing
    [2] -> #3 start container/demo-web-1: Missing",
      "",
    ]
  `);
});

test.each([
  ['created', true],
  ['exited', false],
])('a container (%s) that its engine can never start again gives way to another', async (state, isNew) => {
  const words: StackWords = { services: { web: {} } };
  const { engine } = await running(words);
  engine.hands.stop('demo-web-1');
  const broken = engine.world.container('demo-web-1');
  if (broken === undefined) throw new Error('no such container');
  const error = `failed to start shim: mkdir /run/containerd/moby/${broken.id}: file exists: unknown`;
  Object.assign(broken, { state, error, ...(isNew ? { startedAtMs: undefined } : {}) });
  const [plan = '', ...rest] = await passes(engine, words);
  expect(plan).toContain(isNew ? 'remove container/demo-web-1' : `failed to start shim`);
  expect(rest.at(-1)).toBe('');
  expect(engine.world.container('demo-web-1')).toMatchObject({ state: 'running' });
  expect(engine.world.container('demo-web-1')?.id).not.toBe(broken.id);
  expect(names(engine)).toEqual(['demo-web-1']);
});
