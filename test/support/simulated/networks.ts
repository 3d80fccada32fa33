import ipaddr from 'ipaddr.js';
import { givenPool } from '../../../src/engine/docker/given-subnet.ts';
import type { EndpointSettings } from '../../../src/model/container.ts';
import type { DesiredNetwork, IpamPool } from '../../../src/model/desired.ts';
import { OURS } from '../../../src/model/labels.ts';
import { type NetworkId, networkId } from '../../../src/model/names.ts';
import { refusal } from './refusal.ts';
import type { SimContainer, SimNetwork, World } from './world.ts';

export type NetworkSpec = Omit<DesiredNetwork, 'key' | 'external' | 'specHash'>;

const PREDEFINED = new Set(['bridge', 'host', 'none']);
const isUp = (container: SimContainer) => container.state === 'running' || container.state === 'paused';

/** `POST /networks/create`, with CheckDuplicate where that matters. */
export function createNetwork(
  world: World,
  spec: NetworkSpec,
  labels: Readonly<Record<string, string>>,
  checkDuplicate = true,
): NetworkId {
  const mayBeDouble = world.profile === '20.10' && !checkDuplicate;
  if (!mayBeDouble && world.networksNamed(spec.name).length > 0) {
    throw refusal(409, `network with name ${spec.name} already exists`);
  }
  const isSubnetGiven = spec.pools.length > 0 || labels[OURS.keepsAddresses] !== undefined;
  const pools =
    spec.pools.length > 0 ? spec.pools : [choosePool(world)].map(isSubnetGiven ? givenPool : (pool) => pool);
  for (const pool of pools) refuseOverlap(world, pool);
  const id = networkId(world.nextHex('network'));
  const { name, ...rest } = spec;
  const network = {
    id,
    name,
    spec: isSubnetGiven ? { ...rest, pools } : rest,
    labels: { ...spec.labels, ...labels },
    pools,
    createdAtMs: world.now(),
  };
  world.networks.set(id, network);
  world.emit('network', 'create', id, name, undefined);
  return id;
}

/** `DELETE /networks/{id}`. Stopped containers do not keep a network alive (reliability 1.6). */
export function removeNetwork(world: World, id: string): void {
  const network = theOnly(world, id);
  if (network === undefined) throw refusal(404, `network ${id} not found`);
  if (PREDEFINED.has(network.name)) throw refusal(403, `${network.name} is pre-defined`);
  if (usersOf(world, network).some(isUp)) {
    throw refusal(403, `network ${network.name} has active endpoints`);
  }
  world.networks.delete(network.id);
  world.emit('network', 'destroy', network.id, network.name, undefined);
}

/** `POST /networks/{id}/connect`. */
export function connectNetwork(
  world: World,
  idOrName: string,
  container: SimContainer,
  settings: EndpointSettings,
): void {
  const network = theOnly(world, idOrName);
  if (network === undefined) throw refusal(404, `network ${idOrName} not found`);
  if (container.networkMode.startsWith('container:') || ['host', 'none'].includes(container.networkMode)) {
    throw refusal(400, `${container.networkMode} sharing container cannot be connected`);
  }
  if (container.endpoints.has(network.name)) {
    const words = `endpoint with name ${container.name} already exists in network ${network.name}`;
    throw refusal(403, words);
  }
  refuseAddress(network, settings);
  if (isUp(container)) refuseTakenAddress(world, network, container, settings);
  const networkId = container.state === 'created' ? undefined : network.id;
  const address = isUp(container) ? chooseAddress(world, network, settings) : undefined;
  const kept = settingsKept(world, settings);
  container.endpoints.set(network.name, { networkId, networkName: network.name, settings: kept, address });
  world.emit('network', 'connect', network.id, network.name, undefined);
}

/** `POST /networks/{id}/disconnect`. By name and by force it clears what hangs on a network that is gone. */
export function disconnectNetwork(
  world: World,
  idOrName: string,
  container: SimContainer,
  force: boolean,
): void {
  const found = world.networksNamed(idOrName);
  if (found.length > 1) throw refusal(400, `network ${idOrName} is ambiguous`);
  const [network] = found;
  if (network === undefined && !(force && container.endpoints.has(idOrName))) {
    throw refusal(404, `network ${idOrName} not found`);
  }
  const name = network?.name ?? idOrName;
  const endpoint = container.endpoints.get(name);
  const isOther =
    network !== undefined && endpoint?.networkId !== undefined && endpoint.networkId !== network.id;
  if (endpoint === undefined || (isOther && !(force && idOrName === name))) {
    throw refusal(500, `container ${container.name} is not connected to network ${name}`);
  }
  container.endpoints.delete(name);
  world.emit('network', 'disconnect', network?.id ?? idOrName, name, undefined);
}

