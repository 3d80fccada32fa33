import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { healAll, loseAlias, remakeNetwork, verifyOf } from '../support/isolation.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const ICC = 'com.docker.network.bridge.enable_icc';

/** What breaks the isolation of a stack by hand, one after another, while the daemon only looks; and what its policy says. */
describe.skipIf(!hasEngine())('net verify', { timeout: 600_000 }, () => {
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

  const policy = () => `
apiVersion: stackctl.io/v1alpha1
kind: ReachabilityPolicy
metadata: {name: apart}
spec:
  zones:
    - {network: ${network('egress')}, external: egress, icc: false}
    - {network: ${network('back')}, external: none, icc: true}
  rules:
    - {name: egress is for one by one, from: {service: first}, to: {service: second}, action: deny}
    - {name: the database is reached by name, from: {service: web}, to: {service: db}, ports: [8000], action: allow}
    - {name: the database is not reached from egress, from: {service: first}, to: {service: db}, action: deny}
    - {name: the database does not get out, from: {service: db}, to: {external: true}, action: deny}
`;

  const verify = () => verifyOf(world, stack);
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
  /** The rules of the policy that do not hold, by what they say is wrong. */
  const brokenRules = async (): Promise<readonly string[]> => {
    const { code, report } = await verify();
    const found = report.policies.broken.map(({ rule, from, to, at }) => {
      expect(at).toMatch(/policy\.yaml:\d+:\d+$/);
      return `${rule}: ${from ?? ''} -> ${to ?? ''}`.replaceAll(`${stack}/`, '');
    });
    expect(code).toBe(found.length === 0 ? 0 : 1);
    return found;
  };
  const explain = async (from: string, to: string): Promise<string> =>
    (await world.ctl('net', 'explain', `${stack}/${from}`, to === 'outside' ? to : `${stack}/${to}`)).stdout;

  /** Resumes, waits until all is as declared again, and goes back to only looking. */
  async function heal(): Promise<void> {
    await healAll(world, [stack]);
    expect(await differences()).toEqual([]);
    await world.ctl('suspend', stack);
  }

  beforeAll(async () => {
    world = await World.create();
    stack = `v${world.unique}`;
    await world.write(`${stack}.compose.yaml`, manifest());
    await world.write('policy.yaml', policy());
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
    expect(report.policies).toEqual({ checked: 6, broken: [] });
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
    await remakeNetwork(world.docker, network('egress'), { Options: {} });
    expect(await differences()).toEqual([
      'service first -> second 8000/tcp: no yes',
      'service second -> first 8000/tcp: no yes',
    ]);
    expect(await brokenRules()).toEqual([
      `zone ${network('egress')}:  -> `,
      'egress is for one by one: first -> second',
    ]);
    expect(await explain('first', 'second')).toContain(
      `network ${network('egress')} has icc true, not false`,
    );
    const status = await eventually('Isolated is False', async () => {
      const found = (await world.status(stack))?.conditions.find(({ type }) => type === 'Isolated');
      return found?.status === 'False' ? found : undefined;
    });
    expect(status).toMatchObject({ reason: 'IsolationBroken' });
    expect(status.message).toContain('policy apart, egress is for one by one');
    await heal();
  });

  test('finds and heals a network that is internal no more', async () => {
    await remakeNetwork(world.docker, network('back'), { Internal: false });
    expect(await differences()).toContain('outside db -> outside default route: no yes');
    expect(await brokenRules()).toEqual([
      `zone ${network('back')}:  -> `,
      'the database does not get out: db -> the outside',
    ]);
    expect(await explain('db', 'outside')).toContain(`network ${network('back')} has internal false`);
    await heal();
  });

  test('finds and heals a container that was attached by hand', async () => {
    await world.docker.getNetwork(network('back')).connect({ Container: container('first') });
    const found = await differences();
    expect(found).toContain('service first -> db 8000/tcp: no yes');
    expect(found).toContain('service db -> first 8000/tcp: no yes');
    expect(await brokenRules()).toEqual(['the database is not reached from egress: first -> db']);
    expect(await explain('first', 'db')).toContain(`first is attached to ${network('back')}, which no`);
    await heal();
  });

  test('finds and heals an alias that was lost', async () => {
    await loseAlias(world.docker, container('db'), network('back'), 'postgres');
    expect(await differences()).toEqual(['name web -> db postgres: yes no']);
    expect(await explain('web', 'db')).toContain(`db has lost its name postgres on ${network('back')}`);
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
    const why = (await world.ctl('net', 'explain', `${stack}-guest`, `${stack}/web`)).stdout;
    expect(why).toContain(`${stack}-guest is in no manifest, and is on ${network('front')}`);
    expect(why).toContain(`docker network disconnect ${network('front')} ${stack}-guest`);
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
