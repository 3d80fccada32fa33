import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { hasEngine } from '../support/lab.ts';
import { Dice } from './dice.ts';
import { effort, replayLine, rounds, SEED } from './effort.ts';
import { createHauntedWorld } from './haunted-world.ts';

const OPERATIONS = 25;

/** One round, with a line that repeats it in its failure. */
async function haunt(round: number): Promise<void> {
  const dice = new Dice(SEED, 'agent', round);
  const { world, agent, judge, dispose } = await createHauntedWorld(dice);
  try {
    for (let operation = 0; operation < OPERATIONS; operation += 1) {
      await agent.act();
      await sleep(dice.whole(0, 800));
    }
    await judge();
    const pid = world.pid;
    if (pid === undefined) throw new Error('the daemon is dead');
    console.log(`seed ${SEED}, round ${round}: ${JSON.stringify(Object.fromEntries(agent.done))}`);
  } catch (error) {
    throw new Error(`${replayLine('agent.test.ts', round)}\n${(error as Error).message}`, { cause: error });
  } finally {
    await dispose();
  }
}

describe.skipIf(!hasEngine())('somebody with docker does all that is not to be done', () => {
  test.concurrent.for(rounds(effort(2, 20)))(
    'round %i: it is undone, and nothing is lost',
    { timeout: 900_000 },
    (round) => haunt(round),
  );
});
