import { describe, expect, test } from 'vitest';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const web = (change: object = {}): StackWords => ({
  services: { web: { health: true, ports: ['8080:80'], volumes: ['data:/data'], ...change } },
  volumes: { data: {} },
});
const OLD = web();
const NEW = web({ env: ['A=2'] });

/** Names and states of all containers. */
const containers = (engine: SimulatedEngine) =>
  [...engine.world.containers.values()]
    .map((each) => `${each.name.replace(/\.[0-9a-f]{8}$/, '.<hash>')} ${each.state}`)
    .sort();

test('a replacement: made, old stopped, started, healthy, old removed, renamed', async () => {
  const { engine, memory } = await running(OLD);
  expect(await passes(engine, NEW, { memory })).toMatchInlineSnapshot(`
    [
      "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
    [4] -> #5 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)",
      "#1 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)",
      "#1 remove container/demo-web-1: Replaced
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced",
      "",
    ]
  `);
});

test('while the new one is not healthy yet, the old one is kept', async () => {
  const { engine, memory } = await running(OLD);
  engine.behave('app:1', { healthyAfterMs: 20_000 });
  const first = await pass(engine, stack(NEW), { memory });
  engine.clock.advance(5000);
  const second = await pass(engine, stack(NEW), { memory: first.memory });
  expect(text(second.plan).join('\n')).toMatchInlineSnapshot(`
    "#1 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)"
  `);
  expect(containers(engine)).toEqual(['demo-web-1 exited', 'demo-web-1.<hash> running']);
  expect(second.plan.lookAgainAtMs).toBe((engine.world.container('demo-web-1')?.finishedAtMs ?? 0) + 60_000);
});

test('without a healthcheck a new container must run for as long as `monitor` says', async () => {
  const words = (env: string): StackWords => ({
    services: { web: { env: [env], update: { monitorMs: 7000 } } },
  });
  const { engine, memory } = await running(words('A=1'));
  const first = await pass(engine, stack(words('A=2')), { memory });
  const startedAtMs = engine.clock.nowMs();
  engine.clock.advance(6999);
  const waiting = await pass(engine, stack(words('A=2')), { memory: first.memory });
  expect(waiting.plan.lookAgainAtMs).toBe(startedAtMs + 7000);
  expect(waiting.outcomes.map((outcome) => outcome.result)).toEqual(['skipped', 'skipped']);
  engine.clock.advance(1);
  await pass(engine, stack(words('A=2')), { memory: waiting.memory });
  expect(containers(engine)).toEqual(['demo-web-1 running']);
});

