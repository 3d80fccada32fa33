import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_MEMORY, type Memory } from '../../src/model/memory.ts';
import { engineFor, scriptJobs, stacks } from '../support/arbitraries.ts';
import { stack } from '../support/builders.ts';
import { holds } from '../support/cases.ts';
import { pass, passUntilSettled, text } from '../support/passes.ts';
import type { Fate, SimulatedEngine } from '../support/simulated-engine.ts';

interface Fault {
  readonly writeNumber: number;
  readonly fate: Fate;
  /** Whether the daemon dies of it, and forgets what it did not store. */
  readonly dies: boolean;
}

const faults = fc.array(
  fc.record({
    writeNumber: fc.integer({ min: 1, max: 60 }),
    fate: fc.constantFrom<Fate>('ok', 'fail', 'lose', 'half'),
    dies: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Passes under faults; a fault happens once, at its write. */
async function passesWith(
  engine: SimulatedEngine,
  desired: ReturnType<typeof stack>,
  planned: readonly Fault[],
): Promise<Memory> {
  let memory = EMPTY_MEMORY;
  let controller = new AbortController();
  const firstWrite = engine.writes;
  engine.onCall = (call) => {
    const fault = planned.find((each) => firstWrite + each.writeNumber === call.writeNumber);
    if (fault?.dies === true) controller.abort();
    return fault?.fate ?? 'ok';
  };
  for (let count = 0; count < 25; count += 1) {
    controller = new AbortController();
    const result = await pass(engine, desired, { memory, signal: controller.signal });
    // What the plan wants remembered is stored before any step runs; what the outcomes teach, only after.
    memory = controller.signal.aborted ? result.plan.memory : result.memory;
    if (result.plan.steps.length === 0) break;
    engine.clock.advance(result.outcomes.some((outcome) => outcome.result === 'done') ? 50 : 1000);
  }
  engine.onCall = () => 'ok';
  return memory;
}

test('whatever call fails or whenever the daemon dies, the next passes converge', async (context) => {
  await holds(
    context,
    fc.asyncProperty(
      stacks,
      stacks,
      fc.constantFrom('20.10' as const, '28' as const),
      faults,
      faults,
      async (before, after, profile, first, second) => {
        const engine = engineFor(profile);
        scriptJobs(engine, before);
        await passesWith(engine, stack(before), first);
        scriptJobs(engine, after);
        const memory = await passesWith(engine, stack(after), second);
        const { last } = await passUntilSettled(engine, stack(after), { memory });
        expect(text(last)).toEqual([]);
        expect([...engine.world.volumes.values()]).toEqual(engine.world.volumeHistory);
      },
    ),
  );
});
