import { randomInt } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { Failure } from '../../src/model/failure.ts';
import { OURS } from '../../src/model/labels.ts';
import { type ContainerId, containerId, networkId } from '../../src/model/names.ts';
import type { Observed, ObservedContainer } from '../../src/model/observed.ts';
import {
  containerRequest,
  desiredNetwork,
  desiredVolume,
  endpoint,
  inNetwork,
  type Owner,
  ownerLabels,
} from './engine-requests.ts';

export interface ForeignOptions {
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly network?: string;
  /** Published from port 80. */
  readonly hostPorts?: readonly number[];
}

/** What a person does on the engine while stackctld is not looking. */
export interface Outside {
  /** Makes and starts a container that sleeps. */
  runForeign(name: string, options?: ForeignOptions): Promise<ContainerId>;
  createForeignNetwork(name: string, labels?: Readonly<Record<string, string>>): Promise<string>;
  createForeignVolume(name: string): Promise<void>;
  pause(container: ContainerId): Promise<void>;
  kill(container: ContainerId): Promise<void>;
  remove(container: ContainerId): Promise<void>;
  /** An image with the container's labels, as `docker commit` makes it. */
  commit(container: ContainerId, ref: string): Promise<void>;
  isRunning(container: ContainerId): Promise<boolean>;
}

/** A corner of an engine for one test. */
export interface ContractWorld extends Owner {
  readonly engine: Engine;
  readonly outside: Outside;
  /** Another stackctld on the same engine. */
  engineAs(instance: string): Engine;
  dispose(): Promise<void>;
}

const signal = (): AbortSignal => new AbortController().signal;

/** A /24 that hardly any test shares with another. */
function randomSubnet(): { subnet: string; gateway: string; at(host: number): string } {
  const prefix = `10.${randomInt(150, 250)}.${randomInt(0, 256)}`;
  return { subnet: `${prefix}.0/24`, gateway: `${prefix}.1`, at: (host) => `${prefix}.${host}` };
}

function randomPort(): number {
  return randomInt(34_000, 39_000);
}

async function look(world: ContractWorld, networkNames: readonly string[] = []): Promise<Observed> {
  return world.engine.observe(
    { stack: world.stack, project: world.stack, networkNames, imageRefs: [world.image] },
    signal(),
  );
}

async function lookAt(world: ContractWorld, id: ContainerId): Promise<ObservedContainer> {
  const found = (await look(world)).containers.find((container) => container.id === id);
  if (found === undefined) throw new Error(`container ${id} is not among the observed`);
  return found;
}

async function create(world: ContractWorld, change?: Parameters<typeof containerRequest>[1]) {
  return world.engine.createContainer(containerRequest(world, change), signal());
}

async function createStarted(world: ContractWorld, change?: Parameters<typeof containerRequest>[1]) {
  const id = await create(world, change);
  await world.engine.startContainer(id, signal());
  return id;
}

async function createNetwork(world: ContractWorld, change?: Parameters<typeof desiredNetwork>[1]) {
  const name = change?.name ?? `${world.stack}_net`;
  const id = await world.engine.createNetwork(desiredNetwork(name, change), ownerLabels(world), signal());
  return { id, name };
}

/** The failure that a call ends with; a call that succeeds fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Failure);
  return thrown as Failure;
}

/** What every engine behind the port must do, real or simulated. */
export function engineContract(
  name: string,
  make: () => ContractWorld,
  isThere: () => boolean = () => true,
): void {
  const worldOf = (): ContractWorld => {
    const world = make();
    onTestFinished(() => world.dispose());
    return world;
  };
  describe.skipIf(!isThere())(`${name} as an engine`, () => {
    containerContract(worldOf);
    networkContract(worldOf);
    keptAddressContract(worldOf);
    endpointContract(worldOf);
    volumeContract(worldOf);
    ownershipContract(worldOf);
    guardContract(worldOf);
    eventContract(worldOf);
  });
}

