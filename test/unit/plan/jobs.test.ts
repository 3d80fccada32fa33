import { expect, test } from 'vitest';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, planned } from '../../support/planned.ts';

const words = (env = 'A=1'): StackWords => ({
  services: {
    migrate: { env: [env], isJob: true },
    web: { image: 'app:2', dependsOn: { migrate: 'completed' } },
  },
});

async function done() {
  const engine = engineWithImages();
  engine.behave('app:1', { exit: { afterMs: 1000, code: 0 } });
  const { memory } = await passUntilSettled(engine, stack(words()));
  return { engine, memory };
}

const runs = (engine: { log: readonly string[] }) =>
  engine.log.filter((each) => each.startsWith('startContainer demo-migrate-1')).length;

test('a job runs once', async () => {
  const { engine, memory } = await done();
  engine.clock.advance(86_400_000);
  expect(await planned(engine, words(), { memory })).toBe('');
  expect(runs(engine)).toBe(1);
});

test('a job whose container was removed after it ended well is not run again, and holds up nobody', async () => {
  const { engine, memory } = await done();
  engine.hands.rm('demo-migrate-1');
  expect(await planned(engine, words(), { memory })).toBe('');
  engine.hands.rm('demo-web-1');
  expect(await planned(engine, words(), { memory })).toMatchInlineSnapshot(`
    "#1 create container/demo-web-1: Missing
    [1] -> #2 start container/demo-web-1: Missing"
  `);
});

test('a job runs again when its spec changes, and its dependents go on running', async () => {
  const { engine, memory } = await done();
  engine.clock.advance(5000);
  const { plans } = await passUntilSettled(engine, stack(words('A=2')), { memory });
  expect(plans[0]?.join('\n')).toMatchInlineSnapshot(`
    "#1 create container/demo-migrate-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 start container/demo-migrate-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [2] -> #3 remove container/demo-migrate-1: Replaced {spec: <spec> -> <spec>} (waits: demo-migrate-1.<hash> running)
    [3] -> #4 rename container/demo-migrate-1.<hash> to demo-migrate-1: Replaced (waits: demo-migrate-1.<hash> running)"
  `);
  expect(runs(engine)).toBe(2);
  expect(engine.world.container('demo-web-1')?.state).toBe('running');
});

test('a job that failed is run again with back-off, and its dependents wait', async () => {
  const engine = engineWithImages();
  engine.behave('app:1', { exit: { afterMs: 1000, code: 1 } });
  let memory = (await pass(engine, stack(words()))).memory;
  engine.clock.advance(2000);
  const again = await pass(engine, stack(words()), { memory });
  expect(text(again.plan)).toMatchInlineSnapshot(`
    [
      "#1 start container/demo-migrate-1: NotRunning {state: exited (1) -> running}",
      "#2 start container/demo-web-1: NotRunning (waits: migrate completed)",
    ]
  `);
  memory = again.memory;
  engine.clock.advance(2000);
  expect(await planned(engine, words(), { memory })).toMatchInlineSnapshot(`
    "#1 start container/demo-migrate-1: NotRunning {state: exited (1) -> running} (waits: back-off until 2023-11-14T22:13:32.000Z, attempt 2)
    #2 start container/demo-web-1: NotRunning (waits: migrate completed)"
  `);
  engine.behave('app:1', { exit: { afterMs: 1000, code: 0 } });
  expect(text((await passUntilSettled(engine, stack(words()), { memory })).last)).toEqual([]);
});
