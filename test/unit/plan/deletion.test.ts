import { expect, test } from 'vitest';
import { execute } from '../../../src/execute/execute.ts';
import { stackName } from '../../../src/model/names.ts';
import { planDeletion, sharedVolumes } from '../../../src/plan/deletion.ts';
import { stack } from '../../support/builders.ts';
import { passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages } from '../../support/planned.ts';

const DEMO = stack({
  services: { db: { volumes: ['data:/data'] }, web: { anonymous: ['/cache'] } },
  volumes: { data: {} },
});

async function applied() {
  const engine = engineWithImages();
  await passUntilSettled(engine, DEMO);
  await passUntilSettled(engine, stack({ name: 'other', services: { web: {} } }));
  return engine;
}

async function deletion(engine: Awaited<ReturnType<typeof applied>>, volumes: boolean) {
  const query = { stack: stackName('demo'), project: 'demo', networkNames: [], imageRefs: [] };
  return planDeletion(stackName('demo'), await engine.observe(query), { volumes });
}

const OPTIONS = { concurrency: 4, nowMs: () => 0, isWanted: () => true, onStep: () => {} };
const NEVER = new AbortController().signal;

test('a deleted stack goes without its volumes, and nothing else goes', async () => {
  const engine = await applied();
  const plan = await deletion(engine, false);
  expect(text(plan).join('\n')).toMatchInlineSnapshot(`
    "#1 stop container/demo-db-1: StackDeleted
    #2 stop container/demo-web-1: StackDeleted
    [1] -> #3 remove container/demo-db-1: StackDeleted
    [2] -> #4 remove container/demo-web-1: StackDeleted
    [3,4] -> #5 remove network/demo_default: StackDeleted"
  `);
  await execute(plan, engine, OPTIONS, NEVER);
  expect(text(await deletion(engine, false))).toEqual([]);
  expect([...engine.world.containers.values()].map((each) => each.name)).toEqual(['other-web-1']);
  expect([...engine.world.volumes.values()]).toEqual(engine.world.volumeHistory);
});

test('with its volumes when that is asked for', async () => {
  const engine = await applied();
  engine.hands.createVolume('demo_stray');
  const plan = await deletion(engine, true);
  expect(text(plan).join('\n')).toMatchInlineSnapshot(`
    "#1 stop container/demo-db-1: StackDeleted
    #2 stop container/demo-web-1: StackDeleted
    [1] -> #3 remove container/demo-db-1: StackDeleted
    [2] -> #4 remove container/demo-web-1: StackDeleted
    [3,4] -> #5 remove network/demo_default: StackDeleted
    [3,4] -> #6 remove volume/demo_data: StackDeleted
    [3,4] -> #7 remove volume/demo_web_1_<hash>: StackDeleted"
  `);
  await execute(plan, engine, OPTIONS, NEVER);
  expect([...engine.world.volumes.keys()]).toEqual(['demo_stray']);
});

test('a network that others use stays, with their names', async () => {
  const engine = await applied();
  engine.hands.run('guest', { networks: { demo_default: {} } });
  expect(text(await deletion(engine, false)).at(-1)).toMatchInlineSnapshot(
    `"! network/demo_default: OwnedByAnotherStack: network demo_default is still used by guest"`,
  );
});

test('stopped, paused and dead containers go too', async () => {
  const engine = await applied();
  engine.hands.pause('demo-web-1');
  engine.hands.leaveDead('demo-db-1');
  const plan = await deletion(engine, false);
  await execute(plan, engine, OPTIONS, NEVER);
  expect(text(await deletion(engine, false))).toEqual([]);
});

test('a volume that another stack has is not removed, and whose it is is told; one that goes as well does not count', async () => {
  const engine = await applied();
  await passUntilSettled(
    engine,
    stack({
      name: 'shop',
      services: { web: { volumes: ['data:/data'] } },
      volumes: { data: { name: 'demo_data', external: true } },
    }),
  );
  const query = { stack: stackName('demo'), project: 'demo', networkNames: [], imageRefs: [] };
  const user = 'container shop-web-1 of stack shop';
  const seen = await engine.observe(query);
  expect(sharedVolumes(stackName('demo'), seen, () => false)).toEqual([{ name: 'demo_data', user }]);
  expect(sharedVolumes(stackName('demo'), seen, (name) => name === 'shop')).toEqual([]);
  const plan = await deletion(engine, true);
  expect(plan.blockers).toMatchObject([
    { code: 'OwnedByAnotherStack', message: `volume demo_data is still used by ${user}` },
  ]);
  await execute(plan, engine, OPTIONS, NEVER);
  expect([...engine.world.volumes.keys()]).toEqual(['demo_data']);
});
