import { expect, test } from 'vitest';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';

const words = (env = 'A=1', change: object = {}): StackWords => ({
  services: {
    vpn: { env: [env], restart: 'always', ...change },
    app: { mode: { kind: 'service', service: 'vpn' } },
  },
});

test('a container that shares a network is made and started after its owner', async () => {
  expect(await passes(engineWithImages(), words())).toMatchInlineSnapshot(`
    [
      "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-vpn-1: Missing
    [2] -> #3 start container/demo-vpn-1: Missing
    [2] -> #4 create container/demo-app-1: Missing
    [4,3] -> #5 start container/demo-app-1: Missing",
      "",
    ]
  `);
});

test('when the owner is replaced, who shares its network is replaced with it', async () => {
  const { engine } = await running(words());
  expect((await passes(engine, words('A=2')))[0]).toMatchInlineSnapshot(`
    "#1 create container/demo-vpn-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 stop container/demo-vpn-1: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 start container/demo-vpn-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [3] -> #4 remove container/demo-vpn-1: Replaced {spec: <spec> -> <spec>} (waits: demo-vpn-1.<hash> running)
    [4] -> #5 rename container/demo-vpn-1.<hash> to demo-vpn-1: Replaced (waits: demo-vpn-1.<hash> running)
    [1] -> #6 create container/demo-app-1.<hash>: DependencyReplaced {network_mode: container:<id> -> a new container}
    [6] -> #7 stop container/demo-app-1: DependencyReplaced {network_mode: container:<id> -> a new container}
    [6,7,3] -> #8 start container/demo-app-1.<hash>: DependencyReplaced {network_mode: container:<id> -> a new container}
    [8] -> #9 remove container/demo-app-1: Replaced {network_mode: container:<id> -> a new container} (waits: demo-app-1.<hash> running)
    [9] -> #10 rename container/demo-app-1.<hash> to demo-app-1: Replaced (waits: demo-app-1.<hash> running)"
  `);
  const vpn = engine.world.container('demo-vpn-1');
  expect(engine.world.container('demo-app-1')?.networkMode).toBe(`container:${vpn?.id}`);
});

test('when the owner was restarted, who shares its network is restarted too', async () => {
  const { engine } = await running(words());
  engine.clock.advance(5000);
  engine.hands.restart('demo-vpn-1');
  const plans = (await passes(engine, words())).map((plan) => plan.replace(/\(\d+\)/g, '(<time>)'));
  expect(plans).toMatchInlineSnapshot(`
    [
      "#1 restart container/demo-app-1: DependencyReplaced {depends_on.vpn: started before it -> started after demo-vpn-1 (<time>)}",
      "",
    ]
  `);
});

test('an owner that restarts again and again is no false drift of those who follow', async () => {
  const { engine, desired, memory: before } = await running(words());
  let memory = before;
  for (let count = 0; count < 8; count += 1) {
    engine.clock.advance(5000);
    engine.hands.restart('demo-vpn-1');
    ({ memory } = await passUntilSettled(engine, desired, { memory }));
  }
  expect(text((await passUntilSettled(engine, desired, { memory })).last)).toEqual([]);
  const started = (name: string) => engine.world.container(name)?.startedAtMs ?? 0;
  expect(started('demo-app-1')).toBeGreaterThanOrEqual(started('demo-vpn-1'));
});

test('an owner that is rolled back has its followers again', async () => {
  const { engine } = await running(words());
  engine.behave('app:2', { exit: { afterMs: 500, code: 1 } });
  const bad = words('A=1', { image: 'app:2', restart: 'no' });
  const { last } = await passUntilSettled(engine, stack(bad));
  expect(last.blockers.map((blocker) => blocker.code)).toEqual(['BadRevision']);
  const vpn = engine.world.container('demo-vpn-1');
  const app = engine.world.container('demo-app-1');
  expect([vpn?.state, app?.state]).toEqual(['running', 'running']);
  expect(app?.networkMode).toBe(`container:${vpn?.id}`);
});

test('a container of somebody else to share with must exist', async () => {
  const engine = engineWithImages();
  const shared: StackWords = { services: { app: { mode: { kind: 'container', name: 'legacy' } } } };
  expect(await planned(engine, shared)).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    ! container/demo-app-1: ExternalMissing: container legacy, whose namespace it shares, does not exist"
  `);
  engine.hands.run('legacy');
  const { last } = await passUntilSettled(engine, stack(shared));
  expect(text(last)).toEqual([]);
  // It was made again: the namespace that we share is gone.
  engine.hands.rm('legacy');
  engine.hands.run('legacy');
  await passUntilSettled(engine, stack(shared));
  expect(engine.world.container('demo-app-1')?.networkMode).toBe(
    `container:${engine.world.container('legacy')?.id}`,
  );
});

test('a service to share with that has no container is a blocker, not an empty plan', async () => {
  const none: StackWords = {
    services: { vpn: { replicas: 0 }, app: { mode: { kind: 'service', service: 'vpn' } } },
  };
  expect(await planned(engineWithImages(), none)).toContain('DependencyFailed');
});

test('depends_on with restart: the dependent is restarted after its dependency was replaced', async () => {
  const withRestart = (env: string): StackWords => ({
    services: {
      db: { env: [env] },
      web: { dependsOn: { db: { restart: true } } },
      other: { dependsOn: { db: 'started' } },
    },
  });
  const { engine } = await running(withRestart('A=1'));
  const before = engine.world.container('demo-other-1')?.startedAtMs;
  const id = engine.world.container('demo-web-1')?.id;
  await passUntilSettled(engine, stack(withRestart('A=2')));
  const started = (name: string) => engine.world.container(name)?.startedAtMs ?? 0;
  expect(started('demo-web-1')).toBeGreaterThan(started('demo-db-1'));
  expect(engine.world.container('demo-web-1')?.id).toBe(id);
  expect(started('demo-other-1')).toBe(before);
});
