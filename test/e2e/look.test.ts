import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { AppliedStacks, plain } from '../support/applied-stacks.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

describe.skipIf(!hasEngine())('looking at a stack with stackctl', () => {
  const web = (stack: string) =>
    plain(
      stack,
      `    networks: [own]
    volumes: [data:/data]
  talker:
    image: stackctl.local/busybox:1
    command: [sh, -c, "echo first; echo second >&2; exec pause"]
    networks: [own]
networks: {own: {}}
volumes: {data: {}}`,
    );
  let world: World;
  let stacks: AppliedStacks;
  let stack: string;

  beforeAll(async () => {
    world = await World.create();
    stacks = new AppliedStacks(world);
    await world.start();
    ({ stack } = await stacks.applied(web));
  });
  afterAll(() => world.dispose());

  test.each([
    ['stacks', () => [`stack/${stack}`]],
    ['services', () => [`service/${stack}/talker`, `service/${stack}/web`]],
    ['networks', () => [`network/${stack}/${stack}_own`]],
    ['volumes', () => [`volume/${stack}/${stack}_data`]],
  ])('get %s shows the same things in every format', async (kind, ids) => {
    const get = async (format: string) => {
      const ran = await world.ctl('get', kind, '-s', stack, '-o', format);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      return ran.stdout;
    };
    expect((await get('name')).trim().split('\n').sort()).toEqual(ids());
    const json = JSON.parse(await get('json')) as { items: { name: string }[] };
    // Between the two questions a pass may have moved the time of the next one.
    const lasting = (document: unknown) =>
      JSON.parse(JSON.stringify(document, (key, value) => (key === 'nextLookAt' ? undefined : value)));
    expect(lasting(parse(await get('yaml')))).toEqual(lasting(json));
    expect(json.items).toHaveLength(ids().length);
    const header = (text: string) => text.split('\n')[0]?.split(/\s{2,}/) ?? [];
    const [narrow, wide] = [await get('table'), await get('wide')];
    expect(header(wide).slice(0, header(narrow).length)).toEqual(header(narrow));
    expect(header(wide).length).toBeGreaterThan(header(narrow).length);
    expect(narrow.trim().split('\n')).toHaveLength(1 + ids().length);
  });

  test('get of one stack tells what the engine shows', async () => {
    const status = await world.status(stack);
    const live = await stacks.containers(stack);
    const shown = status?.services.flatMap((service) =>
      service.containers.map(({ id, name, state }) => ({ id, name, state })),
    );
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(shown?.sort(byName)).toEqual(live.sort(byName));
    expect(status).toMatchObject({ sync: 'Synced', health: 'Healthy', pending: [], problems: [] });
  });

  test('get of what is not there fails', async () => {
    expect(await world.ctl('get', 'stack', 'no-such')).toMatchObject({ code: 1, stdout: '' });
    expect(await world.ctl('get', 'nonsense')).toMatchObject({ code: 2, stdout: '' });
  });

  test('describe shows containers, networks and events', async () => {
    const { code, stdout } = await world.ctl('describe', 'stack', stack);
    expect(code).toBe(0);
    for (const { id } of await stacks.containers(stack)) expect(stdout).toContain(id.slice(0, 12));
    expect(stdout).toContain(`${stack}_own`);
    expect(stdout).toContain(`${stack}_data`);
  });

  test('events tell of each object that was made', async () => {
    const events = await world.events(stack);
    const made = [`container/${stack}-web-1`, `network/${stack}_own`, `volume/${stack}_data`];
    for (const object of made) expect(events.map((event) => event.object)).toContain(object);
    expect(events.every((event) => event.stack === stack)).toBe(true);
  });

  test('logs of all services have each line behind the name of its container', async () => {
    const { code, stdout } = await world.ctl('logs', stack);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+\| /));
    expect(lines.sort()).toEqual([
      ['talker-1', 'first'],
      ['talker-1', 'second'],
    ]);
  });

  test('logs of one service, the last line only, without its name', async () => {
    const ran = await world.ctl('logs', stack, 'talker', '--tail', '1', '--prefix=false');
    expect(ran.code).toBe(0);
    expect(['first\n', 'second\n']).toContain(ran.stdout);
    expect((await world.ctl('logs', stack, 'web')).stdout).toBe('');
    expect((await world.ctl('logs', stack, 'nobody')).code).toBe(1);
  });

  test('wait answers at once what is so, and fails in time for what is not', async () => {
    expect((await world.ctl('wait', stack, '--for=condition=Healthy')).code).toBe(0);
    expect((await world.ctl('wait', stack, '--for=condition=Suspended=False')).code).toBe(0);
    expect((await world.ctl('wait', stack, '--for=condition=Stalled', '--timeout', '1s')).code).toBe(1);
  });

  test('version tells of this program, the daemon and its engine', async () => {
    const engine = await world.docker.version();
    const ran = await world.ctl('version', '--server', '-o', 'json');
    const { client, server } = JSON.parse(ran.stdout) as {
      client: { version: string };
      server: { version: string; instance: string; engine: { version: string } };
    };
    expect(server).toMatchObject({ version: client.version, instance: world.instance });
    expect(server.engine.version).toBe(engine.Version);
  });
});
