import { describe, expect, test } from 'vitest';
import {
  expectConverged,
  expectHandedOver,
  expectMarks,
  leaveMarks,
  MOMENTS,
  type Moment,
  setTheScene,
  strikeAt,
  write,
  writeStartFirst,
  writesOf,
} from '../support/crash-scene.ts';
import { hasEngine } from '../support/lab.ts';

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

/** Dozens of crashes in one test, four tests at a time. */
const TIMEOUT_MS = 1_800_000;

const each = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe.skipIf(!hasEngine())('stackctld is killed, and the next one finds its way from there', () => {
  test.concurrent.each(MOMENTS)(
    'in a first apply, with every write in turn just %s',
    async (moment) => {
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
    },
    TIMEOUT_MS,
  );

  test.concurrent.each(MOMENTS)(
    'in a replacement of everything, with every write in turn just %s',
    async (moment) => {
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
    },
    TIMEOUT_MS,
  );

  test.concurrent.each(MOMENTS)(
    'in a start-first replacement, with every write in turn just %s',
    async (moment) => {
      const scene = await setTheScene(moment === 'seen' ? 5 : 6);
      const { world, stack } = scene;
      try {
        await writeStartFirst(scene, 1);
        await world.untilReady(stack);
        const before = world.proxy.writes().length;
        await writeStartFirst(scene, 2);
        await world.untilReady(stack, { generation: 2 });
        const total = world.proxy.writes().length - before;
        expect(total).toBeGreaterThan(9);
        for (const count of each(total)) {
          await at(moment, count, async () => {
            const killed = strikeAt(scene, { moment, write: count }, () => world.kill());
            await writeStartFirst(scene, 2 + count);
            await killed;
            await world.start();
            await expectHandedOver(scene, 2 + count);
          });
        }
      } finally {
        await world.dispose();
      }
    },
    TIMEOUT_MS,
  );
});
