import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StackEvent } from '../../src/model/status.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { World } from '../support/stackctld.ts';
import { TestStack } from '../support/test-stack.ts';

/** Services that cannot work: what the user is told, when it is tried again, and that nobody else is concerned. */
describe.skipIf(!hasEngine())('of a workload that cannot work', () => {
  let world: World;
  let stack: TestStack;
  let count = 0;
  const image = `image: "${SMALL_IMAGE}"`;

  beforeAll(async () => {
    world = await World.create({ flags: ['--resync', '2s'] });
    await world.start();
  });
  beforeEach(() => {
    count += 1;
    stack = new TestStack(world, `b${world.unique}${count}`);
  });
  afterEach(() => stack.delete());
  afterAll(() => world.dispose());

  /** A stack of this service and of a good one; the good one runs, whatever becomes of the other. */
  const start = async (bad: string): Promise<void> => {
    await stack.applying(`services: {bad: {${bad}}, good: {${image}}}`);
    await stack.untilService('good', 'Running');
  };

  /** The service is in this state, with this message, so is the stack, and it is told when it is looked at again. */
  async function expectTold(state: string, message: RegExp): Promise<void> {
    const bad = await stack.untilService('bad', state, message);
    expect(bad).toMatchObject({ health: 'Degraded', ready: 0 });
    await eventually(
      `${stack.name} is not ready, with ${message}, and is looked at again`,
      async () => {
        const status = await world.status(stack.name);
        const ready = status?.conditions.find(({ type }) => type === 'Ready');
        const isTold = ready?.status === 'False' && message.test(ready.message);
        return isTold && Date.parse(status?.nextLookAt ?? '') > Date.now() ? true : undefined;
      },
      { everyMs: 50 },
    );
    expect(await stack.service('good')).toMatchObject({ ready: 1, state: 'Running', restarts: 0 });
  }

  /** When a start or restart of it is tried next, as its message says. */
  async function nextTryMs(): Promise<number> {
    const { message } = await stack.untilService('bad', 'CrashLoopBackOff', /back-off until /);
    return Date.parse(/back-off until (\S+Z), attempt \d+/.exec(message)?.[1] ?? '');
  }

  async function expectNextTry(): Promise<void> {
    const atMs = await nextTryMs();
    expect(atMs).toBeGreaterThan(Date.now());
    expect(atMs).toBeLessThan(Date.now() + 300_000);
  }

  test('an image that cannot be pulled', async () => {
    await start('image: "registry.invalid/nothing:1"');
    await expectTold(
      'ImagePullBackOff',
      /pull image registry\.invalid\/nothing:1: .*; the registry cannot be reached/,
    );
    const told = await stack.untilEvent('StepFailed', 'image/registry.invalid/nothing:1');
    expect(told).toMatchObject({ type: 'Warning', message: expect.stringContaining('cannot be reached') });
  });

  test('a command that does not exist', async () => {
    await start(`${image}, command: [no-such-program]`);
    const told = await stack.untilEvent('StepFailed', `container/${stack.container('bad')}`);
    expect(told.message).toMatch(/could not start .*no-such-program.*correct command or entrypoint/);
    await expectNextTry();
    await expectTold(
      'CrashLoopBackOff',
      /executable file not found.*; the image has no no-such-program; correct command/,
    );
  });

  describe('a port', () => {
    let server: Server;
    let port: number;
    beforeEach(async () => {
      server = createServer().listen(0, '0.0.0.0');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    });
    afterEach(async () => {
      if (server.listening) await once(server.close(), 'close');
    });

    test('that a program of the host has; when that has ended, the service is started without any command', async () => {
      await start(`${image}, ports: ["${port}:80"]`);
      await expectNextTry();
      const what = `a process of the host listens on port ${port} \\(ss -lnp .*\\); stop it or publish another`;
      await expectTold('CrashLoopBackOff', new RegExp(`address already in use.*; ${what}`));
      await stack.untilEvent('StepFailed', `container/${stack.container('bad')}`, new RegExp(what));
      await once(server.close(), 'close');
      await world.untilReady(stack.name);
      expect(await stack.isRunning('bad')).toBe(true);
    });
  });

  test.each([
    ['that never passes', '[CMD, sh, -c, "echo no luck; exit 1"]', 'its healthcheck fails: no luck'],
    ['that never ends', '[CMD, sleep, "1000"]', 'its healthcheck fails: Health check exceeded timeout'],
  ])('a healthcheck %s', async (_, probe, message) => {
    const check = `{test: ${probe}, interval: 200ms, timeout: 1s, retries: 2}`;
    await start(`${image}, stop_signal: SIGKILL, healthcheck: ${check}`);
    const { id } = await stack.identity('bad');
    await stack.untilEvent('Restarted', `container/${stack.container('bad')}`, /Unhealthy/);
    await expectNextTry();
    await expectTold('CrashLoopBackOff', new RegExp(`${message}.*; see stackctl logs ${stack.name} bad; `));
    expect((await stack.identity('bad')).id).toBe(id);
  });

  test('a container that exits at once', async () => {
    await start(`${image}, command: [sh, -c, "echo bye; exit 4"]`);
    await stack.untilEvent('Started', `container/${stack.container('bad')}`, /exited \(4\) -> running/);
    await expectNextTry();
    await expectTold('CrashLoopBackOff', /exited with code 4; see stackctl logs \S+ bad; /);
    expect((await world.ctl('logs', stack.name, 'bad')).stdout).toContain('bye');
  });

  test('a container that needs more memory than it may have', async (context) => {
    const { MemoryLimit } = (await world.docker.info()) as { MemoryLimit?: boolean };
    const missing = MemoryLimit === true ? undefined : 'this engine cannot limit memory';
    if (skipLoudly('a container out of memory', missing, false)) context.skip();
    await start(`${image}, mem_limit: 16m, memswap_limit: 16m, command: [tail, /dev/zero]`);
    await expectNextTry();
    await expectTold('CrashLoopBackOff', /out of memory; it needs less, or a higher mem_limit; /);
    expect((await stack.inspect('bad')).State.OOMKilled).toBe(true);
  });

  test('a container that ignores its stop signal is given its time, and not more, on replacement and deletion', async () => {
    const text = (color: string) =>
      `services: {web: {${image}, command: [sleep, "100000"], stop_grace_period: 2s, deploy: {update_config: {monitor: 100ms}}, environment: {COLOR: ${color}}}}`;
    const tookMs = async (act: () => Promise<unknown>) => {
      const beganMs = performance.now();
      await act();
      return performance.now() - beganMs;
    };
    const stops = () =>
      world.proxy
        .writes()
        .map(({ path }) => path)
        .filter((path) => path.includes('/stop?'));
    await stack.applied(text('red'));
    const { id } = await stack.identity('web');
    const before = stops().length;
    expect(await tookMs(() => stack.applied(text('blue')))).toBeGreaterThan(2_000);
    const { id: newId } = await stack.identity('web');
    expect(newId).not.toBe(id);
    expect(await tookMs(() => stack.delete())).toBeGreaterThan(2_000);
    expect(stops().slice(before)).toEqual(
      [id, newId].map((each) => expect.stringMatching(new RegExp(`/containers/${each}/stop\\?t=2$`))),
    );
    expect(await stack.ids()).toEqual({});
  });

  const MONITOR_S = 2;

  test.each([
    ['image', `image: "registry.invalid/nothing:1"`],
    ['command', `${image}, command: [no-such-program]`],
    ['program', `${image}, command: [sh, -c, "exit 5"]`],
  ])(
    'a new revision with a broken %s: the old container runs on or again, soon, with its data',
    async (kind, broken) => {
      const text = (web: string) => `services:
  web: {${web}, stop_signal: SIGKILL, volumes: ["data:/data"], deploy: {update_config: {monitor: ${MONITOR_S}s}}}
  other: {${image}}
volumes: {data: {}}`;
      await stack.applied(text(image));
      const before = await stack.ids();
      const other = await stack.identity('other');
      const name = stack.container('web');
      await inside(world.docker, name, ['sh', '-c', 'echo precious > /data/file']);
      const known = (await world.events(stack.name)).at(-1)?.sequence ?? 0;

      await stack.applying(text(broken));
      if (kind === 'image') {
        await stack.untilService('web', 'ImagePullBackOff');
      } else {
        await stack.untilCondition(
          'Stalled',
          'BadRevision',
          /the one before it keeps running; change the manifest/,
        );
        // All of a pass is told at once, a moment after its status.
        await stack.untilEvent('BadRevision', `container/${name}`);
        const told = (await world.events(stack.name)).filter(({ sequence }) => sequence > known);
        expectStory(told, name);
        const writes = world.proxy.writes().length;
        expect((await stack.apply(text(broken))).code).toBe(1);
        await world.writesOfTwoPasses(stack.name);
        expect(world.proxy.writes().slice(writes)).toEqual([]);
      }
      expect(await stack.ids()).toEqual(before);
      expect(await stack.isRunning('web')).toBe(true);
      expect((await inside(world.docker, name, ['cat', '/data/file'])).stdout).toBe('precious\n');

      await stack.applied(text(`${image}, environment: {FIXED: "yes"}`));
      expect((await stack.inspect('web')).Config.Env).toContain('FIXED=yes');
      expect((await inside(world.docker, name, ['cat', '/data/file'])).stdout).toBe('precious\n');
      expect(await stack.identity('other')).toEqual(other);
    },
  );

  /** What is told of a revision that failed, in the order in which it happened; and how long the way back took. */
  function expectStory(events: readonly StackEvent[], name: string): void {
    const first = (reason: string, object: RegExp, message = /(?:)/) => {
      const found = events.findIndex(
        (event) => event.reason === reason && object.test(event.object) && message.test(event.message),
      );
      return { index: found, atMs: Date.parse(events[found]?.firstAt ?? '') };
    };
    const old = new RegExp(`^container/${name}$`);
    const fresh = new RegExp(`^container/${name}\\.[0-9a-f]{8}$`);
    const created = first('Created', fresh, /SpecChanged/);
    const stopped = first('Stopped', old);
    const back = first('Started', old, /RolledBack/);
    const removed = first('Removed', fresh);
    const story = [created, stopped, back, removed].map(({ index }) => index);
    expect(story).not.toContain(-1);
    expect(story).toEqual(story.toSorted((a, b) => a - b));
    expect(first('BadRevision', old).index).toBeGreaterThanOrEqual(0);
    expect(back.atMs - stopped.atMs).toBeLessThanOrEqual((MONITOR_S + 20) * 1000);
  }
});
