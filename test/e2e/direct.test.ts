import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slow } from '../support/applied-stacks.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

describe.skipIf(!hasEngine())('stackctl --direct', () => {
  let world: World;
  let stack: string;
  let path: string;
  const idOf = async () => (await world.docker.getContainer(`${stack}-web-1`).inspect()).Id;

  beforeAll(async () => {
    world = await World.create();
    stack = `d${world.unique}`;
    path = await world.file('compose.yaml', slow(stack));
  });
  afterAll(() => world.dispose());

  test('applies without a daemon, and again for nothing', async () => {
    expect(await world.direct('apply', '-f', path)).toMatchObject({ code: 0 });
    const { Id, State } = await world.docker.getContainer(`${stack}-web-1`).inspect();
    expect(State.Health?.Status).toBe('healthy');
    const before = world.proxy.writes().length;
    const again = await world.direct('apply', '-f', path);
    expect(again).toMatchObject({ code: 0, stdout: `stack/${stack} unchanged\nstack/${stack} ready\n` });
    expect(world.proxy.writes().slice(before)).toEqual([]);
    expect(await idOf()).toBe(Id);
  });

  test('shows what is there', async () => {
    const { stdout } = await world.direct('get', 'stacks', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ name: stack, sync: 'Synced', health: 'Healthy' }] });
    expect((await world.direct('diff', stack)).code).toBe(0);
  });

  test('looking at drift repairs nothing, applying does', async () => {
    const id = await idOf();
    await world.docker.getContainer(id).stop({ t: 0 });
    const before = world.proxy.writes().length;
    expect((await world.direct('diff', stack)).code).toBe(1);
    const { stdout } = await world.direct('get', 'stack', stack, '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ sync: 'OutOfSync', suspended: false });
    expect(world.proxy.writes().slice(before)).toEqual([]);
    expect((await world.direct('apply', '-f', path)).code).toBe(0);
    expect((await world.docker.getContainer(id).inspect()).State.Running).toBe(true);
  });

  test('leaves what it made to a daemon that comes later, which finds nothing to do', async () => {
    const id = await idOf();
    const before = world.proxy.writes().length;
    await world.start();
    const status = await world.untilReady(stack);
    expect(status.source.kind).toBe('applied');
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
    expect(world.proxy.writes().slice(before)).toEqual([]);
    expect(await idOf()).toBe(id);
  });

  test('refuses to work beside a daemon', async () => {
    const places = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('stackctl-direct-'));
    const before = [world.proxy.writes().length, await places()];
    const ran = await world.direct('apply', '-f', path);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('another stackctld of this instance');
    expect([world.proxy.writes().length, await places()]).toEqual(before);
  });
});
