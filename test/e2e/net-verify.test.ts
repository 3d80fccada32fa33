import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VerifyReport } from '../../src/api/verify-contract.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const ICC = 'com.docker.network.bridge.enable_icc';

/** What breaks the isolation of a stack by hand, one after another, while the daemon only looks. */
describe.skipIf(!hasEngine())('net verify', () => {
  let world: World;
  let stack: string;
  const container = (service: string) => `${stack}-${service}-1`;
  const network = (key: string) => `${stack}_${key}`;

  const manifest = () => `
services:
  web: &service
    image: stackctl.local/busybox:1
    command: [stand-in, web, "8000"]
    stop_signal: SIGKILL
    expose: ["8000"]
    networks: [front, back]
  db:
    <<: *service
    networks: {back: {aliases: [postgres]}}
  first: {<<: *service, networks: [egress]}
  second: {<<: *service, networks: [egress]}
networks:
  front:
  back: {internal: true}
  egress: {driver_opts: {${ICC}: "false"}}
`;

  const verify = async (): Promise<{ readonly code: number; readonly report: VerifyReport }> => {
    const { code, stdout, stderr } = await world.ctl('net', 'verify', stack, '-o', 'json');
    if (stdout === '') throw new Error(stderr);
    return { code, report: JSON.parse(stdout) as VerifyReport };
  };
  /** The differences, without who is involved in which order of replicas. */
  const differences = async (): Promise<readonly string[]> => {
    const { code, report } = await verify();
    const found = report.cells
      .filter(({ differs }) => differs)
      .map(({ kind, from, to, what, declared, probed }) =>
        `${kind} ${from} -> ${to} ${what}: ${declared} ${probed}`.replaceAll(`${stack}/`, ''),
      );
    expect(code).toBe(found.length === 0 ? 0 : 1);
    return found;
  };
  const explain = async (from: string, to: string): Promise<string> =>
    (await world.ctl('net', 'explain', `${stack}/${from}`, to === 'outside' ? to : `${stack}/${to}`)).stdout;

  /** Makes a network again with other options, and attaches who was on it, as a person would. */
  async function remake(key: string, change: { Internal?: boolean; Options?: Record<string, string> }) {
    const name = network(key);
    const found = world.docker.getNetwork(name);
    const wire = await found.inspect();
    const members = Object.keys(wire.Containers ?? {});
    for (const id of members) await found.disconnect({ Container: id, Force: true });
    await found.remove();
    await world.docker.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Internal: wire.Internal,
      Options: wire.Options ?? {},
      Labels: wire.Labels ?? {},
      ...change,
    });
    for (const id of members) {
      const { Config } = await world.docker.getContainer(id).inspect();
      const service = Config.Labels['com.docker.compose.service'] ?? '';
      const Aliases = [service, ...(service === 'db' ? ['postgres'] : [])];
      await world.docker.getNetwork(name).connect({ Container: id, EndpointConfig: { Aliases } });
    }
  }

  /** Resumes, waits until all is as declared again, and goes back to only looking. */
  async function heal(): Promise<void> {
    await world.ctl('resume', stack);
    await eventually(
      'it is healed',
      async () => {
        const status = await world.status(stack);
        return status?.suspended === false && status.sync === 'Synced' && status.pending.length === 0
          ? true
          : undefined;
      },
      { withinMs: 60_000, everyMs: 100 },
    );
    await world.untilReady(stack);
    expect(await differences()).toEqual([]);
    await world.ctl('suspend', stack);
  }

  beforeAll(async () => {
    world = await World.create();
    stack = `v${world.unique}`;
    await world.write(`${stack}.compose.yaml`, manifest());
    await world.start();
    await world.untilReady(stack);
  });
  afterAll(() => world.dispose());

  test('proves the whole matrix, changes nothing and leaves nothing behind', async () => {
    const before = await Promise.all(
      ['web', 'db', 'first', 'second'].map((service) =>
        world.docker.getContainer(container(service)).inspect(),
      ),
    );
    const { code, report } = await verify();
    expect({ code, differs: report.cells.filter(({ differs }) => differs) }).toEqual({
      code: 0,
      differs: [],
    });
    const ways = report.cells.filter(({ kind }) => kind === 'service');
    expect(ways).toHaveLength(12);
    const open = ways.filter(({ probed }) => probed === 'yes').map(({ from, to }) => `${from} ${to}`);
    expect(open.sort()).toEqual([`${stack}/db ${stack}/web`, `${stack}/web ${stack}/db`]);
    const after = await Promise.all(before.map(({ Id }) => world.docker.getContainer(Id).inspect()));
    expect(after.map(({ State, NetworkSettings }) => [State.StartedAt, NetworkSettings.Networks])).toEqual(
      before.map(({ State, NetworkSettings }) => [State.StartedAt, NetworkSettings.Networks]),
    );
    const filters = { label: [`io.stackctl.instance=${world.instance}`, 'io.stackctl.probe'] };
    expect(await world.docker.listContainers({ all: true, filters })).toEqual([]);
    const isolated = await eventually('Isolated is said', async () =>
      (await world.status(stack))?.conditions.find(({ type }) => type === 'Isolated'),
    );
    expect(isolated).toMatchObject({ status: 'True', reason: 'IsolationVerified' });
  });

  test('finds and heals ICC that was turned on', async () => {
    await world.ctl('suspend', stack);
    await remake('egress', { Options: {} });
    expect(await differences()).toEqual([
      'service first -> second 8000/tcp: no yes',
      'service second -> first 8000/tcp: no yes',
    ]);
    expect(await explain('first', 'second')).toContain(network('egress'));
    const status = await eventually('Isolated is False', async () => {
      const found = (await world.status(stack))?.conditions.find(({ type }) => type === 'Isolated');
      return found?.status === 'False' ? found : undefined;
    });
    expect(status).toMatchObject({ reason: 'IsolationBroken' });
    await heal();
  });

  test('finds and heals a network that is internal no more', async () => {
    await remake('back', { Internal: false });
    expect(await differences()).toContain('outside db -> outside default route: no yes');
    expect(await explain('db', 'outside')).toContain(network('back'));
    await heal();
  });

  test('finds and heals a container that was attached by hand', async () => {
    await world.docker.getNetwork(network('back')).connect({ Container: container('first') });
    const found = await differences();
    expect(found).toContain('service first -> db 8000/tcp: no yes');
    expect(found).toContain('service db -> first 8000/tcp: no yes');
    expect(await explain('first', 'db')).toContain(network('back'));
    await heal();
  });

  test('finds and heals an alias that was lost', async () => {
    const back = world.docker.getNetwork(network('back'));
    await back.disconnect({ Container: container('db') });
    await back.connect({ Container: container('db'), EndpointConfig: { Aliases: ['db'] } });
    expect(await differences()).toEqual(['name web -> db postgres: yes no']);
    expect(await explain('web', 'db')).toContain('postgres');
    await heal();
  });

  test("names somebody else's container on a network of the stack, and the port it publishes", async () => {
    const port = await freePort();
    const guest = await world.docker.createContainer({
      name: `${stack}-guest`,
      Image: 'stackctl.local/busybox:1',
      Cmd: ['sleep', '1000'],
      Labels: { 'stackctl-test-run': world.instance },
      StopSignal: 'SIGKILL',
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        NetworkMode: network('front'),
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
      },
    });
    await guest.start();
    expect(await differences()).toEqual([
      `guest ${stack}-guest -> ${stack} network ${network('front')}: no unknown`,
    ]);
    const exposure = await world.ctl('net', 'exposure', '--all');
    expect(exposure.stdout).toContain(String(port));
    await guest.remove({ force: true });
    expect(await differences()).toEqual([]);
  });

  test('says what to do when there is no such stack, or no such probe image', async () => {
    const unknown = await world.ctl('net', 'verify', 'no-such-stack');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('there is no stack named no-such-stack');
    await world.stop();
    await world.start(['--probe-image', 'no.such/image:1']);
    const missing = await world.ctl('net', 'verify', stack);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('no.such/image:1');
    expect(missing.stderr).toContain('docker pull');
  });

  test('is done on a schedule, and what it found outlives the daemon', async () => {
    await world.stop();
    await world.start(['--verify-interval', '1s']);
    await world.ctl('resume', stack);
    const isolated = () =>
      eventually(
        'Isolated is True',
        async () => {
          const found = (await world.status(stack))?.conditions.find(({ type }) => type === 'Isolated');
          return found?.status === 'True' ? found : undefined;
        },
        { withinMs: 60_000, everyMs: 100 },
      );
    const { lastTransitionTime } = await isolated();
    await world.stop();
    await world.start();
    expect(await isolated()).toMatchObject({ lastTransitionTime });
  });
});
