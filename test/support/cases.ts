import fc from 'fast-check';
import type { TestContext } from 'vitest';

/** How often a property is tried as long as it says nothing else; raised by hand when hunting. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 200);

/** Tries a property, and tells the reporter how many cases that were. */
export async function holds<Values>(
  test: TestContext,
  property: fc.IAsyncProperty<Values> | fc.IProperty<Values>,
  numRuns: number = RUNS,
): Promise<void> {
  await fc.assert(property, { numRuns });
  note(test, 'properties', numRuns);
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
