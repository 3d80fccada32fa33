import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../support/lab.ts';
import { run, World } from '../support/stackctld.ts';
import { blocksOf, markValue, readDocument } from '../unit/docs/markdown.ts';
import { runnable, scriptOf } from '../unit/docs/shell-script.ts';

const DIST = process.env['STACKCTL_DIST'] ?? join(import.meta.dirname, '../../dist');

describe.skipIf(!hasEngine())('the commands of README', () => {
  let world: World;
  let place: string;
  let stack: string;

  beforeAll(async () => {
    world = await World.create();
    place = join(world.directory, 'place');
    stack = `hello-${world.unique}`;
  });
  afterAll(async () => {
    await world.dispose();
  });

  /** The stack gets a name of its own, since somebody's `hello` may be on the engine already. */
  const renamed = (text: string) => text.replaceAll('hello', stack);

  test('do, typed one after another, what they say', async () => {
    const blocks = blocksOf(renamed(readDocument('README.md')));
    for (const block of blocks) {
      const file = markValue(block, 'file');
      if (file === undefined) continue;
      await mkdir(dirname(join(place, file)), { recursive: true });
      await writeFile(join(place, file), block.text);
    }
    const ran = await run('bash', ['-c', scriptOf(runnable(blocks))], {
      cwd: place,
      env: await surroundings(),
    });
    if (ran.code !== 0) {
      const log = await readFile(join(place, 'stackctld.log'), 'utf8').catch(() => 'there is no log');
      throw new Error(`exit ${ran.code}\n${ran.stdout}\n${ran.stderr}\n${log.slice(-6000)}`);
    }

    const web = await world.docker.getContainer(`${stack}-web-1`).inspect();
    expect(web.State.Health?.Status).toBe('healthy');
    expect(web.Config.Cmd).toContain('goodbye');
    expect(Object.keys(web.NetworkSettings.Networks)).toEqual([`${stack}_front`]);
    expect((await world.docker.getNetwork(`${stack}_front`).inspect()).Internal).toBe(true);
    expect((await world.docker.getVolume(`${stack}_pages`).inspect()).Name).toBe(`${stack}_pages`);
  });

  /** What a user has after installation, on this world's engine and with its labels. */
  async function surroundings(): Promise<NodeJS.ProcessEnv> {
    const bin = join(world.directory, 'bin');
    await mkdir(bin);
    for (const program of ['stackctl', 'stackctld']) {
      const shim = join(bin, program);
      await writeFile(
        shim,
        `#!/bin/sh\nexec '${process.execPath}' '${join(DIST, 'bin', `${program}.js`)}' "$@"\n`,
      );
      await chmod(shim, 0o755);
    }
    return {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: world.directory,
      DOCKER_HOST: world.proxy.host,
      STACKCTL_INSTANCE: world.instance,
    };
  }
});
