import fc from 'fast-check';
import { expect, test } from 'vitest';
import { queryFor } from '../../src/controller/reconcile.ts';
import type { DesiredStack } from '../../src/model/desired.ts';
import { OURS } from '../../src/model/labels.ts';
import { carryOut, deeds, engineFor, scriptJobs, stacks } from '../support/arbitraries.ts';
import { type StackWords, stack } from '../support/builders.ts';
import { pass, passUntilSettled } from '../support/passes.ts';
import type { SimulatedEngine } from '../support/simulated-engine.ts';

const RUNS = { numRuns: 300 };

/** An engine in a state that somebody else's history left: an earlier revision, half applied, then tampered with. */
const histories = fc.record({
  profile: fc.constantFrom('20.10' as const, '28' as const),
  before: stacks,
  after: stacks,
  writesBeforeTheCrash: fc.nat(40),
  ageMs: fc.constantFrom(0, 3000, 20_000),
  tampering: deeds(6),
});
type History = typeof histories extends fc.Arbitrary<infer Value> ? Value : never;

async function past(history: History): Promise<SimulatedEngine> {
  const engine = engineFor(history.profile);
  await applyUntilCrash(engine, history.before, history.writesBeforeTheCrash);
  engine.clock.advance(history.ageMs);
  for (const deed of history.tampering) carryOut(engine, deed);
  scriptJobs(engine, history.after);
  return engine;
}

/** Passes of a daemon that dies right after its nth write. */
async function applyUntilCrash(engine: SimulatedEngine, words: StackWords, writes: number): Promise<void> {
  scriptJobs(engine, words);
  const controller = new AbortController();
  const endsAt = engine.writes + writes;
  engine.onCall = (call) => {
    if (call.writeNumber >= endsAt) controller.abort();
    return 'ok';
  };
  for (let count = 0; count < 30 && !controller.signal.aborted; count += 1) {
    const { plan, outcomes } = await pass(engine, stack(words), { signal: controller.signal });
    if (plan.steps.length === 0) break;
    if (!outcomes.some((outcome) => outcome.result === 'done')) engine.clock.advance(1000);
    engine.clock.advance(50);
  }
  engine.onCall = () => 'ok';
}

/** At most one container a slot, under its final name, and none beside them. */
function expectFinalState(engine: SimulatedEngine, desired: DesiredStack): void {
  const wanted = desired.services
    .flatMap((service) => service.containers.map((replica) => replica.name))
    .sort();
  const found = [...engine.world.containers.values()]
    .filter((container) => container.labels[OURS.stack] === desired.name)
    .map((container) => container.name)
    .sort();
  expect(found).toEqual(wanted);
}

test('converges to an empty plan from any observed state', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      const desired = stack(history.after);
      const { last } = await passUntilSettled(engine, desired);
      expect(last.blockers).toEqual([]);
      expectFinalState(engine, desired);
    }),
    RUNS,
  );
});
