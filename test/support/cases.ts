import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { TestContext } from 'vitest';

/** Where what failed is kept. */
export const FAILURES = 'build/failures';
/** How often a property is tried as long as it says nothing else; raised by hand when hunting. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 200);

/**
 * What an ordinary run tries is the same each time, so that a red run is the fault of a change. Who asks for more cases
 * hunts, and gets others each time.
 */
const ORDINARY_SEED = process.env['PROPERTY_RUNS'] === undefined ? { seed: 1 } : {};

/** `FUZZ_SEED` and `FUZZ_PATH`, as a failure prints them: the same cases once more, or the one that failed. */
export function whichCases(): { readonly seed?: number; readonly path?: string } {
  const { FUZZ_SEED: seed, FUZZ_PATH: path } = process.env;
  return {
    ...(seed === undefined ? ORDINARY_SEED : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  };
}

/** Tries a property, and tells the reporter how many cases that were. */
export async function holds<Values>(
  test: TestContext,
  property: fc.IAsyncProperty<Values> | fc.IProperty<Values>,
  numRuns: number = RUNS,
): Promise<void> {
  try {
    await fc.assert(property, { numRuns, ...whichCases() });
  } catch (thrown) {
    keep(test.task.name, String(thrown));
    throw thrown;
  }
  note(test, 'properties', numRuns);
}

/** A counterexample is seldom found twice, and the reporter tells of it only when everything is over. */
function keep(name: string, counterexample: string): void {
  mkdirSync(FAILURES, { recursive: true });
  writeFileSync(join(FAILURES, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.txt`), counterexample);
}

/** Tells the reporter how many cases stand behind a test. */
export function note(test: TestContext, suite: string, cases: number): void {
  const known = test.task.meta.suites ?? {};
  test.task.meta.suites = { ...known, [suite]: (known[suite] ?? 0) + cases };
}

declare module 'vitest' {
  interface TaskMeta {
    /** Cases by suite. */
    suites?: Readonly<Record<string, number>>;
  }
}
