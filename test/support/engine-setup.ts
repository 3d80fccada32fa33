import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { SMALL_IMAGE, sweep, testDocker } from './lab.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the engine under test listens; undefined when none answers, and then its tests are skipped. */
    engineHost: string | undefined;
    /** Every instance label of a run's objects begins with it. */
    engineRun: string;
  }
}

/**
 * Once for all tests that need a real engine: finds it (DOCKER_HOST, else the usual socket), makes sure of
 * the small image, and at the end fails the run when a test left anything behind. Without an engine the
 * tests are skipped, loudly; with STACKCTL_REQUIRE_ENGINE=1 that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const host = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock';
  const run = `test-${randomBytes(4).toString('hex')}`;
  project.provide('engineRun', run);
  const docker = testDocker(host);
  const answer = await docker.version().catch((error: unknown) => error as Error);
  if (answer instanceof Error) {
    const message = `no Docker Engine answers at ${host} (${answer.message}): tests that need one cannot run`;
    if (process.env['STACKCTL_REQUIRE_ENGINE'] === '1') throw new Error(message);
    console.error(`\n*** ${message}, and are SKIPPED ***\n*** start one, or set DOCKER_HOST ***\n`);
    project.provide('engineHost', undefined);
    return undefined;
  }
  console.error(`engine ${answer.Version} (API ${answer.ApiVersion}) at ${host}`);
  await ensureImage(host);
  project.provide('engineHost', host);
  return async () => {
    const left = await sweep(docker, run);
    if (left.length === 0) return;
    console.error(`the tests left behind, now removed: ${left.join(', ')}`);
    // An error thrown here is printed, but does not fail the run.
    process.exitCode = 1;
  };
}

async function ensureImage(host: string): Promise<void> {
  const isThere = await testDocker(host)
    .getImage(SMALL_IMAGE)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (isThere) return;
  execFileSync('bash', ['scripts/images.sh', 'small'], {
    stdio: 'inherit',
    env: { ...process.env, DOCKER_HOST: host },
  });
}
