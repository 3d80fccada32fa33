import { defineConfig } from 'vitest/config';
import { seedBug } from './test/seeded-bugs/plugin.ts';
import { LongestFirst } from './test/support/longest-first.ts';

/** Makes the program wrong on purpose: `test/seeded-bugs/`. */
const seededBug = process.env['SEEDED_BUG'];

/** Tiers that need no engine are quick, unless somebody asks for many more cases; tiers that do share one engine and so run a file at a time. */
const quick = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: process.env['PROPERTY_RUNS'] === undefined ? 60_000 : 7_200_000,
  },
});
/** Many thousand cases a test, bounded by their number and not by time. Each leaves little behind, which is cleared less often so. */
const thorough = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: 7_200_000,
    execArgv: ['--max-semi-space-size=64'],
  },
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
  plugins: seededBug === undefined ? [] : [seedBug(seededBug)],
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/count-reporter.ts'],
    projects: [
      quick('unit'),
      quick('property'),
      quick('sim'),
      quick('cli'),
      quick('security'),
      thorough('simulation'),
      thorough('seeded-bugs'),
      onEngine('engine'),
      onEngine('e2e'),
      onEngine('chaos'),
    ],
  },
});