function containerContract(worldOf: () => ContractWorld): void {
  test('tells who it is and a negotiated API version', async () => {
    const { engine } = worldOf();
    const info = await engine.connect(signal());
    expect(info.apiVersion).toMatch(/^1\.(4[1-9]|5[01])$/);
    expect(info.id).not.toBe('');
    expect(info.rootDirectory).toMatch(/^\//);
  });

  test('a container reads back as it was asked for', async () => {
    const world = worldOf();
    const port = randomPort();
    await world.engine.createVolume(desiredVolume(`${world.stack}_data`), ownerLabels(world), signal());
    await world.engine.createVolume(desiredVolume(`${world.stack}_anon`), ownerLabels(world), signal());
    const id = await createStarted(world, {
      config: {
        Env: ['A=1', 'B=two words'],
        Labels: { 'com.example.team': 'a' },
        Hostname: 'web',
        User: '0',
        WorkingDir: '/tmp',
        Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9, Timeout: 2e9, Retries: 2 },
      },
      host: {
        Mounts: [{ Type: 'volume', Source: `${world.stack}_data`, Target: '/data', ReadOnly: true }],
        Tmpfs: { '/scratch': 'size=1m' },
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
        CapAdd: ['NET_ADMIN'],
        CapDrop: ['MKNOD'],
        ExtraHosts: ['db:10.0.0.9'],
        Init: true,
        ShmSize: 16 * 1024 * 1024,
        Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
      },
      desired: {
        networkMode: { kind: 'bridge' },
        resources: { Memory: 64 * 1024 * 1024, NanoCpus: 5e8, CpuShares: 512, PidsLimit: 100 },
        restartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      },
      request: { anonymousVolumes: { '/cache': `${world.stack}_anon` } },
    });
    const seen = await lookAt(world, id);
    expect(seen).toMatchObject({
      ownership: 'ours',
      stack: world.stack,
      project: world.stack,
      name: `${world.stack}-web-1`,
      service: 'web',
      ordinal: 1,
      specHash: 'v1.aaaa',
      imageRef: world.image,
      state: 'running',
      networkMode: 'bridge',
      restartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      hasHealthcheck: true,
      healthIntervalMs: 1000,
      healthTimeoutMs: 2000,
      error: '',
      staleBinds: [],
    });
    expect(seen.labels).toMatchObject({ 'com.example.team': 'a', [OURS.instance]: world.instance });
    expect(seen.resources).toMatchObject({
      Memory: 64 * 1024 * 1024,
      NanoCpus: 5e8,
      CpuShares: 512,
      PidsLimit: 100,
    });
    const published = { hostIp: '127.0.0.1', hostPort: String(port), containerPort: 80, protocol: 'tcp' };
    expect(seen.ports).toEqual([published]);
    expect(seen.wantedPorts).toEqual([published]);
    expect(seen.mounts.toSorted((a, b) => (a.target < b.target ? -1 : 1))).toMatchObject([
      { type: 'volume', name: `${world.stack}_anon`, target: '/cache', readOnly: false },
      { type: 'volume', name: `${world.stack}_data`, target: '/data', readOnly: true },
    ]);
    expect(seen.imageId).toBe((await look(world)).images[world.image]?.id);
  });

  test('what nobody asked for reads back as nothing', async () => {
    const world = worldOf();
    const seen = await lookAt(world, await create(world));
    expect(seen).toMatchObject({
      state: 'created',
      startedAtMs: undefined,
      health: undefined,
      hasHealthcheck: false,
      resources: {},
      restartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      networkMode: 'none',
      volumesFrom: [],
      mounts: [],
      ports: [],
      wantedPorts: [],
    });
  });

  test('creating the same container again gives the one that is there', async () => {
    const world = worldOf();
    const id = await create(world);
    expect(await create(world)).toBe(id);
  });

  test('a name that another spec holds is a conflict', async () => {
    const world = worldOf();
    await create(world);
    const failure = await failureOf(create(world, { specHash: 'v1.bbbb' }));
    expect(failure).toMatchObject({ kind: 'conflict', status: 409 });
    expect(failure.hint).toBeDefined();
  });

  test('an image that is not there is gone, not refused', async () => {
    const world = worldOf();
    const failure = await failureOf(create(world, { config: { Image: 'stackctl.local/nowhere:1' } }));
    expect(failure).toMatchObject({ kind: 'gone', status: 404 });
  });

  test('starts and stops, and doing so twice is the same as once', async () => {
    const world = worldOf();
    const { engine } = world;
    const id = await createStarted(world);
    await engine.startContainer(id, signal());
    expect((await lookAt(world, id)).state).toBe('running');
    await engine.stopContainer(id, 1000, undefined, signal());
    await engine.stopContainer(id, 1000, undefined, signal());
    const stopped = await lookAt(world, id);
    expect(stopped.state).toBe('exited');
    expect(stopped.finishedAtMs).toBeGreaterThan(stopped.startedAtMs ?? Number.POSITIVE_INFINITY);
  });

  test('stops with a signal of its own', async () => {
    const world = worldOf();
    const id = await createStarted(world, {
      config: { Cmd: ['sh', '-c', "trap 'exit 42' USR1; while :; do sleep 0.1; done"] },
    });
    await world.engine.stopContainer(id, 10_000, 'SIGUSR1', signal());
    expect(await lookAt(world, id)).toMatchObject({ state: 'exited', exitCode: 42 });
  });

  test('restarts in place', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    const before = await lookAt(world, id);
    await world.engine.restartContainer(id, 0, signal());
    const after = await lookAt(world, id);
    expect(after.state).toBe('running');
    expect(after.startedAtMs).toBeGreaterThan(before.startedAtMs ?? Number.POSITIVE_INFINITY);
  });

  test('runs a command in a container, and tells how it ended', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    const run = (line: string) =>
      world.engine.exec(id, { command: ['sh', '-c', line], env: [] }, 20_000, signal());
    expect(await run('echo all is well')).toEqual({ exitCode: 0, output: 'all is well' });
    expect(await run('echo no such table; exit 3')).toEqual({ exitCode: 3, output: 'no such table' });
  });

  test('runs no command in a container that is stopped, paused or gone', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    const run = () => world.engine.exec(id, { command: ['true'], env: [] }, 20_000, signal());
    await world.outside.pause(id);
    expect(await failureOf(run())).toMatchObject({ kind: 'conflict', status: 409 });
    await world.engine.unpauseContainer(id, signal());
    await world.engine.stopContainer(id, 0, undefined, signal());
    expect(await failureOf(run())).toMatchObject({ kind: 'conflict', status: 409 });
    await world.engine.removeContainer(id, signal());
    expect(await failureOf(run())).toMatchObject({ kind: 'gone' });
  });

  test('unpauses what was paused, and what was not', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    await world.outside.pause(id);
    expect((await lookAt(world, id)).state).toBe('paused');
    await world.engine.unpauseContainer(id, signal());
    await world.engine.unpauseContainer(id, signal());
    expect((await lookAt(world, id)).state).toBe('running');
  });

  test('renames, also to the name it has, but not to a name that is taken', async () => {
    const world = worldOf();
    const id = await create(world);
    const other = `${world.stack}-web-2`;
    await create(world, { name: other });
    const renamed = `${world.stack}-web-1.abcdef01`;
    await world.engine.renameContainer(id, renamed, signal());
    await world.engine.renameContainer(id, renamed, signal());
    expect((await lookAt(world, id)).name).toBe(renamed);
    expect(await failureOf(world.engine.renameContainer(id, other, signal()))).toMatchObject({
      kind: 'conflict',
    });
  });

  test('updates limits and restart policy under a running process', async () => {
    const world = worldOf();
    const id = await createStarted(world, { desired: { resources: { Memory: 32 * 1024 * 1024 } } });
    const before = await lookAt(world, id);
    await world.engine.updateContainer(
      id,
      { Memory: 128 * 1024 * 1024, NanoCpus: 25e7, PidsLimit: 50 },
      { Name: 'unless-stopped', MaximumRetryCount: 0 },
      signal(),
    );
    const after = await lookAt(world, id);
    expect(after.resources).toMatchObject({ Memory: 128 * 1024 * 1024, NanoCpus: 25e7, PidsLimit: 50 });
    expect(after.restartPolicy.Name).toBe('unless-stopped');
    expect(after.startedAtMs).toBe(before.startedAtMs);
  });

  test('removes what is stopped, refuses what runs, and is content when it is gone', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    expect(await failureOf(world.engine.removeContainer(id, signal()))).toMatchObject({ kind: 'conflict' });
    await world.engine.stopContainer(id, 0, undefined, signal());
    await Promise.all([1, 2, 3].map(() => world.engine.removeContainer(id, signal())));
    await world.engine.removeContainer(id, signal());
    expect((await look(world)).containers).toEqual([]);
  });

  test('removing a container keeps the volumes it had', async () => {
    const world = worldOf();
    const volume = `${world.stack}_anon`;
    await world.engine.createVolume(desiredVolume(volume), ownerLabels(world), signal());
    const id = await create(world, { request: { anonymousVolumes: { '/cache': volume } } });
    await world.engine.removeContainer(id, signal());
    expect((await look(world)).volumes.map((found) => found.name)).toContain(volume);
  });

  test('a port that another container has is a conflict, and the container says why it never started', async () => {
    const world = worldOf();
    const port = randomPort();
    await world.outside.runForeign(`${world.stack}-holder`, { hostPorts: [port] });
    const id = await create(world, {
      desired: { networkMode: { kind: 'bridge' } },
      host: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: String(port) }] } },
    });
    const failure = await failureOf(world.engine.startContainer(id, signal()));
    expect(failure.kind).toBe('conflict');
    expect(failure.hint).toContain(String(port));
    const seen = await lookAt(world, id);
    expect(seen.state).toBe('created');
    expect(seen.error).not.toBe('');
  });

  test('shares namespaces and volumes of another container', async () => {
    const world = worldOf();
    await world.engine.createVolume(desiredVolume(`${world.stack}_data`), ownerLabels(world), signal());
    const first = await createStarted(world, {
      service: 'first',
      host: {
        IpcMode: 'shareable',
        Mounts: [{ Type: 'volume', Source: `${world.stack}_data`, Target: '/data' }],
      },
    });
    const second = await createStarted(world, {
      service: 'second',
      desired: { networkMode: { kind: 'shared', with: { kind: 'service', service: 'first' } } },
      request: {
        networkContainer: first,
        ipcContainer: first,
        pidContainer: first,
        volumesFrom: [{ container: first, readOnly: true }],
      },
    });
    expect(await lookAt(world, second)).toMatchObject({
      networkMode: `container:${first}`,
      ipcMode: `container:${first}`,
      pidMode: `container:${first}`,
      volumesFrom: [`${first}:ro`],
      mounts: [{ name: `${world.stack}_data`, target: '/data', readOnly: true }],
    });
  });

  test('a call that nobody wants any more does nothing', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    const failure = await failureOf(world.engine.stopContainer(id, 0, undefined, AbortSignal.abort()));
    expect(failure.kind).toBe('superseded');
    expect(await world.outside.isRunning(id)).toBe(true);
    expect(
      await failureOf(
        world.engine.observe(
          { stack: world.stack, project: '', networkNames: [], imageRefs: [] },
          AbortSignal.abort(),
        ),
      ),
    ).toMatchObject({ kind: 'superseded' });
  });
}

