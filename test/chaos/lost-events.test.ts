import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { hasEngine, testDocker } from '../support/lab.ts';
import { Dice } from './dice.ts';
import { effort, SEED } from './effort.ts';
import { EVENT_FATES } from './event-fates.ts';
import { makeOtherImage } from './images.ts';
import { planRounds, Score } from './plan-of-rounds.ts';
import { playRound } from './round.ts';

/** Only how long something takes may depend on events: with every fate each scenario ends as it does without one. */
describe.skipIf(!hasEngine())('events are lost, and everything comes out all the same', () => {
  const score = new Score('lost-events.test.ts');
  const fates = Object.entries(EVENT_FATES);
  let docker: ReturnType<typeof testDocker>;
  let otherImage: string;

  beforeAll(async () => {
    docker = testDocker(inject('engineHost') ?? '');
    otherImage = await makeOtherImage(docker, inject('engineRun'));
  });
  afterAll(async () => {
    console.log(score.summary('nobody'));
    await docker.getImage(otherImage).remove({ force: true });
  });

  const cases = planRounds(effort(10, 110), 'events').flatMap((round) => {
    const [fate, take] = fates[round.round % fates.length] ?? [];
    return fate === undefined || take === undefined ? [] : [{ ...round, fate, take }];
  });
  test.concurrent.for(cases)('round $round: $name, and events $fate', { timeout: 400_000 }, (round) =>
    score.play(round, () =>
      playRound({
        ...round,
        otherImage,
        flags: ['--resync', '3s'],
        onWorld: ({ proxy }) => {
          proxy.onEvents = round.take(new Dice(SEED, 'fate', round.round));
        },
      }),
    ),
  );
});
