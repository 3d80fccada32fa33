import { expect, test } from 'vitest';
import { Chance } from '../support/simulation/chance.ts';
import { anyStateCase, manifestPool } from '../support/simulation/random-cases.ts';
import { FACTOR, type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';

const CASES = 2_000;

function* states(): Generator<NamedCase> {
  const manifests = manifestPool(SEED);
  for (let number = 1; number <= CASES * FACTOR; number += 1) {
    yield { name: `case ${number}`, given: anyStateCase(new Chance(SEED * 2_000_003 + number), manifests) };
  }
}

test('from any state that an engine can be found in, all comes to be as the manifest says', async (context) => {
  expect((await runSuite('any state', 'any', states(), context)).join('\n\n')).toBe('');
});
