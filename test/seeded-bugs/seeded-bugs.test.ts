import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SEEDED_BUGS, type SeededBug } from './bugs.ts';

const run = promisify(execFile);

/** Of the suites that take random cases, a small part is enough. */
const SHARE = '0.3';

/** How many tests of the suite that is to catch it fail with the bug in the program. */
async function failures({ name, caughtBy }: SeededBug): Promise<number> {
  const project = caughtBy.file.split('/')[1] ?? '';
  const filter = caughtBy.test === undefined ? [] : ['-t', caughtBy.test];
  const args = ['vitest', 'run', '--project', project, caughtBy.file, ...filter, '--bail', '1'];
  const env = { ...process.env, SEEDED_BUG: name, SIMULATION_FACTOR: SHARE, NO_COLOR: '1' };
  const { stdout } = await run('npx', args, { env, maxBuffer: 64 * 1024 * 1024 }).catch(
    (thrown: { readonly stdout?: string }) => ({ stdout: thrown.stdout ?? '' }),
  );
  // A file that could not be loaded is no failed test: a bug that does not compile is not caught.
  const [, failed] = /^ *Tests +(?:(\d+) failed|\d+ passed)/m.exec(stdout) ?? [];
  if (!/^ *Tests +\d/m.test(stdout)) throw new Error(`the suite was not run:\n${stdout.slice(-2000)}`);
  return Number(failed ?? 0);
}

test('every seeded bug is one line that stands in the program once', () => {
  for (const { name, file, find, replace } of SEEDED_BUGS) {
    const times = readFileSync(`src/${file}`, 'utf8').split(find).length - 1;
    expect({ name, times, isChange: find !== replace }).toEqual({ name, times: 1, isChange: true });
  }
});

describe('the suites catch', () => {
  test.for(SEEDED_BUGS)('$name', async (bug) => {
    expect(await failures(bug)).toBeGreaterThan(0);
  });
});
