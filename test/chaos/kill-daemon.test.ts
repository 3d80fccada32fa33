import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { hasEngine, testDocker } from '../support/lab.ts';
import { effort } from './effort.ts';
import { makeOtherImage } from './images.ts';
import { planRounds, Score } from './plan-of-rounds.ts';
import { playRound, type Victim } from './round.ts';

const DAEMON: Victim = {
  strike: (world) => world.kill(),
  revive: async (world) => {
    if (world.pid === undefined) await world.start();
  },
  beginToRevive: async (world) => {
    void world.start().catch(() => undefined);
  },
  sparesContainers: true,
};

describe.skipIf(!hasEngine())('stackctld is killed at any moment of anything, and nothing is lost', () => {
  const score = new Score('kill-daemon.test.ts');
  let docker: ReturnType<typeof testDocker>;
  let otherImage: string;

  beforeAll(async () => {
    docker = testDocker(inject('engineHost') ?? '');
    otherImage = await makeOtherImage(docker, inject('engineRun'));
  });
  afterAll(async () => {
    console.log(score.summary('stackctld'));
    await docker.getImage(otherImage).remove({ force: true });
  });

  test.concurrent.for(planRounds(effort(40, 200), 'stackctld'))(
    'round $round: $name',
    { timeout: 400_000 },
    (round) => score.play(round, () => playRound({ ...round, victim: DAEMON, otherImage })),
  );
});