test('start-first: the old one is stopped only when the new one is healthy', async () => {
  const words = (env: string): StackWords => ({
    services: { web: { env: [env], health: true, update: { order: 'start-first' } } },
  });
  const { engine, memory } = await running(words('A=1'));
  expect(await passes(engine, words('A=2'), { memory })).toMatchInlineSnapshot(`
    [
      "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [2] -> #3 stop container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
    [3] -> #4 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
    [4] -> #5 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)",
      "#1 stop container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    [1] -> #2 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    [2] -> #3 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)",
      "#1 disconnect container/demo-web-1.<hash>: Replaced {networks.default.aliases: [] -> ["demo-web-1","web"]}
    [1] -> #2 connect container/demo-web-1.<hash> as demo-web-1,web: Replaced {networks.default.aliases: [] -> ["demo-web-1","web"]}
    [2] -> #3 rename container/demo-web-1 to demo-web-1.<hash>: Replaced
    [3] -> #4 rename container/demo-web-1.<hash> to demo-web-1: Replaced
    [2,3,4] -> #5 disconnect container/demo-web-1: Replaced {networks.default.aliases: ["demo-web-1","web"] -> (none)} (waits: demo-web-1.<hash> attached for long enough)
    [5] -> #6 connect container/demo-web-1: Replaced {networks.default.aliases: ["demo-web-1","web"] -> (none)} (waits: demo-web-1.<hash> attached for long enough)
    [5,6] -> #7 stop container/demo-web-1: Replaced (waits: demo-web-1 attached for long enough)
    [7] -> #8 remove container/demo-web-1: Replaced (waits: demo-web-1 attached for long enough)",
      "#1 disconnect container/demo-web-1.<hash>: Replaced {networks.default.aliases: ["demo-web-1","web"] -> (none)} (waits: demo-web-1 attached for long enough)
    [1] -> #2 connect container/demo-web-1.<hash>: Replaced {networks.default.aliases: ["demo-web-1","web"] -> (none)} (waits: demo-web-1 attached for long enough)
    [1,2] -> #3 stop container/demo-web-1.<hash>: Replaced (waits: demo-web-1.<hash> attached for long enough)
    [3] -> #4 remove container/demo-web-1.<hash>: Replaced (waits: demo-web-1.<hash> attached for long enough)",
      "#1 disconnect container/demo-web-1.<hash>: Replaced {networks.default.aliases: ["demo-web-1","web"] -> (none)}
    [1] -> #2 connect container/demo-web-1.<hash>: Replaced {networks.default.aliases: ["demo-web-1","web"] -> (none)}
    [1,2] -> #3 stop container/demo-web-1.<hash>: Replaced (waits: demo-web-1.<hash> attached for long enough)
    [3] -> #4 remove container/demo-web-1.<hash>: Replaced (waits: demo-web-1.<hash> attached for long enough)",
      "#1 stop container/demo-web-1.<hash>: Replaced (waits: demo-web-1.<hash> attached for long enough)
    [1] -> #2 remove container/demo-web-1.<hash>: Replaced (waits: demo-web-1.<hash> attached for long enough)",
      "#1 stop container/demo-web-1.<hash>: Replaced
    [1] -> #2 remove container/demo-web-1.<hash>: Replaced",
      "",
    ]
  `);
});

describe('start-first is forbidden by', () => {
  test.each([
    ['a fixed host port', { ports: ['8080:80'] }],
    ['a volume that is shared for writing', { volumes: ['data:/data'] }],
    ['a volume without a name', { anonymous: ['/data'] }],
    ['a volume of its image', { image: 'data:1' }],
    ['a static address', { networks: { back: { ipv4Address: '10.10.0.9' } } }],
  ])('%s', async (_, change) => {
    const words = (env: string): StackWords => ({
      services: { web: { env: [env], update: { order: 'start-first' }, ...change } },
      networks: { default: {}, back: { pools: [{ subnet: '10.10.0.0/24', auxAddresses: {} }] } },
      volumes: { data: {} },
    });
    const { engine, memory } = await running(words('A=1'));
    const plan = (await planned(engine, words('A=2'), { memory })).split('\n');
    expect(plan[1]).toBe('[1] -> #2 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}');
  });

  test('the volumes of another service, where they may be written', async () => {
    const words = (env: string): StackWords => ({
      services: {
        store: { anonymous: ['/data'] },
        web: { env: [env], update: { order: 'start-first' }, volumesFrom: ['store'] },
      },
    });
    const { engine, memory } = await running(words('A=1'));
    const plan = await planned(engine, words('A=2'), { memory });
    expect(plan).toContain('-> #2 stop container/demo-web-1: SpecChanged');
  });

  test('a volume of its image, though the image is gone by now', async () => {
    const words = (env: string): StackWords => ({
      services: { web: { image: 'data:1', health: true, env: [env], update: { order: 'start-first' } } },
    });
    const { engine, memory } = await running(words('A=1'));
    engine.behave('data:1', { healthyAfterMs: 30_000 });
    const begun = await pass(engine, stack(words('A=2')), { memory });
    engine.hands.start('demo-web-1');
    engine.hands.rmImage('data:1');
    expect(await planned(engine, words('A=2'), { memory: begun.memory })).toContain(
      '#1 stop container/demo-web-1: SpecChanged',
    );
  });
});

