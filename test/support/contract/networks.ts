import { expect, test } from 'vitest';
import { OURS } from '../../../src/model/labels.ts';
import { desiredNetwork, endpoint, inNetwork, ownerLabels } from '../engine-requests.ts';
import {
  type ContractWorld,
  createNetwork,
  createStarted,
  failureOf,
  look,
  randomSubnet,
  signal,
} from './world.ts';

/** Making and removing networks. */
export function networkContract(worldOf: () => ContractWorld): void {
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

/** Networks whose containers keep their addresses. */
export function keptAddressContract(worldOf: () => ContractWorld): void {
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
