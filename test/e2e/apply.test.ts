import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { StackStatus } from '../../src/model/status.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const plain = (name: string, more = '') => `
name: ${name}
services:
  web:
    image: stackctl.local/busybox:1
    restart: unless-stopped
${more}`;
/** It works a second after its start. */
const slow = (name: string) =>
  plain(
    name,
    `    command: [sh, -c, "sleep 1; touch /tmp/works; exec pause"]
    healthcheck: {test: [CMD, test, -e, /tmp/works], interval: 1s, timeout: 1s, retries: 60}`,
  );

const isReady = (status: StackStatus | undefined): boolean =>
  status?.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

describe.skipIf(!hasEngine())('what a user does with stackctl', () => {
  let world: World;
  let count = 0;

  /** A name that no other test has. */
  const newName = (): string => {
    count += 1;
    return `a${world.unique}${count}`;
  };
  const containers = async (stack: string) =>
    (
      await world.docker.listContainers({ all: true, filters: { label: [`io.stackctl.stack=${stack}`] } })
    ).map(({ Id, Names, State }) => ({ id: Id, name: Names[0]?.slice(1) ?? '', state: State }));
  const volumes = async (stack: string): Promise<readonly string[]> =>
    (
      (await world.docker.listVolumes({ filters: { label: [`io.stackctl.stack=${stack}`] } })).Volumes ?? []
    ).map(({ Name }) => Name);
  const networks = async (stack: string): Promise<readonly string[]> =>
    (await world.docker.listNetworks({ filters: { label: [`io.stackctl.stack=${stack}`] } })).map(
      ({ Name }) => Name,
    );
  /** Runs a command that must not change the engine, and asserts that it did not. */
  async function withoutWrites<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    const before = world.proxy.writes().length;
    const answer = await act();
    expect(world.proxy.writes().slice(before)).toEqual([]);
    return answer;
  }
  /** Applies a stack that is there then, ready. */
  async function applied(text: (name: string) => string): Promise<{ stack: string; path: string }> {
    const stack = newName();
    const path = await world.file(`${stack}/compose.yaml`, text(stack));
    expect(await world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
    return { stack, path };
  }

  beforeAll(async () => {
    world = await World.create();
    await world.start();
  });
  afterAll(() => world.dispose());

  describe('apply', () => {
    test('of a file waits until the service works, and says so', async () => {
      const stack = newName();
      const path = await world.file(`${stack}/compose.yaml`, slow(stack));
      const ran = await world.ctl('apply', '-f', path);
      const { State } = await world.docker.getContainer(`${stack}-web-1`).inspect();
      expect({ code: ran.code, health: State.Health?.Status }).toEqual({ code: 0, health: 'healthy' });
      expect(ran.stdout).toBe(`stack/${stack} created\nstack/${stack} ready\n`);
    });

    test('of the same again says unchanged, and neither it nor the passes after it write anything', async () => {
      const { stack, path } = await applied(plain);
      const before = await containers(stack);
      const ran = await withoutWrites(() => world.ctl('apply', '-f', path));
      expect(ran).toMatchObject({ code: 0, stdout: `stack/${stack} unchanged\nstack/${stack} ready\n` });
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect(await containers(stack)).toEqual(before);
    });

    test('of a directory takes every manifest of its tree, of both forms', async () => {
      const [lifted, enveloped] = [newName(), newName()];
      await world.file(`${lifted}/one/compose.yaml`, slow(lifted));
      await world.file(
        `${lifted}/two/stack.yaml`,
        `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: ${enveloped}}, spec: {
          dependsOn: [{name: ${lifted}}],
          services: {web: {image: "stackctl.local/busybox:1", networks: {own: {}}}}, networks: {own: {}}}}`,
      );
      const path = await world.file(`${lifted}/two/data.yaml`, 'just: data\n');
      const ran = await world.ctl('apply', '-f', path.replace('/two/data.yaml', ''));
      expect(ran).toMatchObject({ code: 0 });
      expect(await containers(lifted)).toMatchObject([{ name: `${lifted}-web-1`, state: 'running' }]);
      expect(await containers(enveloped)).toMatchObject([{ name: `${enveloped}-web-1`, state: 'running' }]);
      expect(await networks(enveloped)).toEqual([`${enveloped}_own`]);
      // It waited for the other to work, which that does a second after its start.
      const startedAtMs = async (stack: string) =>
        Date.parse((await world.docker.getContainer(`${stack}-web-1`).inspect()).State.StartedAt);
      expect((await startedAtMs(enveloped)) - (await startedAtMs(lifted))).toBeGreaterThan(1000);
    });

    test('of stdin takes what another program writes', async () => {
      const stack = newName();
      const ran = await world.ctlReading(plain(stack), 'apply', '-f', '-');
      expect(ran).toMatchObject({ code: 0 });
      expect(await containers(stack)).toMatchObject([{ name: `${stack}-web-1`, state: 'running' }]);
    });

    test('with --wait=false returns before the service works, and wait waits for it', async () => {
      const stack = newName();
      const path = await world.file(`${stack}/compose.yaml`, slow(stack));
      expect(await world.ctl('apply', '-f', path, '--wait=false')).toMatchObject({ code: 0 });
      expect(isReady(await world.status(stack))).toBe(false);
      const waited = await world.ctl('wait', `stack/${stack}`, '--for=condition=Ready', '--timeout', '30s');
      expect(waited.code).toBe(0);
      const { State } = await world.docker.getContainer(`${stack}-web-1`).inspect();
      expect(State.Health?.Status).toBe('healthy');
    });

    test('with --dry-run makes nothing, remembers nothing and changes nothing', async () => {
      const stack = newName();
      const path = await world.file(`${stack}/compose.yaml`, plain(stack));
      expect(await withoutWrites(() => world.ctl('apply', '-f', path, '--dry-run'))).toMatchObject({
        code: 0,
      });
      expect(await containers(stack)).toEqual([]);
      expect(await world.status(stack)).toBeUndefined();

      await world.ctl('apply', '-f', path);
      const before = { containers: await containers(stack), status: await world.status(stack) };
      await world.file(`${stack}/compose.yaml`, plain(stack, '    environment: {ANOTHER: "1"}'));
      const ran = await withoutWrites(() => world.ctl('apply', '-f', path, '--dry-run'));
      expect(ran.stdout.split('\n')[0]).toBe(`stack/${stack} configured (dry run)`);
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect(await containers(stack)).toEqual(before.containers);
      expect((await world.status(stack))?.generation).toBe(before.status?.generation);
    });

    test('of a tree with one fault in it applies nothing of it', async () => {
      const [good, bad] = [newName(), newName()];
      await world.file(`${good}/a/compose.yaml`, plain(good));
      const path = await world.file(
        `${good}/b/compose.yaml`,
        `name: ${bad}\nservices: {web: {imag: nothing}}\n`,
      );
      const ran = await withoutWrites(() => world.ctl('apply', '-f', path.replace('/b/compose.yaml', '')));
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(`${good}/b/compose.yaml:2`);
      expect(await world.status(good)).toBeUndefined();
      expect(await containers(good)).toEqual([]);
    });

    test('of what a directory owns is refused', async () => {
      const stack = newName();
      await world.write(`${stack}.compose.yaml`, plain(stack));
      await world.untilReady(stack);
      const path = await world.file(`${stack}/compose.yaml`, plain(stack));
      expect(await withoutWrites(() => world.ctl('apply', '-f', path))).toMatchObject({ code: 1 });
    });

    test('of an image that is nowhere fails, in time, and says which', async () => {
      const stack = newName();
      const text = `name: ${stack}\nservices: {web: {image: "stackctl.local/nowhere:1", pull_policy: never}}\n`;
      const path = await world.file(`${stack}/compose.yaml`, text);
      const ran = await world.ctl('apply', '-f', path, '--timeout', '20s');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('stackctl.local/nowhere:1');
    });
  });

  describe('diff', () => {
    test('exits 0 when nothing differs, 1 when something does, 2 when it cannot be known; and changes nothing', async () => {
      const { stack, path } = await applied(plain);
      const codes = async (...argv: string[]) => (await world.ctl('diff', ...argv)).code;
      await withoutWrites(async () => {
        expect(await codes('-f', path)).toBe(0);
        expect(await codes(stack)).toBe(0);
        await world.file(`${stack}/compose.yaml`, plain(stack, '    mem_limit: 32m'));
        expect(await codes('-f', path)).toBe(1);
        // Of what was applied, nothing differs.
        expect(await codes(stack)).toBe(0);
        await world.file(`${stack}/compose.yaml`, plain(stack, '    mem_limit: [32m]'));
        expect(await codes('-f', path)).toBe(2);
      });
      await world.ctl('suspend', stack);
      await world.docker.getContainer(`${stack}-web-1`).remove({ force: true });
      expect(await codes(stack)).toBe(1);
    });

    test('names the fields that differ', async () => {
      const { stack, path } = await applied((name) => plain(name, '    mem_limit: 32m'));
      await world.file(`${stack}/compose.yaml`, plain(stack, '    mem_limit: 48m'));
      const { items } = JSON.parse((await world.ctl('diff', '-f', path, '-o', 'json')).stdout) as {
        items: { name: string; changes: { object: string; fields: { path: string }[] }[] }[];
      };
      expect(items.map(({ name }) => name)).toEqual([stack]);
      const fields = items[0]?.changes.flatMap(({ fields }) => fields.map(({ path }) => path));
      expect(fields).toContain('resources.Memory');
    });
  });

  describe('looking', () => {
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
    let stack: string;
    beforeAll(async () => {
      ({ stack } = await applied(web));
    });

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
      const live = await containers(stack);
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
      for (const { id } of await containers(stack)) expect(stdout).toContain(id.slice(0, 12));
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

  describe('suspend', () => {
    test('leaves a stack alone whatever happens to it, over a restart of the daemon too; resume repairs it', async () => {
      const { stack } = await applied(plain);
      const name = `${stack}-web-1`;
      expect((await world.ctl('suspend', stack)).code).toBe(0);
      await world.docker.getContainer(name).stop({ t: 0 });
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect(await world.status(stack)).toMatchObject({ suspended: true, sync: 'OutOfSync' });

      await world.stop();
      await world.start();
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect((await world.docker.getContainer(name).inspect()).State.Running).toBe(false);

      const { Id } = await world.docker.getContainer(name).inspect();
      expect((await world.ctl('resume', stack)).code).toBe(0);
      await world.untilReady(stack);
      const { Id: after, State } = await world.docker.getContainer(name).inspect();
      expect({ id: after, running: State.Running }).toEqual({ id: Id, running: true });
    });

    test('counts for what is applied meanwhile: it is taken, and done on resume', async () => {
      const { stack, path } = await applied(plain);
      const before = await containers(stack);
      await world.ctl('suspend', stack);
      await world.file(`${stack}/compose.yaml`, plain(stack, '    environment: {ANOTHER: "1"}'));
      const ran = await withoutWrites(() => world.ctl('apply', '-f', path));
      expect(ran.code).toBe(0);
      expect(await containers(stack)).toEqual(before);
      await world.ctl('resume', stack);
      await eventually(
        'the new container',
        async () => {
          const [web, ...others] = await containers(stack);
          return others.length === 0 && web?.id !== before[0]?.id ? true : undefined;
        },
        { withinMs: 30_000, everyMs: 100 },
      );
    });
  });

  describe('delete', () => {
    const kept = (stack: string) =>
      plain(
        stack,
        '    networks: [own]\n    volumes: [data:/data]\nnetworks: {own: {}}\nvolumes: {data: {}}',
      );

    test('removes containers and networks and keeps volumes, for who applies it again', async () => {
      const { stack, path } = await applied(kept);
      await inside(world.docker, `${stack}-web-1`, ['sh', '-c', 'echo precious > /data/file']);
      expect(await world.ctl('delete', stack)).toMatchObject({ code: 0, stdout: `stack/${stack} deleted\n` });
      expect(await containers(stack)).toEqual([]);
      expect(await networks(stack)).toEqual([]);
      expect(await volumes(stack)).toEqual([`${stack}_data`]);
      expect(await world.status(stack)).toBeUndefined();

      expect(await world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
      const read = await inside(world.docker, `${stack}-web-1`, ['cat', '/data/file']);
      expect(read.stdout).toBe('precious\n');
    });

    test('with --volumes removes those too, and nobody else', async () => {
      const [{ stack, path }, { stack: other }] = [await applied(kept), await applied(kept)];
      const before = await containers(other);
      expect(await world.ctl('delete', '-f', path, '--volumes')).toMatchObject({ code: 0 });
      expect(await containers(stack)).toEqual([]);
      expect(await volumes(stack)).toEqual([]);
      expect(await volumes(other)).toEqual([`${other}_data`]);
      expect(await containers(other)).toEqual(before);
    });

    test('waits, with wait --for=delete, for one who does not', async () => {
      const { stack } = await applied(kept);
      expect((await world.ctl('delete', stack, '--wait=false')).code).toBe(0);
      expect((await world.ctl('wait', stack, '--for=delete')).code).toBe(0);
      expect(await containers(stack)).toEqual([]);
    });

    test('of what is not there fails, unless that is no failure', async () => {
      expect((await world.ctl('delete', 'no-such')).code).toBe(1);
      expect((await world.ctl('delete', 'no-such', '--ignore-not-found')).code).toBe(0);
    });
  });
});

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
    const before = world.proxy.writes().length;
    const ran = await world.direct('apply', '-f', path);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('another stackctld of this instance');
    expect(world.proxy.writes().slice(before)).toEqual([]);
  });
});