describe('a new revision that fails', () => {
  const BAD = web({ image: 'app:2' });
  test.each([
    ['becomes unhealthy', { healthyAfterMs: 1e9, unhealthyAfterMs: 2000 }, 'it became unhealthy'],
    ['is not healthy in time', { healthyAfterMs: 1e9 }, 'it was not healthy within 60 s'],
    ['exits', { exit: { afterMs: 500, code: 3 }, healthyAfterMs: 1e9 }, 'it exited with code 3'],
    [
      'is killed, and again',
      { exit: { afterMs: 500, code: 137 }, healthyAfterMs: 1e9 },
      'it exited with code 137',
    ],
    ['cannot be started', { startError: 'exec: "x": no such file' }, 'exec: "x": no such file'],
  ])('because it %s is rolled back, remembered and not tried again', async (_, behaviour, reason) => {
    const { engine, memory } = await running(OLD);
    const old = engine.world.container('demo-web-1')?.id;
    engine.behave('app:2', behaviour);
    const { last, memory: after } = await passUntilSettled(engine, stack(BAD), { memory });
    expect(text(last)).toEqual([
      `! container/demo-web-1: BadRevision: the new revision failed (${reason}); the one before it keeps running`,
    ]);
    expect(after.badRevisions['web']?.reason).toBe(reason);
    expect(containers(engine)).toEqual(['demo-web-1 running']);
    expect(engine.world.container('demo-web-1')?.id).toBe(old);
  });

  test('is tried once more when it was killed, which an engine that crashed does too', async () => {
    const { engine, memory } = await running(OLD);
    engine.behave('app:2', { exit: { afterMs: 500, code: 137 }, healthyAfterMs: 1e9 });
    const first = await pass(engine, stack(BAD), { memory });
    engine.clock.advance(1000);
    engine.behave('app:2', {});
    const { last, memory: after } = await passUntilSettled(engine, stack(BAD), { memory: first.memory });
    expect(text(last)).toEqual([]);
    expect(after.badRevisions).toEqual({});
    expect(engine.world.container('demo-web-1')).toMatchObject({ state: 'running', imageRef: 'app:2' });
  });

  test('is not judged by what the engine takes along when it crashes, however often', async () => {
    const { engine, memory } = await running(OLD);
    engine.behave('app:2', { exit: { afterMs: 500, code: 137 }, healthyAfterMs: 1e9 });
    let at = await pass(engine, stack(BAD), { memory });
    for (const crash of [1, 2, 3, 4]) {
      engine.clock.advance(1000);
      at = await pass(engine, stack(BAD), { memory: at.memory, engineSinceMs: engine.clock.nowMs() });
      expect({ crash, bad: at.memory.badRevisions }).toEqual({ crash, bad: {} });
    }
    engine.clock.advance(1000);
    engine.behave('app:2', {});
    const engineSinceMs = engine.clock.nowMs();
    const { last, memory: after } = await passUntilSettled(engine, stack(BAD), { ...at, engineSinceMs });
    expect({ plan: text(last), bad: after.badRevisions }).toEqual({ plan: [], bad: {} });
    expect(engine.world.container('demo-web-1')).toMatchObject({ state: 'running', imageRef: 'app:2' });
  });

  test('is not judged by a start that the engine broke off', async () => {
    const { engine, memory } = await running(OLD);
    engine.behave('app:2', { exit: { afterMs: 500, code: 137 }, healthyAfterMs: 1e9 });
    const first = await pass(engine, stack(BAD), { memory });
    engine.clock.advance(1000);
    engine.behave('app:2', { startError: 'context canceled' });
    const second = await pass(engine, stack(BAD), { memory: first.memory });
    engine.behave('app:2', {});
    const { last, memory: after } = await passUntilSettled(engine, stack(BAD), { memory: second.memory });
    expect({ plan: text(last), bad: after.badRevisions }).toEqual({ plan: [], bad: {} });
  });

  test('counts what was killed while the engine was there, and whatever a clock says that was set back', async () => {
    for (const since of [-1e9, 1e9]) {
      const { engine, memory } = await running(OLD);
      engine.behave('app:2', { exit: { afterMs: 500, code: 137 }, healthyAfterMs: 1e9 });
      const engineSinceMs = engine.clock.nowMs() + since;
      const { memory: after } = await passUntilSettled(engine, stack(BAD), { memory, engineSinceMs });
      expect(after.badRevisions['web']?.reason).toBe('it exited with code 137');
    }
  });

  async function rolledBack() {
    const { engine, memory } = await running(OLD);
    engine.behave('app:2', { exit: { afterMs: 500, code: 3 }, healthyAfterMs: 1e9 });
    const settled = await passUntilSettled(engine, stack(BAD), { memory });
    return { engine, memory: settled.memory, plans: settled.plans };
  }

  test('goes back step by step', async () => {
    const { plans } = await rolledBack();
    expect(plans.map((plan) => plan.join('\n'))).toMatchInlineSnapshot(`
      [
        "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
      [1] -> #2 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
      [1,2] -> #3 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
      [3] -> #4 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
      [4] -> #5 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)",
        "#1 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
      [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)",
        "#1 start container/demo-web-1: RolledBack {revision: <spec> -> it exited with code 3}
      [1] -> #2 remove container/demo-web-1.<hash>: RolledBack {revision: <spec> -> it exited with code 3}
      ! container/demo-web-1: BadRevision: the new revision failed (it exited with code 3); the one before it keeps running",
        "! container/demo-web-1: BadRevision: the new revision failed (it exited with code 3); the one before it keeps running",
      ]
    `);
  });

  test('is tried when the manifest changes again', async () => {
    const { engine, memory } = await rolledBack();
    const { last } = await passUntilSettled(engine, stack(web({ env: ['A=3'] })), { memory });
    expect(text(last)).toEqual([]);
    expect(last.memory.badRevisions).toEqual({});
  });

  test('is tried again when its tag names another image', async () => {
    const { engine, memory } = await rolledBack();
    engine.world.addImage('app:2', { content: 'repaired' });
    engine.behave('app:2', {});
    const { last } = await passUntilSettled(engine, stack(BAD), { memory });
    expect(text(last)).toEqual([]);
  });

  test('leaves the old one in our care: it is healed, with back-off', async () => {
    const { engine, memory } = await rolledBack();
    engine.hands.pause('demo-web-1');
    expect((await planned(engine, BAD, { memory })).split('\n')[0]).toBe(
      '#1 unpause container/demo-web-1: Paused',
    );
    engine.hands.unpause('demo-web-1');
    engine.behave('demo-web-1', { startError: 'out of luck' });
    engine.hands.stop('demo-web-1');
    const first = await pass(engine, stack(BAD), { memory });
    const second = await pass(engine, stack(BAD), { memory: first.memory });
    expect(text(second.plan)[0]).toBe(
      '#1 start container/demo-web-1: NotRunning {state: exited (137) -> running} (waits: back-off until 2023-11-14T22:13:30.650Z, attempt 2)',
    );
  });

  test('is kept all the same when failure_action is continue', async () => {
    const { engine, memory } = await running(OLD);
    engine.behave('app:2', { healthyAfterMs: 1e9, unhealthyAfterMs: 2000 });
    const words = web({ image: 'app:2', update: { failureAction: 'continue' } });
    await passUntilSettled(engine, stack(words), { memory });
    expect(engine.world.container('demo-web-1')?.imageRef).toBe('app:2');
  });
});

