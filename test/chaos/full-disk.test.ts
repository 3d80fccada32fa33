import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { OURS } from '../../src/model/labels.ts';
import type { StackStatus } from '../../src/model/status.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { World } from '../support/stackctld.ts';
import { faultsOf, lossesOf, treasureOf } from './oracles.ts';
import { lookTwice, untilSettled } from './round.ts';
import { fileOf, IDLE, keeper, QUICK, rev, type WantedStack } from './scenario.ts';
import { mountMissing, SmallDisk } from './state-disk.ts';
import { contentOf, leaveMark } from './volume-content.ts';

const manifest = (value: string) => `
services:
  web: {${IDLE}, ${QUICK}, environment: {REV: "${value}"}}
  db: {${keeper()}, ${QUICK}}
volumes: {data: {}}`;
const wanted = (name: string, value: string): WantedStack => ({
  name,
  containers: { 'web-1': rev(value), 'db-1': {} },
  networks: ['default'],
  volumes: ['data'],
});

/** What is done to the state directory of a daemon that works, and how it is undone. */
interface Trouble {
  readonly name: string;
  readonly begin: (world: World, disk: SmallDisk) => Promise<unknown> | unknown;
  readonly end: (world: World, disk: SmallDisk) => Promise<unknown> | unknown;
}

const TROUBLES: readonly Trouble[] = [
  { name: 'full', begin: (_, disk) => disk.fill(), end: (_, disk) => disk.empty() },
  {
    name: 'read-only',
    begin: (_, disk) => disk.makeReadOnly(true),
    end: (_, disk) => disk.makeReadOnly(false),
  },
];

/** Services of which a container runs. */
async function running({ docker }: World, stack: string): Promise<readonly string[]> {
  const filters = { label: [`${OURS.stack}=${stack}`], status: ['running'] };
  const all = await docker.listContainers({ filters });
  return [...new Set(all.map(({ Labels }) => Labels[OURS.service] ?? ''))].sort();
}

const readyOf = (status: StackStatus | undefined) => status?.conditions.find(({ type }) => type === 'Ready');

const untilTold = (world: World, stack: string) =>
  eventually(
    'the status tells of the state directory',
    async () => {
      const ready = readyOf(await world.status(stack));
      return ready?.status !== 'True' && ready?.message.includes('state directory') === true
        ? true
        : undefined;
    },
    { withinMs: 60_000, everyMs: 200 },
  ).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify((await world.status(stack))?.conditions)}`);
  });

/** A converged stack with data in a world whose state directory is a disk of its own. */
async function onSmallDisk(
  work: (at: {
    world: World;
    disk: SmallDisk;
    stack: string;
    losses: () => Promise<readonly string[]>;
  }) => Promise<void>,
): Promise<void> {
  const world = await World.create({ flags: ['--resync', '3s'] });
  const disk = await SmallDisk.mount(world.stateDirectory);
  const stack = `t${world.unique}`;
  const data = `${stack}_data`;
  try {
    await world.write(fileOf(stack), manifest('1'));
    await world.start();
    await world.untilReady(stack);
    await leaveMark(world, data, 'mark\n');
    const treasure = () => treasureOf(world, [data], [`${stack}-db-1`], (volume) => contentOf(world, volume));
    const before = await treasure();
    await work({ world, disk, stack, losses: async () => lossesOf(before, await treasure()) });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${(await world.log()).slice(-5000)}`, { cause: error });
  } finally {
    await world.kill();
    disk.unmount();
    await world.dispose();
  }
}

const isSkipped = !hasEngine() || skipLoudly('a full disk for the state directory', mountMissing());

describe.skipIf(isSkipped)('the state directory takes nothing any more', () => {
  test.each(TROUBLES)(
    'it is $name: what runs goes on, it is said, and passes',
    { timeout: 400_000 },
    async (trouble) => {
      await onSmallDisk(async ({ world, disk, stack, losses }) => {
        await trouble.begin(world, disk);
        // Nothing is to be remembered: nothing is amiss.
        await lookTwice(world, [wanted(stack, '1')]);
        expect(await faultsOf(world, [wanted(stack, '1')])).toEqual([]);

        await world.write(fileOf(stack), manifest('2'));
        await untilTold(world, stack);
        // A replacement may have begun; what it is about runs all the same, and nothing else is touched.
        expect(await losses()).toEqual([]);
        expect(await running(world, stack)).toEqual(['db', 'web']);

        await trouble.end(world, disk);
        await untilSettled(world, [wanted(stack, '2')]);
        expect(await lookTwice(world, [wanted(stack, '2')])).toEqual([]);
        expect(await losses()).toEqual([]);
      });
    },
  );

  test('it is read-only: no daemon starts, which says so, and nothing that runs is touched', {
    timeout: 400_000,
  }, async () => {
    await onSmallDisk(async ({ world, disk, stack, losses }) => {
      await world.kill();
      disk.makeReadOnly(true);
      await world.write(fileOf(stack), manifest('2'));
      const { code, stderr, stdout } = await world.startInVain();
      expect(code).toBe(1);
      expect(stdout + stderr).toContain('the state directory cannot be used');
      expect(await faultsOf(world, [wanted(stack, '1')])).toEqual([]);
      disk.makeReadOnly(false);
      await world.start();
      await untilSettled(world, [wanted(stack, '2')]);
      expect(await losses()).toEqual([]);
    });
  });

  test('it is full and the daemon is killed: the next one loses nothing', { timeout: 400_000 }, async () => {
    await onSmallDisk(async ({ world, disk, stack, losses }) => {
      await disk.fill();
      await world.kill();
      await world.write(fileOf(stack), manifest('2'));
      await world.start();
      // There may be just enough room left for what is written first.
      await Promise.any([untilTold(world, stack), untilSettled(world, [wanted(stack, '2')])]);
      expect(await losses()).toEqual([]);
      expect(await running(world, stack)).toEqual(['db', 'web']);
      await disk.empty();
      await untilSettled(world, [wanted(stack, '2')]);
      expect(await losses()).toEqual([]);
    });
  });

  test('it is removed under the daemon: nothing that runs is touched, and it is made again', {
    timeout: 400_000,
  }, async () => {
    const world = await World.create({ flags: ['--resync', '3s'] });
    const stack = `t${world.unique}`;
    try {
      await world.write(fileOf(stack), manifest('1'));
      await world.start();
      await world.untilReady(stack);
      await leaveMark(world, `${stack}_data`, 'mark\n');
      const treasure = () =>
        treasureOf(world, [`${stack}_data`], [`${stack}-web-1`, `${stack}-db-1`], (volume) =>
          contentOf(world, volume),
        );
      const before = await treasure();
      await rm(world.stateDirectory, { recursive: true });
      expect(await lookTwice(world, [wanted(stack, '1')])).toEqual([]);
      expect(lossesOf(before, await treasure())).toEqual([]);
      await world.write(fileOf(stack), manifest('2'));
      await untilSettled(world, [wanted(stack, '2')]);
      await world.kill();
      await world.start();
      await untilSettled(world, [wanted(stack, '2')]);
      expect(await lookTwice(world, [wanted(stack, '2')])).toEqual([]);
      expect(lossesOf({ ...before, runs: {} }, await treasure())).toEqual([]);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${(await world.log()).slice(-5000)}`, { cause: error });
    } finally {
      await world.dispose();
    }
  });
});