function networkContract(worldOf: () => ContractWorld): void {
  test('a network reads back with every option it was given', async () => {
    const world = worldOf();
    const { subnet, gateway, at } = randomSubnet();
    const { id, name } = await createNetwork(world, {
      internal: true,
      attachable: true,
      options: { 'com.docker.network.bridge.enable_icc': 'false', 'com.docker.network.driver.mtu': '1400' },
      labels: { 'com.example.zone': 'back' },
      pools: [{ subnet, gateway, ipRange: at(128).concat('/25'), auxAddresses: { printer: at(5) } }],
    });
    const seen = (await look(world)).networks.find((network) => network.id === id);
    expect(seen).toMatchObject({
      name,
      ownership: 'ours',
      stack: world.stack,
      driver: 'bridge',
      scope: 'local',
      internal: true,
      attachable: true,
      enableIPv4: true,
      enableIPv6: false,
      options: { 'com.docker.network.bridge.enable_icc': 'false', 'com.docker.network.driver.mtu': '1400' },
      pools: [{ subnet, gateway, ipRange: at(128).concat('/25'), auxAddresses: { printer: at(5) } }],
      specHash: 'v1.aaaa',
    });
    expect(seen?.labels).toMatchObject({ 'com.example.zone': 'back' });
  });

  test('creating the same network again, or many times at once, makes one', async () => {
    const world = worldOf();
    const made = await Promise.all([1, 2, 3, 4].map(() => createNetwork(world)));
    const again = await createNetwork(world);
    expect(new Set([...made, again].map(({ id }) => id)).size).toBe(1);
    expect((await look(world)).networks.filter((network) => network.name === again.name)).toHaveLength(1);
  });

  test('several daemons of one instance that make the same network at once leave one', async () => {
    const world = worldOf();
    const name = `${world.stack}_net`;
    const daemons = [1, 2, 3, 4, 5, 6].map(() => world.engineAs(world.instance));
    await Promise.all(daemons.map((engine) => engine.connect(signal())));
    const ids = await Promise.all(
      daemons.map((engine) => engine.createNetwork(desiredNetwork(name), ownerLabels(world), signal())),
    );
    const left = (await look(world)).networks.filter((network) => network.name === name);
    expect(left).toHaveLength(1);
    expect(new Set(ids)).toEqual(new Set(left.map((network) => network.id)));
  });

  test("a network name that is somebody else's is a conflict", async () => {
    const world = worldOf();
    await world.outside.createForeignNetwork(`${world.stack}_net`);
    expect(await failureOf(createNetwork(world))).toMatchObject({ kind: 'conflict' });
  });

  test('a subnet that another network has is a conflict', async () => {
    const world = worldOf();
    const { subnet } = randomSubnet();
    await createNetwork(world, { name: `${world.stack}_a`, pools: [{ subnet, auxAddresses: {} }] });
    const second = createNetwork(world, { name: `${world.stack}_b`, pools: [{ subnet, auxAddresses: {} }] });
    const failure = await failureOf(second);
    expect(failure.kind).toBe('conflict');
    expect(failure.hint).toBeDefined();
  });

  test('removes a network, once or twice, but not under a running container', async () => {
    const world = worldOf();
    const network = await createNetwork(world);
    const id = await createStarted(world, inNetwork(network));
    expect(await failureOf(world.engine.removeNetwork(network.id, false, signal()))).toMatchObject({
      kind: 'conflict',
    });
    await world.engine.disconnectNetwork(network.id, id, false, signal());
    await world.engine.removeNetwork(network.id, false, signal());
    await world.engine.removeNetwork(network.id, false, signal());
    expect((await look(world)).networks.map((found) => found.id)).not.toContain(network.id);
  });
}

