import { afterAll, beforeAll, describe, test } from 'vitest';
import { hasEngine } from '../support/lab.ts';
import { canRunPrivateEngine, PrivateEngine } from '../support/private-engine.ts';
import { effort } from './effort.ts';
import { makeOtherImage } from './images.ts';
import { planRounds, Score } from './plan-of-rounds.ts';
import { playRound, type Victim } from './round.ts';

describe.skipIf(!hasEngine() || !canRunPrivateEngine())(
  'dockerd is killed at any moment of anything, and nothing is lost',
  () => {
    const score = new Score('kill-engine.test.ts');
    let engine: PrivateEngine;
    let otherImage: string;

    beforeAll(async () => {
      engine = await PrivateEngine.create();
      otherImage = await makeOtherImage(engine.docker, 'crash');
    });
    afterAll(async () => {
      console.log(score.summary('dockerd'));
      await engine?.dispose();
    });

    const victim = (): Victim => {
      let coming: Promise<void> = Promise.resolve();
      const revive: Victim['revive'] = async (world) => {
        await coming;
        await engine.revive();
        if (world.pid === undefined) await world.start();
      };
      return {
        strike: async (world, dice) => {
          // It cannot be killed before it is there.
          await coming;
          await Promise.all([engine.crash(), dice.chance(0.3) ? world.kill() : undefined]);
        },
        revive,
        beginToRevive: async (world) => {
          coming = engine.revive();
          await coming;
          if (world.pid === undefined) void world.start().catch(() => undefined);
        },
        sparesContainers: false,
      };
    };

    test.for(planRounds(effort(2, 12), 'dockerd'))('round $round: $name', { timeout: 600_000 }, (round) =>
      score.play(round, () => playRound({ ...round, victim: victim(), otherImage, engineHost: engine.host })),
    );
  },
);