test('going back to the earlier revision in the middle of a replacement takes up the old container again', async () => {
  const { engine, memory } = await running(OLD);
  const old = engine.world.container('demo-web-1')?.id;
  engine.behave('demo-web-1', {});
  engine.behave('app:1', { healthyAfterMs: 20_000 });
  const started = await pass(engine, stack(NEW), { memory });
  engine.clock.advance(1000);
  const { plans, last } = await passUntilSettled(engine, stack(OLD), { memory: started.memory });
  expect(plans[0]?.join('\n')).toMatchInlineSnapshot(`
    "#1 stop container/demo-web-1.<hash>: SpecChanged
    [1] -> #2 start container/demo-web-1: SpecChanged
    [2] -> #3 remove container/demo-web-1.<hash>: Replaced (waits: demo-web-1 healthy)"
  `);
  expect(text(last)).toEqual([]);
  expect(engine.world.container('demo-web-1')?.id).toBe(old);
});

test('a third revision in the middle of a replacement keeps the one that had proved itself to go back to', async () => {
  const { engine, memory } = await running(OLD);
  const old = engine.world.container('demo-web-1')?.id;
  engine.behave('app:1', { healthyAfterMs: 20_000 });
  const started = await pass(engine, stack(NEW), { memory });
  engine.clock.advance(1000);
  engine.behave('app:2', { exit: { afterMs: 500, code: 1 }, healthyAfterMs: 1e9 });
  const third = web({ image: 'app:2' });
  const { plans } = await passUntilSettled(engine, stack(third), { memory: started.memory });
  expect(plans[0]?.join('\n')).toMatchInlineSnapshot(`
    "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-web-1.<hash>: Duplicate
    [2] -> #3 remove container/demo-web-1.<hash>: Duplicate
    [1,3] -> #4 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [4] -> #5 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
    [5] -> #6 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)"
  `);
  expect(engine.world.container('demo-web-1')?.id).toBe(old);
  expect(containers(engine)).toEqual(['demo-web-1 running']);
});