function keptAddressContract(worldOf: () => ContractWorld): void {
  const keepsAddresses = { [OURS.keepsAddresses]: 'true' };

  test('where addresses are to be kept, a container is attached again with the one that the engine gave it', async () => {
    const world = worldOf();
    const name = `${world.stack}_net`;
    const labels = { ...ownerLabels(world), ...keepsAddresses };
    // What a crash left of finding out the subnet.
    const probe = await createNetwork(world, { name: `${name}.probe` });
    const id = await world.engine.createNetwork(desiredNetwork(name), labels, signal());
    const { networks } = await look(world);
    expect(networks.filter((each) => each.name === probe.name)).toEqual([]);
    const [pool] = networks.find((each) => each.id === id)?.pools ?? [];
    expect(pool).toMatchObject({ subnet: expect.any(String), gateway: expect.any(String) });
    expect(pool?.ipRange).not.toBe(pool?.subnet);
    expect(await world.engine.createNetwork(desiredNetwork(name), labels, signal())).toBe(id);

    const container = await createStarted(world, inNetwork({ id, name }, endpoint({ aliases: ['web'] })));
    const attachment = async () =>
      (await look(world)).containers.find((each) => each.id === container)?.attachments[0];
    const address = (await attachment())?.address;
    expect(address).toBeDefined();
    await world.engine.disconnectNetwork(id, container, true, signal());
    await world.engine.connectNetwork(id, container, endpoint({ ipv4Address: address }), signal());
    expect(await attachment()).toMatchObject({ address, ipv4Address: address, aliases: [] });
  });
}

