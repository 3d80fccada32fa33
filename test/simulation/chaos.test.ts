import { expect, test } from 'vitest';
import { Chance } from '../support/simulation/chance.ts';
import { chaosCase, manifestPool } from '../support/simulation/random-cases.ts';
import { FACTOR, type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';

/** Long ones: half a second each. */
const CASES = 200;

function* chaos(): Generator<NamedCase> {
  const manifests = manifestPool(SEED);
  for (let number = 1; number <= CASES * FACTOR; number += 1) {
    yield { name: `case ${number}`, given: chaosCase(new Chance(SEED * 1_000_003 + number), manifests) };
  }
}

test('after whatever people, the host, the engine and the daemon did, all is as the manifest says', async (context) => {
  expect((await runSuite('chaos', 'any', chaos(), context)).join('\n\n')).toBe('');
});
