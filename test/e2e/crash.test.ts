import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectOf, look, objectsOf } from '../support/engine-view.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { canRunPrivateEngine, PrivateEngine } from '../support/private-engine.ts';
import { World } from '../support/stackctld.ts';

/** When the blow falls: as a write is on its way to the engine, or when it is done and its answer is lost. */
type Moment = 'seen' | 'answered';
const MOMENTS: readonly Moment[] = ['seen', 'answered'];

const SERVICES = ['cache', 'db', 'web'] as const;

/** Three services with all that needs a write of its own: networks, volumes of both kinds, a file, a dependency. */
function manifest(lane: number, revision: number): string {
  const common = `
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    restart: unless-stopped
    environment: {REVISION: "${revision}"}
    deploy: {update_config: {monitor: 100ms}}`;
  return `
services:
  web:${common}
    depends_on: [db]
    configs: [{source: page, target: /page}]
    networks: {front: {ipv4_address: 10.234.${lane}.10}, back: {aliases: [inner]}}
  db:${common}
    volumes: [data:/data]
    networks: [back]
  cache:${common}
    volumes: [/cache]
    networks: [back]
networks:
  front: {ipam: {config: [{subnet: 10.234.${lane}.0/24}]}}
  back: {internal: true}
volumes: {data: {}}
configs: {page: {content: hello}}
`;
}

/** A stack of its own in a world of its own. */
interface Scene {
  readonly world: World;
  readonly stack: string;
  readonly lane: number;
}

async function setTheScene(lane: number, engineHost?: string): Promise<Scene> {
  const world = await World.create(engineHost === undefined ? {} : { engineHost });
  await world.start();
  return { world, stack: `t${world.unique}`, lane };
}

const write = ({ world, stack, lane }: Scene, revision: number) =>
  world.write(`${stack}.compose.yaml`, manifest(lane, revision));

/** Strikes once, at the so-many-th write from now on; answers when it has. */
function strikeAt(
  { world }: Scene,
  at: { readonly moment: Moment; readonly write: number },
  strike: () => Promise<void>,
): Promise<void> {
  const count = world.proxy.writes().length + at.write;
  return new Promise((resolve, reject) => {
    world.proxy.onWrite = (moment, number) => {
      if (moment !== at.moment || number !== count) return;
      world.proxy.onWrite = undefined;
      const struck = strike();
      struck.then(resolve, reject);
      // The answer is held until there is nobody to take it; a write goes on while the blow falls.
      return moment === 'answered' ? struck : undefined;
    };
  });
}

/** How many writes it takes when nothing goes wrong. */
async function writesOf(scene: Scene, revision: number): Promise<number> {
  const before = scene.world.proxy.writes().length;
  await write(scene, revision);
  await scene.world.untilReady(scene.stack, { generation: revision });
  return scene.world.proxy.writes().length - before;
}

/** Everything as the manifest says, nothing beside it, and nothing left to do. */
async function expectConverged({ world, stack }: Scene, revision: number): Promise<void> {
  await world.untilReady(stack, { generation: revision, withinMs: 60_000 });
  const { containers, networks, volumes } = await objectsOf(world.docker, stack);
  expect(containers).toEqual(SERVICES.map((service) => `${stack}-${service}-1`));
  expect(networks).toEqual([`${stack}_back`, `${stack}_front`]);
  expect(volumes).toEqual([
    expect.stringMatching(new RegExp(`^${stack}_cache_1_[0-9a-f]{8}$`)),
    `${stack}_data`,
  ]);
  for (const name of containers) {
    const wire = await inspectOf(world.docker, name);
    expect(wire?.State).toMatchObject({ Running: true, Paused: false });
    expect(wire?.Config.Env).toContain(`REVISION=${revision}`);
  }
  const web = await inspectOf(world.docker, `${stack}-web-1`);
  expect(web?.NetworkSettings.Networks[`${stack}_front`]?.IPAddress).toMatch(/\.10$/);
  expect(web?.NetworkSettings.Networks[`${stack}_back`]?.Aliases).toContain('inner');
  expect((await inside(world.docker, `${stack}-web-1`, ['cat', '/page'])).stdout).toBe('hello');
  const writes = world.proxy.writes().length;
  await look(world, stack);
  expect(world.proxy.writes().slice(writes)).toEqual([]);
}

/** Puts a mark into both volumes, so that one made anew would be noticed. */
async function leaveMarks({ world, stack }: Scene): Promise<void> {
  await inside(world.docker, `${stack}-db-1`, ['sh', '-c', 'echo mine > /data/mark']);
  await inside(world.docker, `${stack}-cache-1`, ['sh', '-c', 'echo mine > /cache/mark']);
}

async function expectMarks({ world, stack }: Scene): Promise<void> {
  const mine = { code: 0, stdout: 'mine\n', stderr: '' };
  expect(await inside(world.docker, `${stack}-db-1`, ['cat', '/data/mark'])).toEqual(mine);
  expect(await inside(world.docker, `${stack}-cache-1`, ['cat', '/cache/mark'])).toEqual(mine);
}

