import { describe, expect, type TestContext, test } from 'vitest';
import { type Case, otherCosts, runCase, type Verdict } from '../support/simulation/case.ts';
import { Chance } from '../support/simulation/chance.ts';
import { randomEvents } from '../support/simulation/random-cases.ts';
import { PROFILES, SCENARIOS, type Scenario } from '../support/simulation/scenarios.ts';
import { FACTOR, type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';

const RUNS = 40;

/** The scenario again and again, each time with other luck. */
function* runs(
  undisturbed: Case,
  chance: Chance,
  disturb: (chance: Chance) => Partial<Case>,
): Generator<NamedCase> {
  for (let count = 0; count < RUNS * FACTOR; count += 1) {
    const disturbance = disturb(chance);
    yield {
      name: JSON.stringify(disturbance),
      given: { ...undisturbed, seed: chance.int(1, 1_000_000_000), ...disturbance },
    };
  }
}

async function disturbed(
  suite: string,
  { name, ...scenario }: Scenario,
  context: TestContext,
  how: {
    readonly disturb: (chance: Chance) => Partial<Case>;
    readonly judge: (verdict: Verdict, reference: Verdict) => readonly string[];
  },
): Promise<string> {
  const failures: string[] = [];
  const chance = new Chance(SEED * 4000 + SCENARIOS.findIndex((each) => each.name === name));
  for (const profile of PROFILES) {
    const undisturbed: Case = { ...scenario, profile, seed: SEED };
    const reference = await runCase(undisturbed);
    const cases = runs(undisturbed, chance, how.disturb);
    const judge = (verdict: Verdict) => how.judge(verdict, reference);
    failures.push(...(await runSuite(suite, `${name} on ${profile}`, cases, context, judge)));
  }
  return failures.join('\n\n');
}

describe('events that are lost, doubled, late, out of order or cut off change nothing but the time', () => {
  test.for(SCENARIOS)('$name', async (scenario, context) => {
    const disturb = (chance: Chance) => ({ events: randomEvents(chance) });
    expect(await disturbed('events', scenario, context, { disturb, judge: otherCosts })).toBe('');
  });
});

describe('who looks at the past does no harm to the present', () => {
  test.for(SCENARIOS)('$name', async (scenario, context) => {
    const disturb = (chance: Chance) => ({ staleness: chance.int(1, 6) });
    expect(await disturbed('stale looks', scenario, context, { disturb, judge: () => [] })).toBe('');
  });
});