/** Finds the networks of a container that is to start; throws as the engine does, and sets its addresses. */
export function joinNetworks(world: World, container: SimContainer): void {
  for (const endpoint of container.endpoints.values()) {
    const network =
      endpoint.networkId === undefined
        ? theOnly(world, endpoint.networkName)
        : world.networks.get(endpoint.networkId);
    if (network === undefined) {
      throw refusal(404, `network ${endpoint.networkId ?? endpoint.networkName} not found`);
    }
    refuseAddress(network, endpoint.settings);
    refuseTakenAddress(world, network, container, endpoint.settings);
    endpoint.networkId = network.id;
    endpoint.address = chooseAddress(world, network, endpoint.settings);
  }
  const mode = container.networkMode;
  const isNamed = !mode.startsWith('container:') && mode !== '';
  // 28.5 looks for the network of the mode at every start, 20.10 does not (compose-and-engine 4.4).
  if (world.profile === '28' && isNamed && world.networksNamed(mode).length === 0) {
    const words = `could not find a network matching network mode ${mode}: network ${mode} not found`;
    throw refusal(500, words);
  }
}

/** Containers attached to this very network, running or not. */
export function usersOf(world: World, network: SimNetwork): readonly SimContainer[] {
  return [...world.containers.values()].filter((container) => {
    const endpoint = container.endpoints.get(network.name);
    return endpoint !== undefined && (endpoint.networkId ?? network.id) === network.id;
  });
}

function theOnly(world: World, idOrName: string): SimNetwork | undefined {
  const found = world.networksNamed(idOrName);
  if (found.length > 1) throw refusal(400, `network ${idOrName} is ambiguous`);
  return found[0];
}

/** What the API version does not know is dropped without a word (compose-and-engine 0.1). */
function settingsKept(world: World, settings: EndpointSettings): EndpointSettings {
  const isNew = (field: string) => field === 'gwPriority' || field === 'macAddress';
  const kept = Object.entries(settings).filter(
    ([field, value]) => value !== undefined && !(world.profile === '20.10' && isNew(field)),
  );
  return Object.fromEntries(kept) as unknown as EndpointSettings;
}

function refuseAddress(network: SimNetwork, settings: EndpointSettings): void {
  const address = settings.ipv4Address;
  if (address === undefined) return;
  if (network.spec.pools.length === 0) {
    const words =
      'user specified IP address is supported only when connecting to networks with user configured subnets';
    throw refusal(400, words);
  }
  if (!network.pools.some((pool) => contains(pool, address))) {
    throw refusal(400, `no configured subnet or ip-range contain the IP address ${address}`);
  }
}

/** Found out only when it is really attached, that is at its start (compose-and-engine 4.3). */
function refuseTakenAddress(
  world: World,
  network: SimNetwork,
  container: SimContainer,
  settings: EndpointSettings,
): void {
  const address = settings.ipv4Address;
  if (address === undefined) return;
  const holder = usersOf(world, network).find(
    (user) => user !== container && isUp(user) && user.endpoints.get(network.name)?.address === address,
  );
  if (holder !== undefined) throw refusal(403, 'Address already in use');
}

function chooseAddress(world: World, network: SimNetwork, settings: EndpointSettings): string | undefined {
  if (settings.ipv4Address !== undefined) return settings.ipv4Address;
  const subnet = network.pools[0]?.subnet;
  if (subnet === undefined || subnet.includes(':')) return undefined;
  const taken = new Set(usersOf(world, network).map((user) => user.endpoints.get(network.name)?.address));
  const base = ipaddr.IPv4.parseCIDR(subnet)[0].toByteArray();
  for (let last = 2; last < 255; last += 1) {
    const address = [base[0], base[1], base[2], last].join('.');
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function contains(pool: IpamPool, address: string): boolean {
  if (pool.subnet === undefined || pool.subnet.includes(':') !== address.includes(':')) return false;
  return ipaddr.parse(address).match(ipaddr.parseCIDR(pool.subnet));
}

function refuseOverlap(world: World, pool: IpamPool): void {
  const { subnet } = pool;
  if (subnet === undefined) return;
  const taken = [...world.networks.values()].flatMap((network) =>
    network.pools.flatMap((each) => each.subnet ?? []),
  );
  if (taken.some((other) => overlaps(other, subnet))) {
    throw refusal(403, 'Pool overlaps with other one on this address space');
  }
}

function overlaps(first: string, second: string): boolean {
  const [a, b] = [ipaddr.parseCIDR(first), ipaddr.parseCIDR(second)];
  return a[0].kind() === b[0].kind() && a[0].match(b[0], Math.min(a[1], b[1]));
}

function choosePool(world: World): IpamPool {
  const taken = [...world.networks.values()].flatMap((network) =>
    network.pools.flatMap((each) => each.subnet ?? []),
  );
  for (let second = 18; second < 32; second += 1) {
    const subnet = `172.${second}.0.0/16`;
    if (!taken.some((other) => overlaps(other, subnet))) {
      return { subnet, gateway: `172.${second}.0.1`, auxAddresses: {} };
    }
  }
  const status = world.profile === '20.10' ? 404 : 400;
  throw refusal(status, 'all predefined address pools have been fully subnetted');
}