test('a tag that moves twice under one spec does not clash with the temporary name', async () => {
  const { engine, memory } = await running(OLD);
  engine.behave('app:1', { healthyAfterMs: 20_000 });
  engine.world.addImage('app:1', { content: 'second' });
  const started = await pass(engine, stack(OLD), { memory });
  engine.clock.advance(1000);
  engine.world.addImage('app:1', { content: 'third' });
  const { last } = await passUntilSettled(engine, stack(OLD), { memory: started.memory });
  expect(text(last)).toEqual([]);
  expect(engine.world.container('demo-web-1')?.imageId).toBe(engine.world.images.get('app:1')?.id);
});

test('an old container that its restart policy starts again is stopped: never two on one volume', async () => {
  const { engine, memory } = await running(web({ restart: 'always' }));
  engine.behave('app:1', { healthyAfterMs: 20_000 });
  const words = web({ restart: 'always', env: ['A=2'], ports: [] });
  const started = await pass(engine, stack(words), { memory });
  engine.hands.start('demo-web-1');
  expect(await planned(engine, words, { memory: started.memory })).toMatchInlineSnapshot(`
    "#1 stop container/demo-web-1: SpecChanged
    [1] -> #2 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    [2] -> #3 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)"
  `);
});

test('a service that ends well by design has proved itself when it ended', async () => {
  const words = (env: string): StackWords => ({ services: { once: { env: [env] } } });
  const engine = engineWithImages();
  engine.behave('app:1', { exit: { afterMs: 1000, code: 0 } });
  const { memory } = await passUntilSettled(engine, stack(words('A=1')));
  engine.clock.advance(5000);
  const { last } = await passUntilSettled(engine, stack(words('A=2')), { memory });
  expect(text(last)).toEqual([]);
  expect(containers(engine)).toEqual(['demo-once-1 exited']);
});

