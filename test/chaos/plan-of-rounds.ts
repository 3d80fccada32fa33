import { findDockerCompose } from '../support/docker-compose.ts';
import { Dice } from './dice.ts';
import { replayLine, rounds, SEED } from './effort.ts';
import type { Played } from './round.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

export interface Round {
  readonly round: number;
  readonly name: string;
  readonly scenario: Scenario;
  readonly dice: Dice;
}

/** Every scenario once, in an order that the seed gives, before any comes again. */
export function planRounds(count: number, what: string): readonly Round[] {
  const hasCompose = !('missing' in findDockerCompose());
  const possible = SCENARIOS.filter(({ needs }) => needs === undefined || hasCompose);
  const order = new Dice(SEED, what).shuffled(possible);
  return rounds(count).flatMap((round) => {
    const scenario = order[round % order.length];
    if (scenario === undefined) return [];
    return [{ round, name: scenario.name, scenario, dice: new Dice(SEED, what, round) }];
  });
}

/** Counts what was played, and says of what failed how it is played again. */
export class Score {
  readonly #file: string;
  readonly #played: (Played & { readonly name: string })[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  async play({ round, name }: Round, work: () => Promise<Played>): Promise<void> {
    try {
      this.#played.push({ name, ...(await work()) });
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${replayLine(this.#file, round)}\n${message}`, { cause: error });
    }
  }

  summary(victim: string): string {
    const sum = (key: 'kills' | 'atRest') => this.#played.reduce((total, each) => total + each[key], 0);
    const scenarios = new Set(this.#played.map(({ name }) => name)).size;
    return `seed ${SEED}: ${this.#played.length} rounds of ${scenarios} scenarios without a loss; ${victim} killed ${sum('kills')} times, ${sum('atRest')} of them at rest`;
  }
}
