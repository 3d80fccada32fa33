import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

describe.skipIf(!hasEngine())('hooks of a service', () => {
  let world: World;
  let count = 0;

  const newName = (): string => {
    count += 1;
    return `h${world.unique}${count}`;
  };
  const apply = async (stack: string, text: string) => {
    const path = await world.file(`${stack}/compose.yaml`, `name: ${stack}\n${text}`);
    return world.ctl('apply', '-f', path, '--timeout', '60s');
  };
  const cat = async (container: string, path: string): Promise<string> =>
    (await inside(world.docker, container, ['cat', path])).stdout;

  beforeAll(async () => {
    world = await World.create({ flags: ['--resync', '2s'] });
    await world.start();
  });
  afterAll(() => world.dispose());

  test('post_start runs after each start, before dependents are started, as the manifest says', async () => {
    const stack = newName();
    const ran = await apply(
      stack,
      `services:
  db:
    image: "${SMALL_IMAGE}"
    volumes: [data:/data]
    post_start:
      - command: sh -c 'sleep 1; echo "first $$WHO $$(pwd)" >> /data/ran'
        working_dir: /data
        environment: {WHO: me}
      - command: [sh, -c, 'echo "second $$(id -u)" >> /data/ran']
        user: root
      - command: [sh, -c, 'echo third >> /data/ran']
  web:
    image: "${SMALL_IMAGE}"
    command: sh -c 'cp /data/ran /tmp/seen; sleep 600'
    volumes: [data:/data]
    depends_on: [db]
volumes: {data: {}}
`,
    );
    expect(ran.code, ran.stderr).toBe(0);
    const once = 'first me /data\nsecond 0\nthird\n';
    expect(await cat(`${stack}-web-1`, '/tmp/seen')).toBe(once);
    await world.docker.getContainer(`${stack}-db-1`).restart({ t: 0 });
    await eventually('the hooks to run again', async () =>
      (await cat(`${stack}-db-1`, '/data/ran')) === once + once ? true : undefined,
    );
    await world.untilReady(stack);
    expect(await cat(`${stack}-db-1`, '/data/ran')).toBe(once + once);
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });

  test('a post_start that fails keeps dependents waiting, says why, and is tried again', async () => {
    const stack = newName();
    const path = await world.file(
      `${stack}/compose.yaml`,
      `name: ${stack}
services:
  db:
    image: "${SMALL_IMAGE}"
    post_start:
      - command: sh -c 'test -e /tmp/go || { echo not yet >&2; exit 3; }'
  web: {image: "${SMALL_IMAGE}", depends_on: [db]}
`,
    );
    const ran = await world.ctl('apply', '-f', path, '--wait=false');
    expect(ran.code, ran.stderr).toBe(0);
    const status = await eventually('a failed hook', async () => {
      const now = await world.status(stack);
      const db = now?.services.find(({ name }) => name === 'db');
      return db?.state === 'PostStartHookError' ? now : undefined;
    });
    expect(status?.services.find(({ name }) => name === 'db')?.message).toBe(
      'the post_start hook exited with code 3: not yet; it is tried again, and what depends on the service waits for it',
    );
    expect((await world.docker.getContainer(`${stack}-web-1`).inspect()).State.Status).toBe('created');
    // An event is told a moment after the status that shows it.
    await eventually('the event', async () =>
      (await world.events(stack)).some(({ reason }) => reason === 'FailedPostStartHook') ? true : undefined,
    );
    await inside(world.docker, `${stack}-db-1`, ['touch', '/tmp/go']);
    await world.untilReady(stack);
  });

  test('a program that is not there is a hook that failed', async () => {
    const stack = newName();
    await apply(stack, `services: {web: {image: "${SMALL_IMAGE}"}}`);
    const path = await world.file(
      `${stack}/compose.yaml`,
      `name: ${stack}\nservices: {web: {image: "${SMALL_IMAGE}", post_start: [{command: [/nowhere]}]}}`,
    );
    const before = await world.docker.getContainer(`${stack}-web-1`).inspect();
    const ran = await world.ctl('apply', '-f', path, '--timeout', '60s');
    expect(ran.code).not.toBe(0);
    const after = await world.docker.getContainer(`${stack}-web-1`).inspect();
    expect({ id: after.Id, runs: after.State.Running }).toEqual({ id: before.Id, runs: true });
    expect((await world.status(stack))?.conditions[0]?.message).toContain('/nowhere');
  });

  test('preStart runs in the volumes of its service before that is started, once a change', async () => {
    const stack = newName();
    const text = (color: string) => `services:
  web:
    image: "${SMALL_IMAGE}"
    command: sh -c 'cp /data/ran /tmp/seen; sleep 600'
    stop_grace_period: 0s
    environment: {COLOR: ${color}}
    volumes: [data:/data]
    x-stackctl:
      preStart:
        - command: [sh, -c, 'echo "first $$COLOR" >> /data/ran']
        - command: [sh, -c, 'echo "second $$WHO" >> /data/ran']
          environment: {WHO: me}
volumes: {data: {}}
`;
    const first = await apply(stack, text('red'));
    expect(first.code, first.stderr).toBe(0);
    expect(await cat(`${stack}-web-1`, '/tmp/seen')).toBe('first red\nsecond me\n');
    await world.docker.getContainer(`${stack}-web-1`).restart({ t: 0 });
    await world.untilReady(stack);
    const second = await apply(stack, text('green'));
    expect(second.code, second.stderr).toBe(0);
    expect(await cat(`${stack}-web-1`, '/tmp/seen')).toBe('first red\nsecond me\nfirst green\nsecond me\n');
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });

  test('pre_stop runs before a replacement and before the deletion, and cannot hold either up', async () => {
    const stack = newName();
    const text = (color: string) => `services:
  web:
    image: "${SMALL_IMAGE}"
    environment: {COLOR: ${color}}
    volumes: ["./out:/out"]
    pre_stop:
      - command: sh -c 'echo "bye from $$COLOR" >> /out/said'
      - command: "false"
`;
    await world.file(`${stack}/out/said`, '');
    expect((await apply(stack, text('red'))).code).toBe(0);
    expect((await apply(stack, text('green'))).code).toBe(0);
    const deleted = await world.ctl('delete', stack);
    expect(deleted.code, deleted.stderr).toBe(0);
    const said = await readFile(join(world.directory, 'work', stack, 'out', 'said'), 'utf8');
    expect(said).toBe('bye from red\nbye from green\n');
  });
});