function endpointContract(worldOf: () => ContractWorld): void {
  test('attaches with aliases and a static address, at creation and later, and says so', async () => {
    const world = worldOf();
    const first = randomSubnet();
    const second = randomSubnet();
    const front = await createNetwork(world, {
      name: `${world.stack}_front`,
      pools: [{ ...first, auxAddresses: {} }],
    });
    const back = await createNetwork(world, {
      name: `${world.stack}_back`,
      pools: [{ ...second, auxAddresses: {} }],
    });
    const id = await create(
      world,
      inNetwork(front, endpoint({ aliases: ['web', 'www'], ipv4Address: first.at(10) })),
    );
    await world.engine.connectNetwork(
      back.id,
      id,
      endpoint({ aliases: ['api'], ipv4Address: second.at(20) }),
      signal(),
    );
    await world.engine.startContainer(id, signal());
    const seen = await lookAt(world, id);
    expect(seen.networkMode).toBe(front.name);
    expect(seen.attachments).toMatchObject([
      {
        networkId: back.id,
        networkName: back.name,
        aliases: ['api'],
        ipv4Address: second.at(20),
        address: second.at(20),
      },
      {
        networkId: front.id,
        networkName: front.name,
        aliases: ['web', 'www'],
        ipv4Address: first.at(10),
        address: first.at(10),
      },
    ]);
  });

  test('attaching just so twice is the same as once; attaching otherwise is not', async () => {
    const world = worldOf();
    const { subnet, at } = randomSubnet();
    const network = await createNetwork(world, { pools: [{ subnet, auxAddresses: {} }] });
    const id = await createStarted(world);
    // No network mode at all forbids attaching; start from another network.
    await world.engine.stopContainer(id, 0, undefined, signal());
    const other = await createNetwork(world, { name: `${world.stack}_other` });
    const second = await createStarted(world, { service: 'second', ...inNetwork(other) });
    await world.engine.connectNetwork(network.id, second, endpoint({ aliases: ['x'] }), signal());
    await world.engine.connectNetwork(network.id, second, endpoint({ aliases: ['x'] }), signal());
    const otherwise = endpoint({ aliases: ['x'], ipv4Address: at(77) });
    expect(
      await failureOf(world.engine.connectNetwork(network.id, second, otherwise, signal())),
    ).toBeInstanceOf(Failure);
  });

  test('detaching twice is the same as once', async () => {
    const world = worldOf();
    const network = await createNetwork(world);
    const id = await createStarted(world, inNetwork(network));
    await world.engine.disconnectNetwork(network.id, id, false, signal());
    await world.engine.disconnectNetwork(network.id, id, false, signal());
    expect((await lookAt(world, id)).attachments).toEqual([]);
  });

  test('a static address that another container has is a conflict', async () => {
    const world = worldOf();
    const { subnet, at } = randomSubnet();
    const network = await createNetwork(world, { pools: [{ subnet, auxAddresses: {} }] });
    const here = endpoint({ ipv4Address: at(9) });
    await createStarted(world, inNetwork(network, here));
    const second = await create(world, { service: 'second', ...inNetwork(network, here) });
    expect(await failureOf(world.engine.startContainer(second, signal()))).toMatchObject({
      kind: 'conflict',
    });
  });

  test('a static address without a subnet of its own is invalid', async () => {
    const world = worldOf();
    const network = await createNetwork(world);
    const other = await createNetwork(world, { name: `${world.stack}_other` });
    const id = await createStarted(world, inNetwork(other));
    const call = world.engine.connectNetwork(network.id, id, endpoint({ ipv4Address: '10.1.2.3' }), signal());
    expect(await failureOf(call)).toMatchObject({ kind: 'invalid' });
  });

  test('a network is made again under a running container, which keeps its process and endpoint', async () => {
    const world = worldOf();
    const { subnet, at } = randomSubnet();
    const pools = [{ subnet, auxAddresses: {} }];
    const before = await createNetwork(world, { pools });
    const settings = endpoint({ aliases: ['web'], ipv4Address: at(50) });
    const id = await createStarted(world, inNetwork(before, settings));
    const foreign = await world.outside.runForeign(`${world.stack}-guest`, { network: before.name });
    const startedAtMs = (await lookAt(world, id)).startedAtMs;

    for (const container of [id, foreign]) {
      await world.engine.disconnectNetwork(before.id, container, false, signal());
    }
    await world.engine.removeNetwork(before.id, false, signal());
    const after = await createNetwork(world, { pools, internal: true, specHash: 'v1.bbbb' });
    await world.engine.connectNetwork(after.id, id, settings, signal());
    await world.engine.connectNetwork(after.id, foreign, endpoint(), signal());

    const seen = await look(world, [after.name]);
    const ours = seen.containers.find((container) => container.id === id);
    expect(ours).toMatchObject({ state: 'running', startedAtMs, networkMode: after.name });
    expect(ours?.attachments).toMatchObject([
      { networkId: after.id, aliases: ['web'], ipv4Address: at(50), address: at(50) },
    ]);
    const guest = seen.containers.find((container) => container.id === foreign);
    expect(guest).toMatchObject({ ownership: 'foreign', attachments: [{ networkId: after.id }] });
    await world.engine.restartContainer(id, 0, signal());
    expect((await lookAt(world, id)).attachments).toMatchObject([{ networkId: after.id, address: at(50) }]);
  });

  test('a stopped container whose network was made again is attached to the new one by force', async () => {
    const world = worldOf();
    const before = await createNetwork(world);
    const id = await createStarted(world, inNetwork(before));
    await world.engine.stopContainer(id, 0, undefined, signal());
    await world.engine.removeNetwork(before.id, false, signal());
    const after = await createNetwork(world);
    expect(await failureOf(world.engine.startContainer(id, signal()))).toMatchObject({ kind: 'gone' });
    await world.engine.disconnectNetwork(after.name, id, true, signal());
    await world.engine.connectNetwork(after.id, id, endpoint(), signal());
    await world.engine.startContainer(id, signal());
    expect((await lookAt(world, id)).attachments).toMatchObject([{ networkId: after.id }]);
  });
}

