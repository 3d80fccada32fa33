import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one line that any CI can count: `N passed, N failed, N skipped`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const cases = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1;
        for (const [suite, number] of Object.entries(test.meta().suites ?? {})) {
          cases.set(suite, (cases.get(suite) ?? 0) + number);
        }
      }
      // A suite whose set-up failed has no failed test, only skipped ones.
      const broken = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
      count.failed += broken.length + (module.errors().length > 0 ? 1 : 0);
    }
    showCases(cases);
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}

/** What stands behind tests that try many cases each. */
function showCases(cases: ReadonlyMap<string, number>): void {
  if (cases.size === 0) return;
  const sum = [...cases.values()].reduce((total, number) => total + number, 0);
  const lines = [...[...cases].sort(([a], [b]) => (a < b ? -1 : 1)), ['all', sum] as const];
  const width = Math.max(...lines.map(([suite]) => suite.length));
  const figures = (number: number) => number.toLocaleString('en').padStart(9);
  console.log(
    `\ncases\n${lines.map(([suite, number]) => `  ${suite.padEnd(width)} ${figures(number)}`).join('\n')}`,
  );
}
