import { expect, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { endpoint, inNetwork } from '../engine-requests.ts';
import {
  type ContractWorld,
  create,
  createNetwork,
  createStarted,
  failureOf,
  look,
  lookAt,
  randomSubnet,
  signal,
} from './world.ts';

/** Attaching containers to networks. */
export function endpointContract(worldOf: () => ContractWorld): void {
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