function volumeContract(worldOf: () => ContractWorld): void {
  test('a volume reads back, and creating it again changes nothing', async () => {
    const world = worldOf();
    const volume = desiredVolume(`${world.stack}_data`, { labels: { 'com.example.keep': 'yes' } });
    await world.engine.createVolume(volume, ownerLabels(world), signal());
    await world.engine.createVolume(volume, ownerLabels(world), signal());
    const seen = (await look(world)).volumes.filter((found) => found.name === volume.name);
    expect(seen).toMatchObject([
      { ownership: 'ours', stack: world.stack, driver: 'local', options: {}, specHash: 'v1.aaaa' },
    ]);
    expect(seen[0]?.labels).toMatchObject({ 'com.example.keep': 'yes' });
  });

  test('a volume that exists with other options, or is not ours, is a conflict and stays', async () => {
    const world = worldOf();
    const name = `${world.stack}_data`;
    await world.engine.createVolume(desiredVolume(name), ownerLabels(world), signal());
    const other = desiredVolume(name, { options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } });
    expect(await failureOf(world.engine.createVolume(other, ownerLabels(world), signal()))).toMatchObject({
      kind: 'conflict',
    });
    await world.outside.createForeignVolume(`${world.stack}_theirs`);
    const theirs = world.engine.createVolume(
      desiredVolume(`${world.stack}_theirs`),
      ownerLabels(world),
      signal(),
    );
    expect(await failureOf(theirs)).toMatchObject({ kind: 'conflict' });
    const seen = (await look(world)).volumes.filter((volume) => volume.name.startsWith(world.stack));
    expect(seen.map(({ ownership, options }) => ({ ownership, options }))).toEqual(
      expect.arrayContaining([
        { ownership: 'ours', options: {} },
        { ownership: 'foreign', options: {} },
      ]),
    );
  });

  test('removes a volume, once or twice, but not while a container has it', async () => {
    const world = worldOf();
    const name = `${world.stack}_data`;
    await world.engine.createVolume(desiredVolume(name), ownerLabels(world), signal());
    const id = await create(world, { host: { Mounts: [{ Type: 'volume', Source: name, Target: '/data' }] } });
    expect(await failureOf(world.engine.removeVolume(name, signal()))).toMatchObject({ kind: 'conflict' });
    await world.engine.removeContainer(id, signal());
    await world.engine.removeVolume(name, signal());
    await world.engine.removeVolume(name, signal());
    expect((await look(world)).volumes.map((volume) => volume.name)).not.toContain(name);
  });
}