describe('a crash in the middle of a replacement', () => {
  test.each([1, 2, 3, 4, 5])(
    'after write %i is gone on from, with one container in the end',
    async (writes) => {
      const { engine } = await running(OLD);
      const controller = new AbortController();
      const before = engine.writes;
      engine.onCall = (call) => {
        if (call.writeNumber === before + writes) controller.abort();
        return 'ok';
      };
      for (let count = 0; count < 4 && !controller.signal.aborted; count += 1) {
        await pass(engine, stack(NEW), { signal: controller.signal });
        engine.clock.advance(2000);
      }
      expect(engine.writes - before).toBe(writes);
      engine.onCall = () => 'ok';
      const created = engine.log.filter((each) => each.startsWith('createContainer')).length;
      const { last } = await passUntilSettled(engine, stack(NEW));
      expect(text(last)).toEqual([]);
      expect(containers(engine)).toEqual(['demo-web-1 running']);
      // What was made before the crash is used: nothing is made twice.
      expect(engine.log.filter((each) => each.startsWith('createContainer'))).toHaveLength(created);
    },
  );
});

test('replicas are replaced one after another, each when the one before is good', async () => {
  const words = (env: string): StackWords => ({
    services: { web: { env: [env], replicas: 3, health: true } },
  });
  const { engine, memory } = await running(words('A=1'));
  expect(await passes(engine, words('A=2'), { memory })).toMatchInlineSnapshot(`
    [
      "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
    [4] -> #5 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    #6 create container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [6] -> #7 stop container/demo-web-2: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [6,7] -> #8 start container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [8] -> #9 remove container/demo-web-2: Replaced {spec: <spec> -> <spec>} (waits: demo-web-2.<hash> healthy)
    [9] -> #10 rename container/demo-web-2.<hash> to demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)
    #11 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [11] -> #12 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [11,12] -> #13 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [13] -> #14 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [14] -> #15 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    #3 create container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [3] -> #4 stop container/demo-web-2: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [3,4] -> #5 start container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [5] -> #6 remove container/demo-web-2: Replaced {spec: <spec> -> <spec>} (waits: demo-web-2.<hash> healthy)
    [6] -> #7 rename container/demo-web-2.<hash> to demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)
    #8 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [8] -> #9 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [8,9] -> #10 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [10] -> #11 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [11] -> #12 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 remove container/demo-web-1: Replaced
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced
    #3 create container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [3] -> #4 stop container/demo-web-2: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [3,4] -> #5 start container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-1 healthy)
    [5] -> #6 remove container/demo-web-2: Replaced {spec: <spec> -> <spec>} (waits: demo-web-2.<hash> healthy)
    [6] -> #7 rename container/demo-web-2.<hash> to demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)
    #8 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [8] -> #9 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [8,9] -> #10 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [10] -> #11 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [11] -> #12 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 create container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-web-2: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-web-2: Replaced {spec: <spec> -> <spec>} (waits: demo-web-2.<hash> healthy)
    [4] -> #5 rename container/demo-web-2.<hash> to demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)
    #6 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [6] -> #7 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [6,7] -> #8 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [8] -> #9 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [9] -> #10 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 remove container/demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)
    [1] -> #2 rename container/demo-web-2.<hash> to demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)
    #3 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [3] -> #4 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [3,4] -> #5 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [5] -> #6 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [6] -> #7 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 remove container/demo-web-2: Replaced
    [1] -> #2 rename container/demo-web-2.<hash> to demo-web-2: Replaced
    #3 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [3] -> #4 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [3,4] -> #5 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>} (waits: demo-web-2 healthy)
    [5] -> #6 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [6] -> #7 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 create container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-web-3: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-web-3.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-web-3: Replaced {spec: <spec> -> <spec>} (waits: demo-web-3.<hash> healthy)
    [4] -> #5 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 remove container/demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)
    [1] -> #2 rename container/demo-web-3.<hash> to demo-web-3: Replaced (waits: demo-web-3.<hash> healthy)",
      "#1 remove container/demo-web-3: Replaced
    [1] -> #2 rename container/demo-web-3.<hash> to demo-web-3: Replaced",
      "",
    ]
  `);
});

