import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DesiredStack } from '../../src/model/desired.ts';
import { OURS } from '../../src/model/labels.ts';
import { EMPTY_MEMORY } from '../../src/model/memory.ts';
import { engineFor, scriptJobs, stacks } from '../support/arbitraries.ts';
import { stack } from '../support/builders.ts';
import { holds } from '../support/cases.ts';
import { histories, past } from '../support/histories.ts';
import { pass, passUntilSettled, text } from '../support/passes.ts';
import { differences } from '../support/reality.ts';
import type { SimulatedEngine } from '../support/simulated-engine.ts';

/** The names of all containers of a stack. */
function containersOf(engine: SimulatedEngine, desired: DesiredStack): readonly string[] {
  return [...engine.world.containers.values()]
    .filter((container) => container.labels[OURS.stack] === desired.name)
    .map((container) => container.name)
    .sort();
}

const wantedNames = (desired: DesiredStack) =>
  desired.services.flatMap((service) => service.containers.map((replica) => replica.name)).sort();

test('converges to an empty plan from any observed state', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      const { last } = await passUntilSettled(engine, stack(history.after));
      expect(text(last)).toEqual([]);
    }),
  );
});

test('at most one container per slot when settled, with its final name', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      const desired = stack(history.after);
      await passUntilSettled(engine, desired);
      expect(containersOf(engine, desired)).toEqual(wantedNames(desired));
    }),
  );
});

test('when settled, the engine shows what the manifest says', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      const desired = stack(history.after);
      await passUntilSettled(engine, desired);
      expect(differences(engine, desired)).toEqual([]);
    }),
  );
});

test('an empty plan stays empty', async (context) => {
  await holds(
    context,
    fc.asyncProperty(stacks, fc.constantFrom('20.10' as const, '28' as const), async (words, profile) => {
      const engine = engineFor(profile);
      scriptJobs(engine, words);
      const desired = stack(words);
      let { memory } = await passUntilSettled(engine, desired);
      const writes = engine.writes;
      for (const ms of [0, 30_000, 600_000, 86_400_000]) {
        engine.clock.advance(ms);
        const next = await pass(engine, desired, { memory });
        memory = next.memory;
        expect(text(next.plan)).toEqual([]);
        // Memory may be lost at any time.
        expect(text((await pass(engine, desired, { memory: EMPTY_MEMORY })).plan)).toEqual([]);
      }
      expect(engine.writes).toBe(writes);
    }),
  );
});

test('volume tokens are conserved', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      await passUntilSettled(engine, stack(history.after));
      expect([...engine.world.volumes.values()]).toEqual(engine.world.volumeHistory);
    }),
  );
});

test('no container has a volume that nobody named', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      await passUntilSettled(engine, stack(history.after));
      expect([...engine.world.volumes.keys()].filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
    }),
  );
});
