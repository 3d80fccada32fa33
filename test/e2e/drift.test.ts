import type { ContainerInspectInfo } from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

/** Every kind of drift that DESIGN 1.1 names, made by hand on a real engine while the daemon runs. */
describe.skipIf(!hasEngine())('drift is healed by the cheapest repair, and nothing else is touched', () => {
  let world: World;
  let stack: string;
  const names = () => ({
    web: `${stack}-web-1`,
    db: `${stack}-db-1`,
    other: `${stack}-other-1`,
    front: `${stack}_front`,
    back: `${stack}_back`,
  });

  const manifest = (extra = '') => `
services:
  web:
    image: stackctl.local/busybox:1
    command: [httpd, -f, -p, "80"]
    stop_signal: SIGKILL
    restart: unless-stopped
    mem_limit: 64m
    configs: [{source: page, target: /www/index.html}]
    networks:
      front: {ipv4_address: 10.231.7.10, aliases: [site]}
      back: {aliases: [inner]}
  db:
    image: stackctl.local/busybox:1
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    restart: unless-stopped
    volumes: [data:/data]
    networks: [back]
  other:
    image: stackctl.local/busybox:1
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    networks: [front]
networks:
  front: {ipam: {config: [{subnet: 10.231.7.0/24}]}}
  back: {internal: true${extra}}
volumes: {data: }
configs: {page: {content: hello}}
`;

  const inspect = (name: string): Promise<ContainerInspectInfo> => world.docker.getContainer(name).inspect();
  const identity = async (name: string) => {
    const wire = await inspect(name);
    return { id: wire.Id, startedAt: wire.State.StartedAt, pid: wire.State.Pid };
  };
  /** Makes drift, waits for the condition, then for Ready, and asserts that the bystanders never noticed. */
  async function heal(
    makeDrift: () => Promise<unknown>,
    healed: () => Promise<boolean>,
    bystanders: readonly string[],
  ): Promise<void> {
    const before = await Promise.all(bystanders.map(identity));
    await makeDrift();
    await eventually(
      'the drift is healed',
      async () => ((await healed().catch(() => false)) ? true : undefined),
      {
        withinMs: 60_000,
        everyMs: 100,
      },
    );
    await world.untilReady(stack);
    expect(await Promise.all(bystanders.map(identity))).toEqual(before);
    await expectQuiet();
  }

  /** A converged stack is looked at again and again, and never written to. */
  async function expectQuiet(): Promise<void> {
    const before = world.proxy.writes().length;
    for (let pass = 0; pass < 2; pass += 1) {
      const reads = world.proxy.calls.length;
      await world.ctl('reconcile', stack);
      await eventually('a pass', () => (world.proxy.calls.length > reads + 3 ? true : undefined));
      await world.untilReady(stack);
    }
    expect(world.proxy.writes().slice(before)).toEqual([]);
  }

  beforeAll(async () => {
    world = await World.create();
    stack = `t${world.unique}`;
    await world.write(`${stack}.compose.yaml`, manifest());
    await world.start();
    await world.untilReady(stack);
    await expectQuiet();
  });
  afterAll(() => world.dispose());

  test('a removed container comes back', async () => {
    const { db, web, other } = names();
    const old = await identity(db);
    await heal(
      () => world.docker.getContainer(db).remove({ force: true }),
      async () => (await inspect(db)).State.Running && (await inspect(db)).Id !== old.id,
      [web, other],
    );
    const events = await world.events(stack);
    expect(
      events.some((event) => event.object === `container/${db}` && event.message.includes('Missing')),
    ).toBe(true);
  });

  test('a stopped container is started again, the same one', async () => {
    const { db, web, other } = names();
    const { id } = await identity(db);
    await heal(
      () => world.docker.getContainer(db).stop({ t: 0 }),
      async () => (await inspect(db)).State.Running && (await inspect(db)).Id === id,
      [web, other],
    );
  });

  test('a killed container without a restart policy is started again', async () => {
    const { db, web, other } = names();
    const { id } = await identity(other);
    await heal(
      () => world.docker.getContainer(other).kill(),
      async () => (await inspect(other)).State.Running && (await inspect(other)).Id === id,
      [web, db],
    );
  });

  test('a paused container is unpaused, its process untouched', async () => {
    const { db, web, other } = names();
    await heal(
      () => world.docker.getContainer(db).pause(),
      async () => !(await inspect(db)).State.Paused,
      [web, db, other],
    );
  });

  test('a renamed container gets its name back, its process untouched', async () => {
    const { db, web, other } = names();
    const before = await identity(db);
    await heal(
      () => world.docker.getContainer(db).rename({ name: `${stack}-mine` }),
      async () => (await inspect(db)).Id === before.id,
      [web, other],
    );
    expect(await identity(db)).toEqual(before);
  });

  test('memory and restart policy changed by docker update are changed back in place', async () => {
    const { db, web, other } = names();
    await heal(() =>
      world.docker.getContainer(web).update({
        Memory: 128 * 1024 * 1024,
        MemorySwap: 256 * 1024 * 1024,
        RestartPolicy: { Name: 'no' },
      }), async () => {
      const { HostConfig } = await inspect(web);
      return HostConfig.Memory === 64 * 1024 * 1024 && HostConfig.RestartPolicy?.Name === 'unless-stopped';
    }, [web, db, other]);
  });

  test('a lost attachment is attached again with its alias and address, the process untouched', async () => {
    const { db, web, other, front } = names();
    await heal(() => world.docker.getNetwork(front).disconnect({ Container: web }), async () => {
      const endpoint = (await inspect(web)).NetworkSettings.Networks[front];
      return endpoint?.IPAddress === '10.231.7.10' && (endpoint.Aliases ?? []).includes('site');
    }, [web, db, other]);
  });

  test('a surplus attachment is taken away', async () => {
    const { db, web, other, front } = names();
    await heal(
      () => world.docker.getNetwork(front).connect({ Container: db }),
      async () => (await inspect(db)).NetworkSettings.Networks[front] === undefined,
      [web, db, other],
    );
  });

  test('a lost alias and a lost static address come back', async () => {
    const { db, web, other, front } = names();
    // Otherwise the daemon may attach it before this hand does.
    await world.ctl('suspend', stack);
    await heal(async () => {
      await world.docker.getNetwork(front).disconnect({ Container: web });
      await world.docker.getNetwork(front).connect({ Container: web });
      await world.ctl('resume', stack);
    }, async () => {
      const endpoint = (await inspect(web)).NetworkSettings.Networks[front];
      return endpoint?.IPAddress === '10.231.7.10' && (endpoint.Aliases ?? []).includes('site');
    }, [web, db, other]);
  });

  /** Takes everyone off a network and makes it again with other options, as a person would. */
  async function remake(name: string, labels: boolean): Promise<void> {
    const wire = await world.docker.getNetwork(name).inspect();
    for (const id of Object.keys(wire.Containers ?? {})) {
      await world.docker.getNetwork(name).disconnect({ Container: id, Force: true });
    }
    await world.docker.getNetwork(name).remove();
    await world.docker
      .createNetwork({ Name: name, CheckDuplicate: true, Labels: labels ? wire.Labels : {} })
      .catch((error: unknown) => {
        // The daemon may have been quicker and made it first: that is no failure of healing.
        if ((error as { statusCode?: number }).statusCode !== 409) throw error;
      });
  }

  test.each([
    ['with our labels', true],
    ['without labels', false],
  ])(
    'a network made again by hand %s gets its options back, everyone on it, nobody restarted',
    async (_, labels) => {
      const { db, web, other, back } = names();
      await world.ctl('suspend', stack);
      await remake(back, labels);
      expect((await world.docker.getNetwork(back).inspect()).Internal).toBe(false);
      await heal(() => world.ctl('resume', stack), async () => {
        const wire = await world.docker.getNetwork(back).inspect();
        return wire.Internal === true && Object.keys(wire.Containers ?? {}).length === 2;
      }, [web, db, other]);
      const aliases = (await inspect(web)).NetworkSettings.Networks[back]?.Aliases ?? [];
      expect(aliases).toContain('inner');
    },
  );

  test('an edit of a network option keeps the same container processes', async () => {
    const { db, web, other, back } = names();
    const generation = (await world.status(stack))?.generation ?? 0;
    await heal(() =>
      world.write(
        `${stack}.compose.yaml`,
        manifest(', driver_opts: {com.docker.network.bridge.enable_icc: "false"}'),
      ), async () => {
      const wire = await world.docker.getNetwork(back).inspect();
      return (
        wire.Options?.['com.docker.network.bridge.enable_icc'] === 'false' &&
        Object.keys(wire.Containers ?? {}).length === 2
      );
    }, [web, db, other]);
    const edited = (await world.status(stack))?.generation ?? 0;
    expect(edited).toBeGreaterThan(generation);
    await world.write(`${stack}.compose.yaml`, manifest());
    await eventually(
      'the option is gone, and everyone is back',
      async () => {
        const wire = await world.docker
          .getNetwork(back)
          .inspect()
          .catch(() => undefined);
        const isGone =
          wire !== undefined && wire.Options?.['com.docker.network.bridge.enable_icc'] === undefined;
        return isGone && Object.keys(wire.Containers ?? {}).length === 2 ? true : undefined;
      },
      { withinMs: 60_000 },
    );
    await world.untilReady(stack, { generation: edited + 1 });
  });

  test('a volume that is gone is made again, and its container with it', async () => {
    const { db, web, other } = names();
    await world.ctl('suspend', stack);
    await world.docker.getContainer(db).remove({ force: true });
    await world.docker.getVolume(`${stack}_data`).remove();
    await heal(
      () => world.ctl('resume', stack),
      async () =>
        (await inspect(db)).State.Running &&
        (await world.docker.getVolume(`${stack}_data`).inspect()).Labels?.['io.stackctl.stack'] === stack,
      [web, other],
    );
  });

  test('changed content of a config is rolled out to the service that uses it, and to no other', async () => {
    const { db, web, other } = names();
    const old = await identity(web);
    await heal(() =>
      world.write(`${stack}.compose.yaml`, manifest().replace('hello', 'good evening')), async () => {
      const now = await inspect(web);
      return now.Id !== old.id && now.State.Running;
    }, [db, other]);
    const exec = await world.docker
      .getContainer(web)
      .exec({ Cmd: ['cat', '/www/index.html'], AttachStdout: true });
    const stream = await exec.start({});
    const text = await new Promise<string>((resolve) => {
      let all = '';
      stream.on('data', (chunk: Buffer) => {
        all += chunk.toString('utf8');
      });
      stream.on('end', () => resolve(all));
    });
    expect(text).toContain('good evening');
  });
});
