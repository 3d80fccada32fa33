import { expect, test } from 'vitest';
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

/** What is done to a container that is there, and what it shares with others. */
export function containerChangeContract(worldOf: () => ContractWorld): void {
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
