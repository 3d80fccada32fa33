import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, outside, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';
import { TestStack } from '../support/test-stack.ts';

/**
 * What docker compose gets wrong about the life of containers, and stackctl must not (measured with docker compose 2.26
 * and 2.40). Row 21 (a tag that moved) is in rollout.test.ts, rows 11 and 30 (crashes) are in crash.test.ts and
 * engine-crash.test.ts, and the others in compose-rows.test.ts and drift.test.ts.
 */
describe.skipIf(!hasEngine())('what docker compose gets wrong about the life of containers', () => {
  let world: World;
  let stack: TestStack;
  let count = 0;
  const tags: string[] = [];
  const image = `image: "${SMALL_IMAGE}"`;
  /** The same where it is replaced: a new container counts as good soon. */
  const quick = `${image}, deploy: {update_config: {monitor: 300ms}}`;

  beforeAll(async () => {
    world = await World.create({ flags: ['--resync', '2s'] });
    await world.start();
  });
  beforeEach(() => {
    count += 1;
    stack = new TestStack(world, `h${world.unique}${count}`);
  });
  afterEach(() => stack.delete());
  afterAll(async () => {
    await world.dispose();
    for (const tag of tags) await untag(tag).catch(() => undefined);
  });

  /** Another name for the small image. */
  const tag = async (ref: string): Promise<void> => {
    const [repo = '', version = ''] = ref.split(':');
    tags.push(ref);
    await world.docker.getImage(SMALL_IMAGE).tag({ repo, tag: version });
  };
  const untag = (ref: string) => world.docker.getImage(ref).remove();
  const run = (service: string, ...argv: string[]) => inside(world.docker, stack.container(service), argv);

  test('row 10: for a port that is taken the old container is not touched; when it is free, the change is made', async () => {
    const port = await freePort();
    const text = (more: string) => `services: {web: {${quick}${more}}, other: {${image}}}`;
    await stack.applied(text(''));
    const before = await stack.identity('web');
    const hand = outside(world.docker, world.instance);
    const holder = await hand.runForeign(`${stack.name}-holder`, { hostPorts: [port] });

    await stack.applying(text(`, ports: ["${port}:80"]`));
    const said = await stack.untilCondition('Ready', 'PortTaken');
    expect(said.status).toBe('False');
    expect(said.message).toContain(`port ${port}/tcp is taken by container ${stack.name}-holder; publish`);
    expect(await stack.service('web')).toMatchObject({ state: 'PortTaken', health: 'Degraded', ready: 1 });
    expect(await world.writesOfTwoPasses(stack.name)).toEqual([]);
    expect(await stack.identity('web')).toEqual(before);

    await hand.remove(holder);
    await world.untilReady(stack.name);
    const after = await stack.inspect('web');
    expect(after.Id).not.toBe(before.id);
    expect(after.NetworkSettings.Ports['80/tcp']?.[0]?.HostPort).toBe(String(port));
  });

  test('row 16: restart policy, memory limit and a network are changed in place, a label by a new container', async () => {
    const text = (...more: string[]) =>
      `services: {web: {${[quick, ...more].join(', ')}}}\nnetworks: {default: {}, more: {}}`;
    const edits = ['restart: always', 'mem_limit: 64m', 'networks: [default, more]'];
    await stack.applied(text());
    const before = await stack.identity('web');
    for (const count of [1, 2, 3]) {
      await stack.applied(text(...edits.slice(0, count)));
      expect(await stack.identity('web'), edits[count - 1]).toEqual(before);
    }
    const { HostConfig, NetworkSettings } = await stack.inspect('web');
    expect(HostConfig.RestartPolicy?.Name).toBe('always');
    expect(HostConfig.Memory).toBe(64 * 1024 * 1024);
    expect(Object.keys(NetworkSettings.Networks).sort()).toEqual([
      `${stack.name}_default`,
      `${stack.name}_more`,
    ]);

    await stack.applied(text(...edits, 'labels: {color: red}'));
    const after = await stack.inspect('web');
    expect(after.Id).not.toBe(before.id);
    expect(after.Config.Labels['color']).toBe('red');
  });

  test('row 17: of the dependents of a service that is replaced, those with restart: true are restarted, in place', async () => {
    const text = (color: string) => `
services:
  db: {${quick}, environment: {COLOR: ${color}}}
  follows: {${image}, depends_on: {db: {condition: service_started, restart: true}}}
  stays: {${image}, depends_on: [db]}`;
    await stack.applied(text('red'));
    const follows = await stack.identity('follows');
    const stays = await stack.identity('stays');
    const db = await stack.identity('db');

    await stack.applied(text('blue'));
    const newDb = await stack.identity('db');
    expect(newDb.id).not.toBe(db.id);
    const restarted = await stack.identity('follows');
    expect(restarted.id).toBe(follows.id);
    expect(Date.parse(restarted.startedAt)).toBeGreaterThan(Date.parse(newDb.startedAt));
    expect(await stack.identity('stays')).toEqual(stays);
    const { message } = await stack.untilEvent('Restarted', `container/${stack.container('follows')}`);
    expect(message).toContain('DependencyReplaced');
  });

  test('row 18: who shares the network of a container that was restarted has a network again', async () => {
    await stack.applied(
      `services: {parent: {${image}}, child: {${image}, network_mode: "service:parent"}, other: {${image}}}`,
    );
    const interfaces = async () => (await run('child', 'ls', '/sys/class/net')).stdout;
    expect(await interfaces()).toContain('eth0');
    const child = await stack.identity('child');
    const other = await stack.identity('other');

    await world.docker.getContainer(stack.container('parent')).restart({ t: 0 });
    await stack.untilEvent('Restarted', `container/${stack.container('child')}`, /DependencyReplaced/);
    await world.untilReady(stack.name);
    const restarted = await stack.identity('child');
    expect(restarted.id).toBe(child.id);
    const parent = await stack.identity('parent');
    expect(Date.parse(restarted.startedAt)).toBeGreaterThan(Date.parse(parent.startedAt));
    expect(await interfaces()).toContain('eth0');
    expect(await stack.identity('other')).toEqual(other);
    expect(await world.writesOfTwoPasses(stack.name)).toEqual([]);
  });

  test('row 20: an image that is missing concerns its own service only, and one that goes from under a container nobody', async () => {
    const [never, pulled] = ['never', 'pulled'].map((word) => `stackctl.local/${stack.name}-${word}:1`);
    if (never === undefined || pulled === undefined) throw new Error('unreachable');
    await stack.applying(`
services:
  never: {image: "${never}", pull_policy: never}
  pulled: {image: "${pulled}"}
  other: {${image}}`);
    await stack.untilService('other', 'Running');
    const gone = await stack.untilService('never', 'ImageMissing', /docker load/);
    expect(gone.message).toContain(`image ${never} is not on this engine`);
    await stack.untilService('pulled', 'ImagePullBackOff');
    expect(await stack.condition('Ready')).toMatchObject({ status: 'False', reason: 'ImageMissing' });
    expect(Object.keys(await stack.ids())).toEqual([stack.container('other')]);
    const other = await stack.identity('other');

    await tag(never);
    await tag(pulled);
    await world.untilReady(stack.name);
    const before = await Promise.all(['never', 'pulled'].map((service) => stack.identity(service)));
    expect(await stack.identity('other')).toEqual(other);

    await untag(never);
    await untag(pulled);
    expect(await world.writesOfTwoPasses(stack.name)).toEqual([]);
    expect(await stack.condition('Ready')).toMatchObject({ status: 'True' });
    expect(await Promise.all(['never', 'pulled'].map((service) => stack.identity(service)))).toEqual(before);
  });

  test('row 22: who depends on an unhealthy service waits, says so, and is started when it is healthy', async () => {
    await stack.applying(`
services:
  db:
    ${image}
    healthcheck: {test: [CMD, test, -e, /tmp/works], interval: 300ms, timeout: 5s, retries: 1}
  web: {${image}, depends_on: {db: {condition: service_healthy}}}
  other: {${image}}`);
    await stack.untilService('other', 'Running');
    const said = await stack.untilCondition('Healthy', 'HealthCheckFailed', /^db: /);
    expect(said.status).toBe('False');
    expect(await stack.untilService('web', 'Waiting')).toMatchObject({
      message: 'waits for db healthy',
      health: 'Progressing',
    });
    expect(await stack.condition('Ready')).toMatchObject({ status: 'False' });
    expect(await stack.isRunning('web')).toBe(false);

    // An unhealthy container is restarted again and again, which ends what runs in it; its files stay.
    await eventually(
      'the database works',
      async () => {
        const ran = await run('db', 'touch', '/tmp/works').catch(() => undefined);
        return ran?.code === 0 ? true : undefined;
      },
      { everyMs: 100 },
    );
    await world.untilReady(stack.name);
    expect(await stack.isRunning('web')).toBe(true);
  });

  test.each([
    ['by the engine', 'restart: always', 'the engine starts it again within a minute'],
    ['by stackctl', 'restart: "no"', 'back-off until \\S+Z, attempt \\d+'],
  ])(
    'row 23: a container that ends again and again, and is started %s, is in a crash loop, and nobody else',
    async (_, policy, next) => {
      const web = `{${image}, ${policy}, command: [sh, -c, "exit 3"]}`;
      await stack.applying(`services: {web: ${web}, other: {${image}}}`);
      const told = `exited with code 3; see stackctl logs ${stack.name} web; ${next}`;
      const looping = await stack.untilService('web', 'CrashLoopBackOff', new RegExp(`^${told}`));
      expect(looping).toMatchObject({ health: 'Degraded', ready: 0 });
      const ready = new RegExp(`^web: CrashLoopBackOff: ${told}`);
      await stack.untilCondition('Ready', 'HealthCheckFailed', ready);
      expect(await stack.untilService('other', 'Running')).toMatchObject({ ready: 1, health: 'Healthy' });
    },
  );

  test('row 24: a job runs once, whatever is looked at or applied again, and again when it changes', async () => {
    const text = (color: string) => `
services:
  job:
    ${image}
    command: [sh, -c, "echo ${color} >> /data/runs"]
    volumes: ["data:/data"]
  web:
    ${image}
    volumes: ["data:/data"]
    depends_on: {job: {condition: service_completed_successfully}}
volumes: {data: {}}`;
    const runs = async () => (await run('web', 'cat', '/data/runs')).stdout;
    await stack.applied(text('red'));
    expect(await stack.service('job')).toMatchObject({ state: 'Completed', health: 'Healthy' });
    expect(await world.writesOfTwoPasses(stack.name)).toEqual([]);
    await stack.applied(text('red'));
    expect(await runs()).toBe('red\n');

    await stack.applied(text('blue'));
    expect(await stack.service('job')).toMatchObject({ state: 'Completed', health: 'Healthy' });
    expect(await runs()).toBe('red\nblue\n');
  });

  test('row 25: another order of the ports is no change', async () => {
    const ports = [`${await freePort()}:80`, `${await freePort()}:81`];
    const text = (list: readonly string[]) => `services: {web: {${image}, ports: ${JSON.stringify(list)}}}`;
    await stack.applied(text(ports));
    const before = await stack.identity('web');
    const writes = world.proxy.writes().length;
    await stack.applied(text(ports.toReversed()));
    await world.writesOfTwoPasses(stack.name);
    expect(world.proxy.writes().slice(writes)).toEqual([]);
    expect(await stack.identity('web')).toEqual(before);
  });

  test('row 29: several containers for one port of the host are refused, and nothing is changed', async () => {
    const port = await freePort();
    const text = (scale: number) =>
      `services: {web: {${image}, scale: ${scale}, ports: ["${port}:80"]}, other: {${image}}}`;
    await stack.applied(text(1));
    const before = await stack.ids();
    const writes = world.proxy.writes().length;
    const ran = await stack.apply(text(2));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('compose.yaml:2:');
    expect(ran.stderr).toContain(String(port));
    expect(await stack.ids()).toEqual(before);
    await world.writesOfTwoPasses(stack.name);
    expect(world.proxy.writes().slice(writes)).toEqual([]);
    expect(await stack.condition('Ready')).toMatchObject({ status: 'True' });
  });

  test('row 32: what is stopped or killed by hand runs again, the same container, unless the stack is suspended', async () => {
    const always = `{${image}, restart: always, command: [sleep, "100000"]}`;
    await stack.applied(`services: {stopped: ${always}, killed: ${always}, held: ${always}}`);
    const names = ['stopped', 'killed'] as const;
    const before = await Promise.all(names.map((service) => stack.identity(service)));
    await Promise.all([
      world.docker.getContainer(stack.container('stopped')).stop({ t: 0 }),
      world.docker.getContainer(stack.container('killed')).kill(),
    ]);
    for (const [index, service] of names.entries()) {
      await stack.untilRunning(service);
      const { id, startedAt } = await stack.identity(service);
      expect(id).toBe(before[index]?.id);
      expect(startedAt).not.toBe(before[index]?.startedAt);
    }
    await world.untilReady(stack.name);

    await world.ctl('suspend', stack.name);
    await world.docker.getContainer(stack.container('held')).stop({ t: 0 });
    expect(await world.writesOfTwoPasses(stack.name)).toEqual([]);
    expect(await stack.isRunning('held')).toBe(false);
    await world.ctl('resume', stack.name);
    await world.untilReady(stack.name);
    expect(await stack.isRunning('held')).toBe(true);
  });
});
