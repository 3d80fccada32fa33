import { describe, expect, type TestContext, test } from 'vitest';
import { type Case, runCase } from '../support/simulation/case.ts';
import { Chance } from '../support/simulation/chance.ts';
import { PROFILES, SCENARIOS, type Scenario } from '../support/simulation/scenarios.ts';
import { FACTOR, type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';
import { CALL_FAULTS } from '../support/simulation/wire.ts';

/** Each call of a scenario, looks included, going wrong in each way, once. */
function* once(undisturbed: Case, calls: number): Generator<NamedCase> {
  for (let number = 1; number <= calls; number += 1) {
    for (const fault of CALL_FAULTS) {
      yield {
        name: `call ${number}: ${fault}`,
        given: { ...undisturbed, injections: [{ at: 'call', number, fault, times: 1 }] },
      };
    }
  }
}

/** Several in a row, and several times in one history. */
function* often(undisturbed: Case, calls: number, chance: Chance): Generator<NamedCase> {
  for (let count = 0; count < 12 * FACTOR; count += 1) {
    const injections = Array.from({ length: chance.int(1, 3) }, () => ({
      at: 'call' as const,
      number: chance.int(1, calls),
      fault: chance.pick(CALL_FAULTS),
      times: chance.int(1, 6),
    }));
    yield {
      name: JSON.stringify(injections),
      given: { ...undisturbed, seed: chance.int(1, 1_000_000), injections },
    };
  }
}

async function withFaults({ name, ...scenario }: Scenario, test: TestContext) {
  const failures: string[] = [];
  for (const profile of PROFILES) {
    const undisturbed: Case = { ...scenario, profile, seed: SEED };
    const { calls } = await runCase(undisturbed);
    const subject = `${name} on ${profile}`;
    failures.push(...(await runSuite('call faults', subject, once(undisturbed, calls), test)));
    const chance = new Chance(SEED * 1000 + SCENARIOS.findIndex((each) => each.name === name));
    const repeated = often(undisturbed, calls, chance);
    failures.push(...(await runSuite('repeated call faults', subject, repeated, test)));
  }
  return failures;
}

describe('whatever call goes wrong, it is made good', () => {
  test.for(SCENARIOS)('$name', async (scenario, context) => {
    expect((await withFaults(scenario, context)).join('\n\n')).toBe('');
  });
});
