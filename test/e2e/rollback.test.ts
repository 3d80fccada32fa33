import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectOf } from '../support/engine-view.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

describe.skipIf(!hasEngine())('rollouts that are steered by hand', () => {
  let world: World;
  let count = 0;
  const images: string[] = [];

  const newName = (): string => {
    count += 1;
    return `b${world.unique}${count}`;
  };
  /** A manifest in the directory that the daemon follows. */
  const commit = (stack: string, services: string) =>
    world.write(`${stack}.compose.yaml`, `name: ${stack}\nservices:\n${services}`);
  const web = (color: string, more = '') =>
    `  web: {image: "${SMALL_IMAGE}", command: sleep 600, environment: {COLOR: ${color}}, stop_grace_period: 0s${more}}\n`;
  const colors = async (stack: string): Promise<readonly string[]> => {
    const all = await world.docker.listContainers({ filters: { label: [`io.stackctl.stack=${stack}`] } });
    const inspected = await Promise.all(all.map(({ Id }) => inspectOf(world.docker, Id)));
    return inspected
      .filter((wire) => wire !== undefined)
      .map(({ Config }) => Config.Env.find((each) => each.startsWith('COLOR='))?.slice(6) ?? '');
  };
  const untilColor = (stack: string, color: string) =>
    eventually(
      `${stack} to be ${color}`,
      async () => ((await colors(stack)).join() === color ? true : undefined),
      { everyMs: 100 },
    );
  /** Commits, and waits until it is what runs. */
  const rollOut = async (stack: string, color: string, more = ''): Promise<void> => {
    const before = (await world.status(stack))?.generation ?? 0;
    await commit(stack, web(color, more));
    await untilColor(stack, color);
    await world.untilReady(stack, { generation: before + 1 });
  };
  const condition = async (stack: string, type: string) =>
    (await world.status(stack))?.conditions.find((each) => each.type === type);

  beforeAll(async () => {
    world = await World.create({ flags: ['--resync', '2s'] });
    await world.start();
  });
  afterAll(async () => {
    await world.dispose();
    for (const image of images)
      await world.docker
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined);
  });

  test('a rollback is held against the manifest, over a restart of the daemon, until it is released', async () => {
    const stack = newName();
    await rollOut(stack, 'red');
    await rollOut(stack, 'green');
    const back = await world.ctl('rollback', stack);
    expect(back).toMatchObject({ code: 0 });
    expect(back.stdout).toBe(`stack/${stack} rolled back to revision 1\nstack/${stack} ready\n`);
    expect(await colors(stack)).toEqual(['red']);
    expect(await condition(stack, 'Ready')).toMatchObject({ status: 'True', reason: 'RolloutHeld' });
    expect((await world.status(stack))?.sync).toBe('OutOfSync');
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
    await commit(stack, web('blue'));
    await world.stop();
    await world.start();
    await world.docker.getContainer(`${stack}-web-1`).remove({ force: true });
    await untilColor(stack, 'red');
    expect(await world.ctl('rollout', 'resume', stack)).toMatchObject({ code: 0 });
    expect(await world.ctl('rollout', 'status', stack, '--timeout', '60s')).toMatchObject({ code: 0 });
    expect(await colors(stack)).toEqual(['blue']);
  });

  test('history tells the revisions, and one can be chosen; what is secret stands nowhere in clear', async () => {
    const stack = newName();
    for (const color of ['red', 'green', 'blue']) {
      await rollOut(stack, color, `, hostname: canary-${stack}`);
    }
    const history = await world.ctl('history', stack);
    expect(history.stdout.split('\n').map((line) => line.split(/\s{2,}/)[0])).toEqual([
      'REVISION',
      '3',
      '2',
      '1',
      '',
    ]);
    expect(history.stdout).toContain('web: Env.COLOR: (a value) -> (another value)');
    expect(await world.ctl('rollback', stack, '--to-revision', '1')).toMatchObject({ code: 0 });
    expect(await colors(stack)).toEqual(['red']);
    const unknown = await world.ctl('rollback', stack, '--to-revision', '77');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('kept are revisions 3, 2, 1');
    const kept = join(world.stateDirectory, 'revisions');
    for (const file of await readdir(kept)) {
      expect(await readFile(join(kept, file), 'utf8')).not.toContain('canary');
    }
  });

  test('an image whose tag was moved comes back by its id', async () => {
    const stack = newName();
    const tag = `stackctl.local/back-${stack}`;
    images.push(`${tag}:1`);
    await world.docker.getImage(SMALL_IMAGE).tag({ repo: tag, tag: '1' });
    await commit(stack, `  web: {image: "${tag}:1", pull_policy: never, stop_grace_period: 0s}\n`);
    await world.untilReady(stack);
    const before = (await world.docker.getContainer(`${stack}-web-1`).inspect()).Image;
    // Both change at once, so that no revision of its own stands between.
    await world.ctl('suspend', stack);
    await world.docker.getContainer(`${stack}-web-1`).commit({ repo: tag, tag: '1' });
    await commit(
      stack,
      `  web: {image: "${tag}:1", pull_policy: never, stop_grace_period: 0s, labels: {a: b}}\n`,
    );
    await world.ctl('resume', stack);
    await eventually('the label', async () => {
      const wire = await world.docker
        .getContainer(`${stack}-web-1`)
        .inspect()
        .catch(() => undefined);
      return wire?.Config.Labels['a'] === 'b' ? true : undefined;
    });
    await world.untilReady(stack);
    expect((await world.docker.getContainer(`${stack}-web-1`).inspect()).Image).not.toBe(before);
    expect(await world.ctl('rollback', stack)).toMatchObject({ code: 0 });
    const after = await world.docker.getContainer(`${stack}-web-1`).inspect();
    expect({ image: after.Image, label: after.Config.Labels['a'] }).toEqual({ image: before });
  });

  test('a paused rollout replaces nothing, and goes on when it is told to', async () => {
    const stack = newName();
    await rollOut(stack, 'red');
    expect(await world.ctl('rollout', 'pause', stack)).toMatchObject({ code: 0 });
    await commit(stack, web('green'));
    await eventually('the wait', async () => {
      const reconciling = await condition(stack, 'Reconciling');
      return reconciling?.message.includes('rollout resume') === true ? true : undefined;
    });
    await world.docker.getContainer(`${stack}-web-1`).kill();
    await untilColor(stack, 'red');
    await world.ctl('rollout', 'resume', stack);
    await untilColor(stack, 'green');
    await world.untilReady(stack);
  });

  test('a restart is of each replica in place, and of no other service', async () => {
    const stack = newName();
    await commit(
      stack,
      `${web('red', ', scale: 2')}  db: {image: "${SMALL_IMAGE}", stop_grace_period: 0s}\n`,
    );
    await world.untilReady(stack);
    const look = async () => {
      const names = [`${stack}-web-1`, `${stack}-web-2`, `${stack}-db-1`];
      const all = await Promise.all(names.map((name) => world.docker.getContainer(name).inspect()));
      return all.map(({ Id, State }) => ({ id: Id, startedAt: State.StartedAt }));
    };
    const before = await look();
    expect(await world.ctl('rollout', 'restart', stack, 'web')).toMatchObject({ code: 0 });
    expect(await world.ctl('rollout', 'status', stack)).toMatchObject({ code: 0 });
    const after = await look();
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(after.map(({ startedAt }, index) => startedAt !== before[index]?.startedAt)).toEqual([
      true,
      true,
      false,
    ]);
    expect(await world.ctl('rollout', 'restart', stack, 'nobody')).toMatchObject({ code: 1 });
  });

  test('a bad revision goes back as a whole, and is tried again only when somebody says so', async () => {
    const stack = newName();
    const replicas = ', scale: 2, deploy: {update_config: {monitor: 1s}}';
    await commit(stack, web('red', replicas));
    await world.untilReady(stack);
    // The second replica fails: its hostname is asked for by the command.
    const bad = web('green', `${replicas}, volumes: ["./${stack}:/flags"]`).replace(
      'command: sleep 600',
      `command: sh -c 'if mkdir /flags/first; then sleep 600; else exit 3; fi'`,
    );
    await world.write(`${stack}/.keep`, '');
    await commit(stack, bad);
    await eventually('the way back', async () => {
      const stalled = await condition(stack, 'Stalled');
      return stalled?.reason === 'BadRevision' ? true : undefined;
    });
    await eventually('both to be red', async () =>
      (await colors(stack)).join() === 'red,red' ? true : undefined,
    );
    expect((await condition(stack, 'Stalled'))?.message).toContain('it exited with code 3');
    await eventually('the end of the way back', async () =>
      (await world.status(stack))?.pending.every((line) => line.startsWith('!')) === true ? true : undefined,
    );
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
    const history = JSON.parse((await world.ctl('history', stack, '-o', 'json')).stdout);
    expect(history.items[0]).toMatchObject({ number: 2, outcome: 'RolledBack', isRestorable: false });
  });
});