function ownershipContract(worldOf: () => ContractWorld): void {
  test('tells ours from theirs, and finds ours by stack', async () => {
    const world = worldOf();
    const { stack, instance } = world;
    const otherInstance = { ...world, instance: `${instance}-other` };
    await create(world);
    await world
      .engineAs(otherInstance.instance)
      .createContainer(containerRequest(otherInstance, { service: 'other' }), signal());
    await world.outside.runForeign(`${stack}-foreign`);
    await world.outside.runForeign(`${stack}-composed`, {
      labels: { 'com.docker.compose.project': stack, 'com.docker.compose.config-hash': 'x' },
    });
    const seen = await look(world);
    const owners = Object.fromEntries(
      [...seen.containers, ...seen.others]
        .filter((container) => container.name.startsWith(stack))
        .map((container) => [container.name, container.ownership]),
    );
    expect(owners).toEqual({
      [`${stack}-web-1`]: 'ours',
      [`${stack}-other-1`]: 'other-instance',
      [`${stack}-foreign`]: 'foreign',
      [`${stack}-composed`]: 'compose',
    });
    expect(seen.others.map((container) => container.name)).toContain(`${stack}-foreign`);
    expect(seen.containers.map((container) => container.name)).toContain(`${stack}-composed`);
    expect(await world.engine.ownedStacks(signal())).toEqual([stack]);
  });

  test('what is run from a committed copy of our container is not ours', async () => {
    const world = worldOf();
    const id = await create(world);
    const copied = `stackctl.local/copy-${world.stack}:1`;
    await world.outside.commit(id, copied);
    const copy = await world.outside.runForeign(`${world.stack}-copy`, { image: copied });
    const seen = await lookAt(world, copy);
    expect(seen).toMatchObject({ ownership: 'foreign', stack: world.stack });
    expect(await failureOf(world.engine.stopContainer(copy, 0, undefined, signal()))).toMatchObject({
      kind: 'conflict',
    });
    // A container that we make from that very image is ours all the same.
    const ours = await create(world, { service: 'again', specHash: 'v1.bbbb', config: { Image: copied } });
    expect((await lookAt(world, ours)).ownership).toBe('ours');
  });

  test('an image that is not there is absent, one that is there is described', async () => {
    const world = worldOf();
    const seen = await world.engine.observe(
      {
        stack: world.stack,
        project: world.stack,
        networkNames: [],
        imageRefs: [world.image, 'stackctl.local/nowhere:1', '../info'],
      },
      signal(),
    );
    expect(Object.keys(seen.images)).toEqual([world.image]);
    expect(seen.images[world.image]).toMatchObject({ ref: world.image, volumes: [], hasHealthcheck: false });
  });

  test('a foreign container shows what it holds', async () => {
    const world = worldOf();
    const port = randomPort();
    const name = `${world.stack}-holder`;
    await world.outside.runForeign(name, { hostPorts: [port] });
    const holder = (await look(world)).others.find((container) => container.name === name);
    expect(holder).toMatchObject({ state: 'running', ownership: 'foreign', networks: ['bridge'] });
    expect(holder?.ports.map(({ hostPort, containerPort }) => ({ hostPort, containerPort }))).toContainEqual({
      hostPort: String(port),
      containerPort: 80,
    });
  });
}