/** Says at which write it failed. */
async function at<Result>(moment: Moment, count: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`struck when write ${count} was ${moment}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const each = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe.skipIf(!hasEngine())('stackctld is killed, and the next one finds its way from there', () => {
  test.each(MOMENTS)('in a first apply, with every write in turn just %s', async (moment) => {
    const lane = moment === 'seen' ? 1 : 2;
    const reference = await setTheScene(lane);
    const total = await writesOf(reference, 1);
    await reference.world.dispose();
    expect(total).toBeGreaterThan(9);
    for (const count of each(total)) {
      const scene = await setTheScene(lane);
      await at(moment, count, async () => {
        const killed = strikeAt(scene, { moment, write: count }, () => scene.world.kill());
        await write(scene, 1);
        await killed;
        await scene.world.start();
        await expectConverged(scene, 1);
      }).finally(() => scene.world.dispose());
    }
  });

  test.each(MOMENTS)('in a replacement of everything, with every write in turn just %s', async (moment) => {
    const scene = await setTheScene(moment === 'seen' ? 3 : 4);
    try {
      await write(scene, 1);
      await scene.world.untilReady(scene.stack);
      await leaveMarks(scene);
      const total = await writesOf(scene, 2);
      expect(total).toBeGreaterThan(14);
      for (const count of each(total)) {
        const revision = 2 + count;
        await at(moment, count, async () => {
          const killed = strikeAt(scene, { moment, write: count }, () => scene.world.kill());
          await write(scene, revision);
          await killed;
          await scene.world.start();
          await expectConverged(scene, revision);
          await expectMarks(scene);
        });
      }
    } finally {
      await scene.world.dispose();
    }
  });
});

describe.skipIf(!hasEngine() || !canRunPrivateEngine())(
  'dockerd is killed, and comes back to what there should be',
  () => {
    let engine: PrivateEngine;

    beforeAll(async () => {
      engine = await PrivateEngine.create();
    });
    afterAll(() => engine?.dispose());

    const isUnreachable = ({ world, stack }: Scene) =>
      eventually(
        'the status tells that the engine is gone',
        async () => {
          const status = await world.status(stack);
          const ready = status?.conditions.find(({ type }) => type === 'Ready');
          return ready?.reason === 'EngineUnreachable' ? status : undefined;
        },
        { withinMs: 20_000, everyMs: 100 },
      );

    test('at rest: the same containers run again, with their data', async () => {
      const scene = await setTheScene(5, engine.host);
      const { world, stack } = scene;
      try {
        await write(scene, 1);
        await world.untilReady(stack);
        await leaveMarks(scene);
        const idOf = async (service: string) => (await inspectOf(world.docker, `${stack}-${service}-1`))?.Id;
        const before = await Promise.all(SERVICES.map(idOf));
        const daemon = world.pid;
        await engine.crash();
        const told = await isUnreachable(scene);
        // Nothing is concluded about what cannot be seen.
        expect(told.services.map(({ name }) => name).sort()).toEqual([...SERVICES]);
        await engine.start();
        await expectConverged(scene, 1);
        expect(await Promise.all(SERVICES.map(idOf))).toEqual(before);
        await expectMarks(scene);
        expect(world.pid).toBe(daemon);
      } finally {
        await world.dispose();
      }
    });

    const points = MOMENTS.flatMap((moment) => [2, 5, 8, 10].map((count) => [count, moment] as const));

    test.each(points)('in a first apply, with write %i just %s', async (count, moment) => {
      const scene = await setTheScene(6, engine.host);
      try {
        const crashed = strikeAt(scene, { moment, write: count }, () => engine.crash());
        await write(scene, 1);
        await crashed;
        await engine.start();
        await expectConverged(scene, 1);
      } finally {
        await scene.world.dispose();
      }
    });

    test.each([
      [1, 'seen'],
      [4, 'answered'],
      [6, 'seen'],
      [9, 'answered'],
      [12, 'seen'],
      [13, 'answered'],
      [15, 'seen'],
    ] as const)('in a replacement, with write %i just %s', async (count, moment) => {
      const scene = await setTheScene(7, engine.host);
      try {
        await write(scene, 1);
        await scene.world.untilReady(scene.stack);
        await leaveMarks(scene);
        const crashed = strikeAt(scene, { moment, write: count }, () => engine.crash());
        await write(scene, 2);
        await crashed;
        await engine.start();
        await expectConverged(scene, 2);
        await expectMarks(scene);
      } finally {
        await scene.world.dispose();
      }
    });

    test('and stackctld with it', async () => {
      const scene = await setTheScene(8, engine.host);
      try {
        await write(scene, 1);
        await scene.world.untilReady(scene.stack);
        await leaveMarks(scene);
        const crashed = strikeAt(scene, { moment: 'seen', write: 7 }, async () => {
          await Promise.all([engine.crash(), scene.world.kill()]);
        });
        await write(scene, 2);
        await crashed;
        await engine.start();
        await scene.world.start();
        await expectConverged(scene, 2);
        await expectMarks(scene);
      } finally {
        await scene.world.dispose();
      }
    });
  },
);
