import fc from 'fast-check';
import { carryOut, deeds, engineFor, scriptJobs, stacks } from './arbitraries.ts';
import { type StackWords, stack } from './builders.ts';
import { pass } from './passes.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

/** An engine in a state that somebody else's history left: an earlier revision, half applied, then tampered with. */
export const histories = fc.record({
  profile: fc.constantFrom('20.10' as const, '28' as const),
  before: stacks,
  after: stacks,
  writesBeforeTheCrash: fc.nat(40),
  ageMs: fc.constantFrom(0, 3000, 20_000),
  tampering: deeds(6),
});
export type History = typeof histories extends fc.Arbitrary<infer Value> ? Value : never;

/** The engine after all that, with the jobs of the later revision scripted. */
export async function past(history: History): Promise<SimulatedEngine> {
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
