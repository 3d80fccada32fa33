import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hasEngine } from '../support/lab.ts';
import { Dice } from './dice.ts';
import { effort, SEED } from './effort.ts';
import { createHauntedWorld, type HauntedWorld } from './haunted-world.ts';
import { median, type Usage, usageOf } from './usage.ts';

const MINUTE_MS = 60_000;
const DURATION_MS = Number(process.env['STACKCTL_CHAOS_MINUTES'] || effort(1, 20)) * MINUTE_MS;
const TIMEOUT_MS = DURATION_MS + 15 * MINUTE_MS;

/** The agent at work for the whole time, and something else with each of its steps. */
async function soak(haunted: HauntedWorld, dice: Dice, meanwhile: () => Promise<void>): Promise<number> {
  const untilMs = performance.now() + DURATION_MS;
  let operations = 0;
  while (performance.now() < untilMs) {
    await haunted.agent.act();
    operations += 1;
    await meanwhile();
    // Often at times, then again with enough peace for everything to be repaired.
    await sleep(dice.chance(0.1) ? 8_000 : dice.whole(0, 3_000));
  }
  return operations;
}

/** The middle third against the last: before, it warms up. */
function thirds(samples: readonly Usage[], what: keyof Usage): readonly [middle: number, last: number] {
  const third = Math.floor(samples.length / 3);
  const of = (from: number) => median(samples.slice(from, from + third).map((sample) => sample[what]));
  return [of(third), of(2 * third)];
}

describe.skipIf(!hasEngine())('for a long time', () => {
  test.concurrent('a daemon that is haunted all the time holds no more than before', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const dice = new Dice(SEED, 'soak');
    const haunted = await createHauntedWorld(dice);
    try {
      const pid = haunted.world.pid ?? 0;
      const samples: Usage[] = [];
      const operations = await soak(haunted, dice, async () => {
        samples.push(await usageOf(pid));
      });
      const [rss, files, threads] = (['rssMib', 'files', 'threads'] as const).map((what) =>
        thirds(samples, what),
      );
      console.log(
        `seed ${SEED}: ${operations} operations; middle and last third: RSS ${rss} MiB, ${files} files, ${threads} threads; then ${JSON.stringify(await usageOf(pid))}`,
      );
      await haunted.judge();
      expect(haunted.world.pid).toBe(pid);
      expect(rss?.[1]).toBeLessThanOrEqual(1.25 * (rss?.[0] ?? 0));
      expect(Math.abs((files?.[1] ?? 0) - (files?.[0] ?? 0))).toBeLessThanOrEqual(3);
      expect(Math.abs((threads?.[1] ?? 0) - (threads?.[0] ?? 0))).toBeLessThanOrEqual(2);
    } finally {
      await haunted.dispose();
    }
  });

  test.concurrent('a daemon that is killed now and then keeps everything as wanted', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const dice = new Dice(SEED, 'soak with kills');
    const haunted = await createHauntedWorld(dice);
    const { world } = haunted;
    try {
      let kills = 0;
      let nextKillMs = 0;
      const operations = await soak(haunted, dice, async () => {
        if (performance.now() < nextKillMs) return;
        await world.kill();
        kills += 1;
        await world.start();
        nextKillMs = performance.now() + dice.whole(10_000, 40_000);
      });
      await haunted.judge();
      console.log(`seed ${SEED}: ${operations} operations, stackctld killed ${kills} times`);
    } finally {
      await haunted.dispose();
    }
  });
});
