import type { DesiredStack } from '../../src/model/desired.ts';
import type { Memory } from '../../src/model/memory.ts';
import { type StackWords, stack } from './builders.ts';
import { type PassOptions, passUntilSettled, planFor, text } from './passes.ts';
import type { ImageSpec, Profile } from './simulated/objects.ts';
import { SimulatedEngine } from './simulated-engine.ts';

/** Images that are there before a test begins. */
const IMAGES: Readonly<Record<string, ImageSpec>> = {
  'app:1': {},
  'app:2': {},
  'checked:1': { hasHealthcheck: true },
  'data:1': { volumes: ['/var/lib/data'] },
};

/** An engine that has a few images, pulled. */
export function engineWithImages(profile: Profile = '28'): SimulatedEngine {
  const engine = new SimulatedEngine({ profile });
  for (const [ref, spec] of Object.entries(IMAGES)) {
    engine.world.registry.set(ref, spec);
    engine.world.addImage(ref, spec);
  }
  return engine;
}

export interface Running {
  readonly engine: SimulatedEngine;
  readonly desired: DesiredStack;
  readonly memory: Memory;
}

/** A stack that was applied and is converged. */
export async function running(words: StackWords, profile: Profile = '28'): Promise<Running> {
  const engine = engineWithImages(profile);
  const desired = stack(words);
  const { memory } = await passUntilSettled(engine, desired);
  return { engine, desired, memory };
}

/** The plan that would be made now, as one text; empty: converged. */
export async function planned(
  engine: SimulatedEngine,
  words: StackWords,
  options: PassOptions = {},
): Promise<string> {
  return text(await planFor(engine, stack(words), options)).join('\n');
}

/** The plan of each pass until nothing is left to do, as texts. */
export async function passes(
  engine: SimulatedEngine,
  words: StackWords,
  options: PassOptions = {},
): Promise<readonly string[]> {
  const { plans } = await passUntilSettled(engine, stack(words), options);
  return plans.map((plan) => plan.join('\n'));
}
