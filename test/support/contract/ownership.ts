import { expect, test } from 'vitest';
import type { Engine } from '../../../src/engine/engine.ts';
import { type ContainerId, containerId, networkId } from '../../../src/model/names.ts';
import { containerRequest, desiredVolume, ownerLabels } from '../engine-requests.ts';
import {
  type ContractWorld,
  create,
  createNetwork,
  createStarted,
  failureOf,
  look,
  lookAt,
  randomPort,
  signal,
} from './world.ts';

/** Whose an object is. */
export function ownershipContract(worldOf: () => ContractWorld): void {
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

  test('a look at everything inspects whoever is there', async () => {
    const world = worldOf();
    const name = `${world.stack}-stranger`;
    await world.outside.runForeign(name, {});
    const query = { stack: world.stack, project: '', networkNames: [], imageRefs: [], everything: true };
    const seen = await world.engine.observe(query, signal());
    expect(seen.others).toEqual([]);
    const found = seen.containers.find((container) => container.name === name);
    expect(found).toMatchObject({ ownership: 'foreign', networkMode: 'bridge', state: 'running' });
    expect(found?.attachments.map(({ networkName }) => networkName)).toEqual(['bridge']);
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

/** What is not ours is left alone. */
export function guardContract(worldOf: () => ContractWorld): void {
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
