import { expect, test } from 'vitest';
import { OURS } from '../../../src/model/labels.ts';
import { desiredVolume, ownerLabels } from '../engine-requests.ts';
import {
  type ContractWorld,
  create,
  createStarted,
  failureOf,
  look,
  lookAt,
  randomPort,
  signal,
} from './world.ts';

/** Making, starting and stopping containers. */
export function containerContract(worldOf: () => ContractWorld): void {
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

  test('what is to be made and stands there already asks for another look', async () => {
    const world = worldOf();
    const id = await create(world);
    expect(await failureOf(create(world))).toMatchObject({ kind: 'superseded', status: 409 });
    expect(await lookAt(world, id)).toMatchObject({ id, state: 'created' });
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
      config: { Cmd: ['sh', '-c', "trap 'exit 42' USR1; touch /tmp/ready; while :; do sleep 0.1; done"] },
    });
    // It is started before its shell has set the trap.
    const command = ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.1; done'];
    expect(await world.engine.exec(id, { command, env: [] }, 20_000, signal())).toMatchObject({
      exitCode: 0,
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
}
