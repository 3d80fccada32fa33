import { defineConfig } from 'vitest/config';

/** Tiers that need no engine are quick; tiers that do share one engine and so run a file at a time. */
const quick = (name: string) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 60_000 },
});
/** Many thousand cases a test, bounded by their number and not by time. */
const thorough = (name: string) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 7_200_000 },
});
const onEngine = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    globalSetup: ['test/support/engine-setup.ts'],
  },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    projects: [
      quick('unit'),
      quick('property'),
      quick('sim'),
      quick('cli'),
      quick('security'),
      thorough('simulation'),
      onEngine('engine'),
      onEngine('e2e'),
    ],
  },
});
