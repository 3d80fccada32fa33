import { describe, expect, test } from 'vitest';
import { stackName } from '../../../src/model/names.ts';
import { planDeletion } from '../../../src/plan/deletion.ts';
import { type StackWords, stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';

const HOOKED: StackWords = {
  services: {
    db: { postStart: ['echo one', 'echo two'], restart: 'always' },
    web: { dependsOn: { db: 'started' } },
  },
};

describe('post_start', () => {
  test('hooks run in their order after the start, and dependents wait for the last of them', async () => {
    const engine = engineWithImages();
    expect(await passes(engine, HOOKED)).toMatchInlineSnapshot(`
      [
        "#1 create network/demo_default: Missing
      [1] -> #2 create container/demo-db-1: Missing
      [2] -> #3 start container/demo-db-1: Missing
      [3] -> #4 run post_start hook 1 in container/demo-db-1: Started (waits: db started)
      [4] -> #5 run post_start hook 2 in container/demo-db-1: Started (waits: db started)
      [1] -> #6 create container/demo-web-1: Missing
      [6] -> #7 start container/demo-web-1: Missing (waits: db started)",
        "#1 run post_start hook 1 in container/demo-db-1: Started
      [1] -> #2 run post_start hook 2 in container/demo-db-1: Started
      [2] -> #3 start container/demo-web-1: NotRunning",
        "",
      ]
    `);
    expect(engine.world.execs).toEqual(['demo-db-1: sh -c echo one', 'demo-db-1: sh -c echo two']);
  });

  test('each start has its own, also one by the engine', async () => {
    const { engine, memory } = await running(HOOKED);
    engine.world.execs.length = 0;
    engine.hands.crash('demo-db-1');
    engine.clock.advance(1000);
    await passUntilSettled(engine, stack(HOOKED), { memory });
    expect(engine.world.execs).toEqual(['demo-db-1: sh -c echo one', 'demo-db-1: sh -c echo two']);
  });

  test('one that fails is tried again from there, and what waits for the service goes on waiting', async () => {
    const engine = engineWithImages();
    const words: StackWords = {
      services: {
        db: { postStart: ['echo one', 'echo broken; exit 1'] },
        web: { dependsOn: { db: 'started' } },
      },
    };
    const first = await pass(engine, stack(words));
    const second = await pass(engine, stack(words), { memory: first.memory });
    expect(second.outcomes.map(({ step, result }) => `${step.kind} ${result}`)).toEqual([
      'exec-hook done',
      'exec-hook failed',
      'start-container skipped',
    ]);
    expect(second.outcomes[1]).toMatchObject({
      failure: { message: 'the post_start hook exited with code 1: broken' },
    });
    const third = await pass(engine, stack(words), { memory: second.memory });
    expect(text(third.plan)[0]).toBe('#1 run post_start hook 2 in container/demo-db-1: Started');
  });

  test('a new revision whose hook fails gives way to the one before, whose own hooks run again', async () => {
    const good: StackWords = { services: { db: { postStart: ['echo good'] } } };
    const { engine, memory } = await running(good);
    const before = engine.world.container('demo-db-1')?.id;
    const bad = stack({ services: { db: { postStart: ['echo bad; exit 4'], env: ['A=1'] } } });
    engine.world.execs.length = 0;
    const settled = await passUntilSettled(engine, bad, { memory });
    expect(engine.world.container('demo-db-1')).toMatchObject({ id: before, state: 'running' });
    expect(engine.world.execs).toEqual([
      expect.stringMatching(/^demo-db-1\.[0-9a-f]{8}: sh -c echo bad; exit 4$/),
      'demo-db-1: sh -c echo good',
    ]);
    expect(text(settled.last)).toEqual([
      '! container/demo-db-1: BadRevision: the new revision failed (the post_start hook exited with code 4: bad); the one before it keeps running',
    ]);
  });

  test('hooks that were changed are a change of the container', async () => {
    const { engine, memory } = await running({ services: { db: { postStart: ['echo one'] } } });
    const plan = await planned(engine, { services: { db: { postStart: ['echo two'] } } }, { memory });
    expect(plan).toContain('create container/demo-db-1');
  });

  test('are not run again because memory was lost', async () => {
    const { engine } = await running(HOOKED);
    engine.world.execs.length = 0;
    await passUntilSettled(engine, stack(HOOKED));
    expect(engine.world.execs).toEqual([]);
  });
});

describe('pre_stop', () => {
  const words: StackWords = { services: { web: { preStop: ['echo bye'] } } };

  test('runs before a replacement stops the old container, as that one was made', async () => {
    const { engine, memory } = await running(words);
    const changed: StackWords = { services: { web: { env: ['A=1'] } } };
    expect(await planned(engine, changed, { memory })).toMatchInlineSnapshot(`
      "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
      [1] -> #2 run pre_stop hook 1 in container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
      [2] -> #3 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
      [1,3] -> #4 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
      [4] -> #5 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> running)
      [5] -> #6 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> running)"
    `);
  });

  test('runs before an orphan goes', async () => {
    const { engine, memory } = await running({ services: { ...words.services, db: {} } });
    expect(await planned(engine, { services: { db: {} } }, { memory })).toMatchInlineSnapshot(`
      "#1 run pre_stop hook 1 in container/demo-web-1: Orphaned
      [1] -> #2 stop container/demo-web-1: Orphaned
      [2] -> #3 remove container/demo-web-1: Orphaned"
    `);
  });

  test('a failure of it keeps nothing from being stopped', async () => {
    const { engine, memory } = await running(words);
    engine.behave('demo-web-1', { execCode: 1 });
    const none: StackWords = { services: {} };
    await passUntilSettled(engine, stack(none), { memory });
    expect(engine.world.execs).toEqual(['demo-web-1: sh -c echo bye']);
    expect(engine.world.containers.size).toBe(0);
  });

  test('runs when the stack is deleted, and dependents are stopped first', async () => {
    const { engine } = await running({
      services: { db: { preStop: ['echo bye'] }, web: { dependsOn: { db: 'started' } } },
    });
    const query = { stack: stackName('demo'), project: 'demo', networkNames: [], imageRefs: [] };
    const plan = planDeletion(stackName('demo'), await engine.observe(query), { volumes: false });
    expect(text(plan).join('\n')).toMatchInlineSnapshot(`
      "#1 stop container/demo-web-1: StackDeleted
      [1] -> #2 run pre_stop hook 1 in container/demo-db-1: StackDeleted
      [2] -> #3 stop container/demo-db-1: StackDeleted
      [3] -> #4 remove container/demo-db-1: StackDeleted
      [1] -> #5 remove container/demo-web-1: StackDeleted
      [4,5] -> #6 remove network/demo_default: StackDeleted"
    `);
  });

  test('a paused container has none', async () => {
    const { engine, memory } = await running(words);
    engine.hands.pause('demo-web-1');
    expect(await planned(engine, { services: {} }, { memory })).not.toContain('hook');
  });
});
