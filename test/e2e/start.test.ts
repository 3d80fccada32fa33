import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { hasEngine } from '../support/lab.ts';
import { run } from '../support/stackctld.ts';

const ROOT = join(import.meta.dirname, '../..');

describe.skipIf(!hasEngine())('npm start', () => {
  test('shows the examples at work, checks each of its claims, and leaves nothing behind', async () => {
    const env = { ...process.env, DOCKER_HOST: inject('engineHost') };
    const ran = await run('bash', ['scripts/start.sh'], { cwd: ROOT, env, patienceMs: 600_000 });
    expect(ran.code, `${ran.stdout.slice(-4000)}\n${ran.stderr.slice(-4000)}`).toBe(0);
    expect(ran.stdout).toContain('every claim held');
    expect(ran.stdout.match(/checked: /g)?.length).toBeGreaterThan(8);
  }, 660_000);
});