test('parallelism 0: all replicas at once', async () => {
  const words = (env: string): StackWords => ({
    services: { web: { env: [env], replicas: 2, health: true, update: { parallelism: 0 } } },
  });
  const { engine, memory } = await running(words('A=1'));
  expect(await planned(engine, words('A=2'), { memory })).toMatchInlineSnapshot(`
    "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> healthy)
    [4] -> #5 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> healthy)
    #6 create container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [6] -> #7 stop container/demo-web-2: SpecChanged {spec: <spec> -> <spec>}
    [6,7] -> #8 start container/demo-web-2.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [8] -> #9 remove container/demo-web-2: Replaced {spec: <spec> -> <spec>} (waits: demo-web-2.<hash> healthy)
    [9] -> #10 rename container/demo-web-2.<hash> to demo-web-2: Replaced (waits: demo-web-2.<hash> healthy)"
  `);
});

test('a start that found no network says nothing about the revision: it is made again, and the start tried again', async () => {
  const { engine, memory } = await running(OLD);
  const during = await pass(engine, stack(NEW), { memory });
  const fresh = [...engine.world.containers.values()].find((each) => each.name !== 'demo-web-1');
  if (fresh === undefined) throw new Error('nothing was begun');
  engine.hands.stop(fresh.name);
  fresh.state = 'created';
  fresh.startedAtMs = undefined;
  fresh.error = 'network 0123456789ab not found';
  const { last } = await passUntilSettled(engine, stack(NEW), { memory: during.memory });
  expect(text(last)).toEqual([]);
  expect(containers(engine)).toEqual(['demo-web-1 running']);
});

describe('a port that somebody takes just before the start', () => {
  const MOVED = web({ ports: ['9090:80'] });

  /** Old one stopped, new one made, and its port gone before it could start. */
  async function robbed() {
    const { engine, memory } = await running(OLD);
    const start = engine.startContainer.bind(engine);
    engine.startContainer = (container, signal) => {
      engine.startContainer = start;
      engine.hands.run('thief', { ports: ['9090:80'] });
      return start(container, signal);
    };
    const first = await pass(engine, stack(MOVED), { memory });
    expect(containers(engine)).toEqual(['demo-web-1 exited', 'demo-web-1.<hash> created', 'thief running']);
    return { engine, memory: first.memory };
  }

  test('says nothing about the revision: what served goes on until the port is free', async () => {
    const { engine, memory } = await robbed();
    const held = await passUntilSettled(engine, stack(MOVED), { memory });
    expect(held.memory.badRevisions).toEqual({});
    expect(text(held.last).join('\n')).toContain('PortTaken');
    expect(containers(engine)).toEqual(['demo-web-1 running', 'demo-web-1.<hash> created', 'thief running']);
    engine.hands.rm('thief');
    const { last } = await passUntilSettled(engine, stack(MOVED), { memory: held.memory });
    expect(text(last)).toEqual([]);
    expect(containers(engine)).toEqual(['demo-web-1 running']);
    expect(engine.world.container('demo-web-1')?.wantedPorts[0]?.hostPort).toBe('9090');
  });

  test('is tried once more when the thief has gone, and then counts', async () => {
    const { engine, memory } = await robbed();
    engine.hands.rm('thief');
    const { last } = await passUntilSettled(engine, stack(MOVED), { memory });
    expect(text(last)).toEqual([]);

    const again = await robbed();
    again.engine.hands.rm('thief');
    // Of a process of the host no list tells.
    again.engine.world.hostPorts.add('9090/tcp');
    const settled = await passUntilSettled(again.engine, stack(MOVED), { memory: again.memory });
    expect(settled.memory.badRevisions['web']?.reason).toContain('port is already allocated');
    expect(containers(again.engine)).toEqual(['demo-web-1 running']);
  });
});
