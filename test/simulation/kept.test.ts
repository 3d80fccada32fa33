import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Case, runCase } from '../support/simulation/case.ts';

const KEPT = join(import.meta.dirname, 'kept');

/** A history in which the program was wrong once; without what was mended then, it fails again. */
interface KeptCase {
  /** What went wrong, and what was mended. */
  readonly bug: string;
  readonly given: Case;
}

const files = readdirSync(KEPT).filter((name) => name.endsWith('.json'));

test.each(files)('%s ends well', async (file) => {
  const { bug, given } = JSON.parse(readFileSync(join(KEPT, file), 'utf8')) as KeptCase;
  const { faults } = await runCase(given);
  expect(faults, bug).toEqual([]);
});
