import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { expect, inject, test } from 'vitest';
import { hasEngine, testDocker } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';
import { IDLE } from './scenario.ts';

/** Two events each: a volume comes to be, and goes. */
const PAIRS = 2_000;
/** Measured at a time. */
const BATCH = 50;
const BEARABLE = 3;

/** So many batches in a row are slow only if the engine is: a busy machine makes one slow. */
const IN_A_ROW = 5;

/** Has the main thread of the daemon do nothing at all for as long as a file is there, once the signal comes. */
const BLOCK_ON_SIGNAL = `data:text/javascript,${[
  "import{isMainThread}from'node:worker_threads'",
  "import{existsSync}from'node:fs'",
  'const/**/wait=()=>{while(existsSync(process.env.TEST_BLOCK))Atomics.wait(new(Int32Array)(new(SharedArrayBuffer)(4)),0,0,50)}',
  "if(isMainThread)process.on('SIGUSR2',wait)",
].join(';')}`;

/** How long a pair takes in the mean. */
async function pairMs(docker: Docker, name: string, pairs: number): Promise<number> {
  const beganMs = performance.now();
  for (let pair = 0; pair < pairs; pair += 1) {
    await docker.createVolume({ Name: name });
    await docker.getVolume(name).remove();
  }
  return (performance.now() - beganMs) / pairs;
}

/** The best of the last batches, after all pairs or when they have all been too slow. */
async function underBlock(docker: Docker, name: string, tooSlowMs: number) {
  let pairs = 0;
  let last: number[] = [];
  const bestMs = () => (last.length < IN_A_ROW ? 0 : Math.min(...last));
  while (pairs < PAIRS && bestMs() < tooSlowMs) {
    last = [...last, await pairMs(docker, name, BATCH)].slice(-IN_A_ROW);
    pairs += BATCH;
  }
  return { pairs, bestMs: bestMs() };
}

test.skipIf(!hasEngine())(
  'a daemon that does nothing during 4000 events does not slow down the engine',
  { timeout: 900_000 },
  async () => {
    const host = inject('engineHost') ?? '';
    const docker = testDocker(host);
    const blocked: { file?: string } = {};
    // Past the proxy: it would take the events off the engine's hands.
    const world = await World.create({
      flags: ['--docker-host', host],
      env: {
        NODE_OPTIONS: `--import=${BLOCK_ON_SIGNAL}`,
        get TEST_BLOCK() {
          return blocked.file;
        },
      },
    });
    blocked.file = join(world.directory, 'blocked');
    try {
      const stack = `t${world.unique}`;
      await world.write(`${stack}.compose.yaml`, `services: {web: {${IDLE}}}`);
      await world.start();
      await world.untilReady(stack);
      const name = `${stack}-pair`;
      const usualMs = await pairMs(docker, name, 4 * BATCH);
      await writeFile(blocked.file, '');
      process.kill(world.pid ?? 0, 'SIGUSR2');
      await sleep(500);
      // It answers nobody: it is blocked indeed.
      const answer = await Promise.race([world.status(stack).then(() => 'an answer'), sleep(1_000, 'none')]);
      const { pairs, bestMs } = await underBlock(docker, name, BEARABLE * usualMs);
      await rm(blocked.file);
      console.log(
        `a volume made and removed takes ${usualMs.toFixed(2)} ms, and ${bestMs.toFixed(2)} ms after ${2 * pairs} events during which the daemon stood still`,
      );
      expect(answer).toBe('none');
      expect(bestMs / usualMs).toBeLessThan(BEARABLE);
      await world.untilReady(stack);
    } finally {
      await world.dispose();
    }
  },
);
