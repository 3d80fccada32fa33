import { describe, expect, type TestContext, test } from 'vitest';
import { type Case, type Injection, runCase, type Verdict } from '../support/simulation/case.ts';
import { WRITE_CRASHES } from '../support/simulation/disk.ts';
import { PROFILES, SCENARIOS, type Scenario } from '../support/simulation/scenarios.ts';
import { FACTOR, type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';
import { CRASH_MOMENTS } from '../support/simulation/wire.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Every write, to the engine and to the state directory, as the last thing that a daemon does. */
function crashesOf({ writes, stateWrites }: Verdict): readonly Injection[] {
  return [
    ...numbers(writes).flatMap((number) =>
      CRASH_MOMENTS.map((crash): Injection => ({ at: 'write', number, crash })),
    ),
    ...numbers(stateWrites).flatMap((number) =>
      WRITE_CRASHES.map((crash): Injection => ({ at: 'state-write', number, crash })),
    ),
  ];
}

function crashed(undisturbed: Case, injections: readonly Injection[]): NamedCase {
  // What the power took of the state directory may be the note that a stack is to go: then it stays, whole.
  const isTorn = injections.some((each) => each.at === 'state-write' && each.crash === 'torn');
  return {
    name: JSON.stringify(injections),
    given: { ...undisturbed, injections, mayStay: isTorn ? ['demo'] : [] },
  };
}

/** A crash may cost one more of what was under way, and nothing of what was not to be touched. */
function dearer(verdict: Verdict, reference: Verdict, crashes: number): readonly string[] {
  return Object.entries(verdict.costs).flatMap(([what, count]) => {
    const usual = reference.costs[what] ?? 0;
    const object = what.split(' ')[1] ?? '';
    const isTouched = Object.keys(reference.costs).some((each) => each.endsWith(` ${object}`));
    const most = usual + (isTouched ? crashes : 0);
    return count <= most ? [] : [`${what}: ${count} times instead of ${usual}`];
  });
}

function* single(undisturbed: Case, reference: Verdict): Generator<NamedCase> {
  yield { name: 'undisturbed', given: undisturbed };
  for (const injection of crashesOf(reference)) yield crashed(undisturbed, [injection]);
}

/** The next daemon dies too, in any of the writes that it has left to do. */
function* double(undisturbed: Case, reference: Verdict): Generator<NamedCase> {
  for (const first of numbers(reference.writes)) {
    for (const crash of CRASH_MOMENTS) {
      for (const second of numbers(reference.writes + 2).filter((each) => each > first)) {
        for (const again of CRASH_MOMENTS) {
          yield crashed(undisturbed, [
            { at: 'write', number: first, crash },
            { at: 'write', number: second, crash: again },
          ]);
        }
      }
    }
  }
}

/** Of more there are too many pairs for an ordinary run. */
const MOST_WRITES_TWICE = FACTOR > 1 ? 6 : 5;

async function crash(
  { name, ...scenario }: Scenario,
  crashes: 1 | 2,
  test: TestContext,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const profile of PROFILES) {
    const undisturbed: Case = { ...scenario, profile, seed: SEED };
    const reference = await runCase(undisturbed);
    if (crashes === 2 && reference.writes > MOST_WRITES_TWICE) continue;
    const cases = crashes === 1 ? single(undisturbed, reference) : double(undisturbed, reference);
    const suite = crashes === 1 ? 'crash points' : 'double crashes';
    failures.push(
      ...(await runSuite(suite, `${name} on ${profile}`, cases, test, (verdict) =>
        dearer(verdict, reference, crashes),
      )),
    );
  }
  return failures;
}

describe('a daemon that dies in any of its writes loses nothing, and the next one finishes its work', () => {
  test.for(SCENARIOS)('$name', async (scenario, context) => {
    expect((await crash(scenario, 1, context)).join('\n\n')).toBe('');
  });
});

describe('nor does it when the next one dies as well', () => {
  test.for(SCENARIOS)('$name', async (scenario, context) => {
    expect((await crash(scenario, 2, context)).join('\n\n')).toBe('');
  });
});
