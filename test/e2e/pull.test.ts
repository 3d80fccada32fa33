import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceStatus } from '../../src/model/status.ts';
import { eventually } from '../support/eventually.ts';
import { SMALL_IMAGE } from '../support/lab.ts';
import { cannotPull, OTHER, PullScene, web } from '../support/pull-scene.ts';

/** Two more services, of which one waits until the other is healthy. */
const CHAIN = `  after: {image: "${SMALL_IMAGE}", stop_signal: SIGKILL, depends_on: {slow: {condition: service_healthy}}}
  slow:
    image: ${SMALL_IMAGE}
    stop_signal: SIGKILL
    command: [sh, -c, "sleep 3; touch /tmp/works; exec sleep 100000"]
    healthcheck: {test: [CMD, test, -e, /tmp/works], interval: 500ms, timeout: 10s, retries: 100}\n`;

describe.skipIf(cannotPull('pull policies'))('images from a registry, by each pull_policy', () => {
  let scene: PullScene;

  beforeAll(async () => {
    scene = await PullScene.create({ withLogin: false });
  });
  afterEach(() => scene.stacks.deleteAll());
  afterAll(() => scene.dispose());

  test('what is missing is pulled once, its progress shown, and its digest recorded', async () => {
    const stack = scene.stacks.newName();
    const fresh = await scene.commit('fresh', ['sh', '-c', 'head -c 3000000 /dev/urandom >/root/data']);
    const ref = await scene.publish(fresh, `${stack}:1`);
    // With the image goes its layer: the engine has to fetch it.
    await scene.world.docker.getImage(fresh).remove();
    const before = scene.pulls();
    const { stderr } = await scene.applied(stack, web(ref) + OTHER);
    const lines = stderr.split('\n').filter((line) => line.includes('pull image/'));
    expect(lines[0]).toBe(`stack/${stack} pull image/${ref}`);
    expect(lines.at(-1)).toBe(`stack/${stack} pull image/${ref}: done`);
    const told = lines.filter((line) => /: \d+ of \d+ layers?(, [\d.]+ .B downloaded)?$/.test(line));
    expect(told.length, stderr).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(12);

    const imageDigest = `${scene.registry.host}/${stack}@${await scene.registry.digest(`${stack}:1`)}`;
    const imageId = await scene.idOf(ref);
    const expected = { imageId, imageDigest, containers: [{ imageId, imageDigest }] };
    expect(await scene.service(stack)).toMatchObject(expected);
    const json = await scene.world.ctl('get', 'services', '-s', stack, '-o', 'json');
    const { items } = JSON.parse(json.stdout) as { items: readonly ServiceStatus[] };
    expect(items.find(({ name }) => name === 'web')).toMatchObject(expected);
    const { stdout } = await scene.world.ctl('describe', 'stack', stack);
    expect(stdout).toContain(imageDigest);
    expect((await scene.service(stack, 'other'))?.imageId).toBe(await scene.idOf(SMALL_IMAGE));

    await scene.applied(stack, web(ref, 'if_not_present', ', environment: {A: b}') + OTHER);
    expect(await scene.world.writesOfTwoPasses(stack)).toEqual([]);
    expect(scene.pulls() - before).toBe(1);
  });

  test('always: pulled with each new revision, never by a mere look; another image is rolled out', async () => {
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.applied(stack, web(ref, 'always') + OTHER);
    const [first, untouched] = [await scene.runningImage(stack), await scene.service(stack, 'other')];
    await scene.publish(scene.second, `${stack}:2`);
    await scene.moveTag(stack);
    const before = scene.pulls();
    expect(await scene.world.writesOfTwoPasses(stack)).toEqual([]);
    await scene.applied(stack, web(ref, 'always') + OTHER);
    expect({ pulls: scene.pulls() - before, image: await scene.runningImage(stack) }).toEqual({
      pulls: 0,
      image: first,
    });

    await scene.applied(stack, web(ref, 'always', ', labels: {next: "1"}') + OTHER);
    expect(scene.pulls() - before).toBe(1);
    expect(await scene.runningImage(stack)).toBe(await scene.idOf(scene.second));
    expect((await scene.service(stack))?.imageDigest).toBe(
      `${scene.registry.host}/${stack}@${await scene.registry.digest(`${stack}:2`)}`,
    );
    expect((await scene.service(stack, 'other'))?.containers).toEqual(untouched?.containers);
    expect(await scene.world.writesOfTwoPasses(stack)).toEqual([]);
  });

  test('every_5s: a tag that moved is found and rolled out without anybody’s asking', async () => {
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.applied(stack, web(ref, 'every_5s'));
    expect(await scene.runningImage(stack)).toBe(await scene.idOf(scene.first));
    await scene.moveTag(stack);
    const second = await scene.idOf(scene.second);
    await eventually(
      'the other image runs',
      async () => ((await scene.runningImage(stack)) === second ? true : undefined),
      { withinMs: 90_000, everyMs: 200 },
    );
    await scene.world.untilReady(stack);
  });

  test('every_1h: when the last pull was is remembered over a restart of the daemon', async () => {
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.applied(stack, web(ref, 'every_1h'));
    const before = scene.pulls();
    await scene.world.stop();
    await scene.world.start();
    await scene.world.untilReady(stack);
    expect(await scene.world.writesOfTwoPasses(stack)).toEqual([]);
    expect(scene.pulls() - before).toBe(0);
  });

  test('never: what is missing is said, and nothing is asked of a registry', async () => {
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    const before = scene.pulls();
    const ran = await scene.apply(stack, web(ref, 'never') + OTHER);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`image ${ref} is not on this engine and its pull_policy is never`);
    expect(await scene.condition(stack, 'Stalled')).toMatchObject({ status: 'True', reason: 'ImageMissing' });
    expect((await scene.condition(stack, 'Stalled'))?.message).toContain('docker load');
    expect(await scene.runningImage(stack, 'other')).toBe(await scene.idOf(SMALL_IMAGE));
    expect(scene.pulls() - before).toBe(0);
  });

  test('a word that is no policy is a problem with its place', async () => {
    const ran = await scene.apply(scene.stacks.newName(), web(SMALL_IMAGE, 'sometimes'));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/compose\.yaml:\d+:\d+/);
    expect(ran.stderr).toContain('every_DURATION');
  });

  test('a tag that is missing stops nobody else, is told, and is pulled when it comes', async () => {
    const stack = scene.stacks.newName();
    const ref = `${scene.registry.host}/${stack}:1`;
    const ran = await scene.apply(stack, web(ref) + OTHER + CHAIN, '--timeout', '15s');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`service/${stack}/web 0/1 ImagePullBackOff`);
    const states = await eventually(
      'the others run',
      async () => {
        const services = (await scene.world.status(stack))?.services ?? [];
        const running = services.filter(({ state }) => state === 'Running');
        if (running.length < 3) return undefined;
        return Object.fromEntries(services.map(({ name, state }) => [name, state]));
      },
      { withinMs: 60_000, everyMs: 100 },
    );
    expect(states).toEqual({ web: 'ImagePullBackOff', other: 'Running', slow: 'Running', after: 'Running' });
    expect(await scene.condition(stack, 'Ready')).toMatchObject({ status: 'False', reason: 'StepFailed' });
    expect((await scene.condition(stack, 'Ready'))?.message).toContain('the registry has no such tag');
    // Told between two attempts just as well, and not tried at every look.
    const before = scene.pulls();
    const looks = scene.world.proxy.calls.length;
    await eventually('some looks', () => (scene.world.proxy.calls.length > looks + 30 ? true : undefined), {
      withinMs: 60_000,
      everyMs: 100,
    });
    expect(scene.pulls() - before).toBeLessThan(3);
    await scene.publish(scene.first, `${stack}:1`);
    await scene.world.untilReady(stack, { withinMs: 120_000 });
  });

  test('a registry that hangs holds up nobody else, and not the deletion of the stack', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const stack = scene.stacks.newName();
      const { port } = silent.address() as AddressInfo;
      const before = scene.pulls();
      await scene.apply(stack, `${web(`127.0.0.1:${port}/x:1`)}${CHAIN}`, '--wait=false');
      await eventually('the others run', async () => await scene.runningImage(stack, 'after'), {
        withinMs: 60_000,
        everyMs: 50,
      });
      const failed = (await scene.world.events(stack)).filter(({ type }) => type === 'Warning');
      expect({ failed, pulls: scene.pulls() - before }).toEqual({ failed: [], pulls: 1 });
      expect(await scene.service(stack)).toMatchObject({ state: 'Waiting', ready: 0 });
      expect((await scene.world.ctl('delete', stack, '--timeout', '60s')).code).toBe(0);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  test('a registry that is down leaves what runs alone, is told, and asked again later', async () => {
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.applied(stack, web(ref, 'always') + OTHER);
    const { Id } = await scene.world.docker.getContainer(`${stack}-web-1`).inspect();
    await scene.moveTag(stack);
    await scene.registry.stop();
    try {
      // Another revision, in which web itself is the same.
      await scene.apply(
        stack,
        web(ref, 'always') + OTHER.replace('}', ', labels: {next: "1"}}'),
        '--wait=false',
      );
      const told = await scene.untilWeb(
        stack,
        'says so',
        ({ state, message }) => state === 'Running' && message.startsWith('runs the image that is here'),
      );
      expect(told.message).toContain('the registry cannot be reached');
      await scene.world.untilReady(stack);
      expect((await scene.world.docker.getContainer(`${stack}-web-1`).inspect()).Id).toBe(Id);
      const events = await scene.world.events(stack);
      expect(events.some(({ type, object }) => type === 'Warning' && object === `image/${ref}`)).toBe(true);
    } finally {
      await scene.registry.start();
    }
    const second = await scene.idOf(scene.second);
    await scene.untilWeb(
      stack,
      'runs the new image',
      ({ imageId, message }) => imageId === second && message === '',
    );
  });
});
