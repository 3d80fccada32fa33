import type { ContainerInspectInfo } from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

/** What happens to containers when what is wanted of them changes, by `stackctl apply` and by the files it points at. */
describe.skipIf(!hasEngine())('a change is rolled out', () => {
  let world: World;
  let count = 0;
  const images: string[] = [];

  const newName = (): string => {
    count += 1;
    return `r${world.unique}${count}`;
  };
  const inspect = (name: string): Promise<ContainerInspectInfo> => world.docker.getContainer(name).inspect();
  const containers = async (stack: string): Promise<Readonly<Record<string, string>>> => {
    const all = await world.docker.listContainers({
      all: true,
      filters: { label: [`io.stackctl.stack=${stack}`] },
    });
    return Object.fromEntries(all.map(({ Id, Names }) => [Names[0]?.slice(1) ?? '', Id]));
  };
  const apply = async (stack: string, text: string, ...more: string[]) => {
    const path = await world.file(`${stack}/compose.yaml`, `name: ${stack}\n${text}`);
    return world.ctl('apply', '-f', path, '--timeout', '60s', ...more);
  };
  const applied = async (stack: string, text: string): Promise<void> => {
    const ran = await apply(stack, text);
    expect(ran.code, ran.stderr).toBe(0);
  };
  const variable = async (container: string, name: string): Promise<string | undefined> =>
    (await inspect(container)).Config.Env.find((entry) => entry.startsWith(`${name}=`))?.slice(
      name.length + 1,
    );
  const replaced = (container: string, oldId: string): Promise<ContainerInspectInfo> =>
    eventually(
      `another ${container}`,
      async () => {
        const wire = await inspect(container).catch(() => undefined);
        return wire !== undefined && wire.Id !== oldId && wire.State.Running ? wire : undefined;
      },
      { withinMs: 60_000, everyMs: 100 },
    );

  beforeAll(async () => {
    // Nothing tells the daemon that files of an applied stack changed: it finds out when it looks again.
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

  test('more replicas are added, and of fewer the highest go; the others are not touched', async () => {
    const stack = newName();
    const text = (replicas: number) => `services: {web: {image: "${SMALL_IMAGE}", scale: ${replicas}}}`;
    await applied(stack, text(1));
    const one = await containers(stack);
    await applied(stack, text(3));
    const three = await containers(stack);
    expect(Object.keys(three).sort()).toEqual([1, 2, 3].map((ordinal) => `${stack}-web-${ordinal}`));
    expect(three).toMatchObject(one);
    await applied(stack, text(2));
    const { [`${stack}-web-3`]: _, ...two } = three;
    expect(await containers(stack)).toEqual(two);
    await applied(stack, text(0));
    expect(await containers(stack)).toEqual({});
  });

  test('a service that is taken out goes, with its network and without its volume', async () => {
    const stack = newName();
    const web = `web: {image: "${SMALL_IMAGE}"}`;
    const db = `db: {image: "${SMALL_IMAGE}", networks: [back], volumes: ["data:/data"]}`;
    await applied(stack, `services: {${web}, ${db}}\nnetworks: {back: {}}\nvolumes: {data: {}}`);
    const { [`${stack}-web-1`]: id } = await containers(stack);
    await applied(stack, `services: {${web}}`);
    expect(await containers(stack)).toEqual({ [`${stack}-web-1`]: id });
    const filters = { label: [`io.stackctl.stack=${stack}`] };
    const networks = (await world.docker.listNetworks({ filters })).map(({ Name }) => Name);
    const { Volumes } = await world.docker.listVolumes({ filters });
    expect({ networks, volumes: Volumes.map(({ Name }) => Name) }).toEqual({
      networks: [`${stack}_default`],
      volumes: [`${stack}_data`],
    });
  });

  test('of an env_file, to the service that uses it and to no other', async () => {
    const stack = newName();
    const file = await world.file(`${stack}/web.env`, 'COLOR=red\n');
    await applied(
      stack,
      `services: {web: {image: "${SMALL_IMAGE}", env_file: web.env}, other: {image: "${SMALL_IMAGE}"}}`,
    );
    const before = await containers(stack);
    expect(await variable(`${stack}-web-1`, 'COLOR')).toBe('red');
    await world.file(`${stack}/web.env`, 'COLOR=green\n');
    expect(file).toContain(stack);
    await replaced(`${stack}-web-1`, before[`${stack}-web-1`] ?? '');
    await world.untilReady(stack);
    expect(await variable(`${stack}-web-1`, 'COLOR')).toBe('green');
    const { [`${stack}-other-1`]: other } = before;
    expect(await containers(stack)).toMatchObject({ [`${stack}-other-1`]: other });
  });

  test('of an image whose tag was moved to another image', async () => {
    const stack = newName();
    const tag = `stackctl.local/moved-${stack}`;
    images.push(`${tag}:1`);
    await world.docker.getImage(SMALL_IMAGE).tag({ repo: tag, tag: '1' });
    await applied(
      stack,
      `services: {web: {image: "${tag}:1", pull_policy: never}, other: {image: "${SMALL_IMAGE}"}}`,
    );
    const before = await containers(stack);
    // Another image under the same name: what a build or a pull by hand leads to.
    await inside(world.docker, `${stack}-web-1`, ['sh', '-c', 'echo new > /root/new']);
    await world.docker.getContainer(`${stack}-web-1`).commit({ repo: tag, tag: '1' });
    const { Id } = await world.docker.getImage(`${tag}:1`).inspect();
    const wire = await replaced(`${stack}-web-1`, before[`${stack}-web-1`] ?? '');
    expect(wire.Image).toBe(Id);
    await world.untilReady(stack);
    const { [`${stack}-other-1`]: other } = before;
    expect(await containers(stack)).toMatchObject({ [`${stack}-other-1`]: other });
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });

  test('of a build context, when a file of it changes and not when an ignored one does', async () => {
    const stack = newName();
    images.push(`${stack}-web`);
    await world.file(
      `${stack}/app/Dockerfile`,
      `FROM ${SMALL_IMAGE}\nCOPY . /app/\nCMD ["sleep", "100000"]\n`,
    );
    await world.file(`${stack}/app/.dockerignore`, '*.log\n');
    await world.file(`${stack}/app/page`, 'one\n');
    await world.file(`${stack}/app/debug.log`, 'one\n');
    const stopNow = 'stop_signal: SIGKILL';
    await applied(stack, `services:\n  web:\n    build: ./app\n    ${stopNow}`);
    const read = async (path: string) => inside(world.docker, `${stack}-web-1`, ['cat', path]);
    expect(await read('/app/page')).toMatchObject({ code: 0, stdout: 'one\n' });
    expect((await read('/app/debug.log')).code).not.toBe(0);
    const { Id, Image } = await inspect(`${stack}-web-1`);
    images.push(Image);

    await world.file(`${stack}/app/debug.log`, 'two\n');
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);

    await world.file(`${stack}/app/page`, 'two\n');
    const wire = await replaced(`${stack}-web-1`, Id);
    expect(wire.Image).not.toBe(Image);
    expect((await read('/app/page')).stdout).toBe('two\n');
    await world.untilReady(stack);
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });

  test('what depends on a healthy service is started when that is healthy, and not before', async () => {
    const stack = newName();
    await apply(
      stack,
      `services:
  db:
    image: ${SMALL_IMAGE}
    healthcheck: {test: [CMD, test, -e, /tmp/works], interval: 300ms, timeout: 1s, retries: 1000}
  web: {image: "${SMALL_IMAGE}", depends_on: {db: {condition: service_healthy}}}
  free: {image: "${SMALL_IMAGE}"}`,
      '--wait=false',
    );
    const running = async (service: string) =>
      (await inspect(`${stack}-${service}-1`).catch(() => undefined))?.State.Running === true;
    await eventually('db and free run', async () =>
      (await running('db')) && (await running('free')) ? true : undefined,
    );
    await world.writesOfTwoPasses(stack);
    expect(await running('web')).toBe(false);
    expect((await world.status(stack))?.health).toBe('Progressing');

    const openedAtMs = Date.now();
    await inside(world.docker, `${stack}-db-1`, ['touch', '/tmp/works']);
    await world.untilReady(stack);
    const { State } = await inspect(`${stack}-web-1`);
    expect(Date.parse(State.StartedAt)).toBeGreaterThan(openedAtMs);
    expect((await inspect(`${stack}-db-1`)).State.Health?.Status).toBe('healthy');
  });

  test('what is applied while an earlier change is still being made is what apply waits for', async () => {
    const stack = newName();
    // It does not listen to its stop signal, so that replacing it takes the whole grace period.
    const text = (color: string) =>
      `services: {web: {image: "${SMALL_IMAGE}", command: [sleep, "100000"], stop_grace_period: 3s, environment: {COLOR: ${color}}}}`;
    await applied(stack, text('red'));
    await apply(stack, text('green'), '--wait=false');
    await eventually('green is on its way', async () =>
      Object.keys(await containers(stack)).length > 1 ? true : undefined,
    );
    await applied(stack, text('blue'));
    expect(await variable(`${stack}-web-1`, 'COLOR')).toBe('blue');
    expect(Object.keys(await containers(stack))).toEqual([`${stack}-web-1`]);
  });

  describe('a bad revision', () => {
    const text = (command: string, more = '') => `services:
  web:
    image: ${SMALL_IMAGE}
    command: ${command}
    stop_signal: SIGKILL
    volumes: ["data:/data"]
${more}
  other: {image: "${SMALL_IMAGE}"}
volumes: {data: {}}`;
    const good = text('[sleep, "100000"]');

    test.each([
      ['that exits', text('[sh, -c, "exit 3"]')],
      ['that exits and is started again and again', text('[sh, -c, "exit 3"]', '    restart: always')],
      ['whose program is not there', text('[no-such-program]')],
      [
        'that never becomes healthy',
        text(
          '[sleep, "200000"]',
          '    healthcheck: {test: [CMD, "false"], interval: 200ms, timeout: 1s, retries: 3}',
        ),
      ],
    ])(
      '%s goes back to the container before it, which keeps its volume, and is not tried again until it changes',
      async (_, bad) => {
        const stack = newName();
        const name = `${stack}-web-1`;
        await applied(stack, good);
        await inside(world.docker, name, ['sh', '-c', 'echo precious > /data/file']);
        const before = await containers(stack);

        const ran = await apply(stack, bad);
        expect(ran).toMatchObject({ code: 1 });
        await eventually(
          'the old container is alone again',
          async () => (Object.keys(await containers(stack)).length === 2 ? true : undefined),
          { withinMs: 60_000, everyMs: 100 },
        );
        expect(await containers(stack)).toEqual(before);
        expect((await inspect(name)).State.Running).toBe(true);
        expect((await inside(world.docker, name, ['cat', '/data/file'])).stdout).toBe('precious\n');
        const status = await world.status(stack);
        const stalled = status?.conditions.find(({ type }) => type === 'Stalled');
        expect(stalled).toMatchObject({ status: 'True', reason: 'BadRevision' });

        // Not again, however often it is looked at, told, or the daemon started.
        expect(await world.writesOfTwoPasses(stack)).toEqual([]);
        const writes = world.proxy.writes().length;
        expect((await apply(stack, bad)).code).toBe(1);
        expect(world.proxy.writes().slice(writes)).toEqual([]);

        await applied(stack, text('[sleep, "300000"]'));
        const after = await containers(stack);
        expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
        expect(after[name]).not.toBe(before[name]);
        expect((await inside(world.docker, name, ['cat', '/data/file'])).stdout).toBe('precious\n');
        const { [`${stack}-other-1`]: other } = before;
        expect(after).toMatchObject({ [`${stack}-other-1`]: other });
      },
    );
  });
});