function guardContract(worldOf: () => ContractWorld): void {
  const refused: Readonly<Record<string, (engine: Engine, id: ContainerId) => Promise<unknown>>> = {
    stop: (engine, id) => engine.stopContainer(id, 0, undefined, signal()),
    remove: (engine, id) => engine.removeContainer(id, signal()),
    rename: (engine, id) => engine.renameContainer(id, 'stackctl-test-renamed', signal()),
    restart: (engine, id) => engine.restartContainer(id, 0, signal()),
    update: (engine, id) => engine.updateContainer(id, { Memory: 64e6 }, undefined, signal()),
    'put files into': (engine, id) =>
      engine.putFiles(
        id,
        [{ target: '/x', content: '', uid: 0, gid: 0, mode: 0o644, secret: false }],
        signal(),
      ),
    disconnect: (engine, id) => engine.disconnectNetwork('bridge', id, true, signal()),
  };

  test.each(Object.keys(refused))(
    'refuses to %s a container that is not ours, which runs on',
    async (call) => {
      const world = worldOf();
      const foreign = await world.outside.runForeign(`${world.stack}-foreign`);
      expect(await failureOf(refused[call]?.(world.engine, foreign) ?? Promise.resolve())).toMatchObject({
        kind: 'conflict',
      });
      expect(await world.outside.isRunning(foreign)).toBe(true);
    },
  );

  test("refuses what belongs to another instance's stack", async () => {
    const world = worldOf();
    const id = await createStarted(world);
    const other = world.engineAs(`${world.instance}-other`);
    expect(await failureOf(other.stopContainer(id, 0, undefined, signal()))).toMatchObject({
      kind: 'conflict',
    });
    const network = await createNetwork(world);
    expect(await failureOf(other.removeNetwork(network.id, false, signal()))).toMatchObject({
      kind: 'conflict',
    });
    await world.engine.createVolume(desiredVolume(`${world.stack}_data`), ownerLabels(world), signal());
    expect(await failureOf(other.removeVolume(`${world.stack}_data`, signal()))).toMatchObject({
      kind: 'conflict',
    });
  });

  test('removes an unlabelled network where it is told to, but not under anybody, nor one that is claimed', async () => {
    const world = worldOf();
    const name = `${world.stack}_net`;
    const unlabelled = networkId(await world.outside.createForeignNetwork(name));
    const guest = await world.outside.runForeign(`${world.stack}-guest`, { network: name });
    const remove = () => world.engine.removeNetwork(unlabelled, true, signal());
    expect(await failureOf(remove())).toMatchObject({ kind: 'conflict' });
    await world.outside.kill(guest);
    expect(await failureOf(remove())).toMatchObject({ kind: 'conflict' });
    await world.outside.remove(guest);
    await remove();
    const claimed = networkId(
      await world.outside.createForeignNetwork(name, { 'com.docker.compose.project': world.stack }),
    );
    const call = world.engine.removeNetwork(claimed, true, signal());
    expect(await failureOf(call)).toMatchObject({ kind: 'conflict' });
    expect((await look(world)).networks.filter((network) => network.name === name)).toMatchObject([
      { id: claimed, ownership: 'compose' },
    ]);
  });

  test('refuses foreign networks and volumes', async () => {
    const world = worldOf();
    const network = networkId(await world.outside.createForeignNetwork(`${world.stack}_theirs`));
    await world.outside.createForeignVolume(`${world.stack}_theirs`);
    expect(await failureOf(world.engine.removeNetwork(network, false, signal()))).toMatchObject({
      kind: 'conflict',
    });
    expect(await failureOf(world.engine.removeVolume(`${world.stack}_theirs`, signal()))).toMatchObject({
      kind: 'conflict',
    });
    const seen = await look(world);
    expect(seen.networks.map((found) => found.id)).toContain(network);
    expect(seen.volumes.map((found) => found.name)).toContain(`${world.stack}_theirs`);
  });

  test('a container that is gone is gone', async () => {
    const world = worldOf();
    const nobody = containerId('ab'.repeat(32));
    expect(await failureOf(world.engine.startContainer(nobody, signal()))).toMatchObject({ kind: 'gone' });
    await world.engine.removeContainer(nobody, signal());
  });
}

function eventContract(worldOf: () => ContractWorld): void {
  test('says that it is connected, and then what happens to our containers', async () => {
    const world = worldOf();
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const events = world.engine.events(stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: 'connected' });
    const id = await createStarted(world);
    await world.outside.kill(id);
    const actions: string[] = [];
    while (!actions.includes('die')) {
      const { value } = await events.next();
      if (value?.id === id && value.stack === world.stack) actions.push(value.action);
    }
    expect(actions).toEqual(expect.arrayContaining(['create', 'start', 'die']));
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
}
