import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one line that any CI can count: `N passed, N failed, N skipped`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1;
      }
      // A suite whose set-up failed has no failed test, only skipped ones.
      const broken = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
      count.failed += broken.length + (module.errors().length > 0 ? 1 : 0);
    }
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
