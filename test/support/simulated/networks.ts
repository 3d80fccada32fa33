import ipaddr from 'ipaddr.js';
import { givenPool } from '../../../src/engine/docker/given-subnet.ts';
import type { EndpointSettings } from '../../../src/model/container.ts';
import type { DesiredNetwork, IpamPool } from '../../../src/model/desired.ts';
import { Failure } from '../../../src/model/failure.ts';
import { OURS } from '../../../src/model/labels.ts';
import { type NetworkId, networkId } from '../../../src/model/names.ts';
import type { SimContainer, SimEndpoint, SimNetwork } from './objects.ts';
import { publishedPorts, refuseTakenPorts } from './ports.ts';
import { refusal } from './refusal.ts';
import type { World } from './world.ts';

export type NetworkSpec = Omit<DesiredNetwork, 'key' | 'external' | 'specHash'>;

const PREDEFINED = new Set(['bridge', 'host', 'none']);
const DRIVERS = new Set(['bridge', 'host', 'null', 'macvlan', 'ipvlan', 'overlay']);
const isUp = (container: SimContainer) => container.state === 'running' || container.state === 'paused';

/** `POST /networks/create`, with CheckDuplicate where that matters. */
export function createNetwork(
  world: World,
  spec: NetworkSpec,
  labels: Readonly<Record<string, string>>,
  checkDuplicate = true,
): NetworkId {
  if (PREDEFINED.has(spec.name))
    throw refusal(403, `operation is not permitted on predefined ${spec.name} network`);
  if (!DRIVERS.has(spec.driver)) throw refusal(404, `plugin "${spec.driver}" not found`);
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
  if (PREDEFINED.has(network.name))
    throw refusal(403, `${network.name} is a pre-defined network and cannot be removed`);
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
  if (!isUp(container)) {
    const [network] = world.networksNamed(idOrName);
    attachStopped(world, network?.name ?? idOrName, container, settings);
    return;
  }
  refuseShared(container);
  const network = theOnly(world, idOrName);
  if (network === undefined) throw refusal(404, `network ${idOrName} not found`);
  refuseAliases(network, settings);
  refuseMode(network, container);
  if (container.endpoints.has(network.name)) {
    const words = `endpoint with name ${container.name} already exists in network ${network.name}`;
    throw refusal(403, words);
  }
  const endpoint = plan(world, network.name, settings);
  const isOld = world.profile === '20.10';
  if (!isOld) refuseAddress(world, network, settings);
  refuseSubnetless(network, settings);
  // 20.10 finds out half-way, and what it has begun with stays.
  if (isOld) container.endpoints.set(network.name, endpoint);
  if (isOld) refuseAddress(world, network, settings);
  refuseTakenAddress(world, network, container, settings);
  const isFirst = container.endpoints.size === (isOld ? 1 : 0);
  if (isFirst) refuseTakenPorts(world, container);
  container.endpoints.set(network.name, join(world, network, endpoint));
  if (isFirst) container.ports = publishedPorts(world, container);
  world.emitAttachment('connect', network, container.id);
}

/** Attaches what does not run: only written down, whether there is such a network or not. */
export function attachStopped(
  world: World,
  networkName: string,
  container: SimContainer,
  settings: EndpointSettings,
): void {
  const found = world.networksNamed(networkName);
  if (found.length > 1 && world.containers.has(container.id))
    throw refusal(400, `network ${networkName} is ambiguous (${found.length} matches found on name)`);
  const [network] = found;
  // dockerd panics, and hangs up: there is no list yet that a name could be written into.
  const hasNoList = container.networkMode.startsWith('container:') && container.endpoints.size === 0;
  if (network === undefined && hasNoList && world.containers.has(container.id))
    throw new Failure('unreachable', 'the engine hung up');
  if (network !== undefined) {
    refuseAliases(network, settings);
    refuseMode(network, container);
    if (world.profile !== '20.10') {
      refuseSubnetless(network, settings);
      refuseAddress(world, network, settings);
    }
  }
  if (container.endpoints.has(networkName)) return;
  // 20.10 makes the hostname an alias as soon as a network is really looked at.
  const hasHostname = network !== undefined && world.containers.has(container.id);
  container.endpoints.set(networkName, { ...plan(world, networkName, settings), hasHostname });
}

const plan = (world: World, networkName: string, settings: EndpointSettings): SimEndpoint => ({
  networkId: undefined,
  networkName,
  settings: settingsKept(world, settings),
  address: undefined,
  hasHostname: false,
});

export const join = (world: World, network: SimNetwork, endpoint: SimEndpoint): SimEndpoint => ({
  ...endpoint,
  networkId: network.id,
  hasHostname: true,
  address: chooseAddress(world, network, endpoint.settings),
});

/** Who shares a network can be attached to none while it runs. */
function refuseShared({ networkMode }: SimContainer): void {
  if (networkMode.startsWith('container:'))
    throw refusal(
      400,
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
}

function refuseAliases({ name }: SimNetwork, { aliases }: EndpointSettings): void {
  if (PREDEFINED.has(name) && aliases.length > 0)
    throw refusal(400, 'network-scoped aliases are only supported for user-defined networks');
}

/** Who has no network, or the host's, can be attached to no other. */
function refuseMode(network: SimNetwork, { networkMode }: SimContainer): void {
  if (networkMode === network.name) return;
  if (networkMode === 'host' || networkMode === 'none')
    throw refusal(
      400,
      `container cannot be connected to multiple networks with one of the networks in private (${networkMode}) mode`,
    );
}

/** `POST /networks/{id}/disconnect`. By name and by force it clears what hangs on a network that is gone. */
export function disconnectNetwork(
  world: World,
  idOrName: string,
  container: SimContainer,
  force: boolean,
): void {
  const found = world.networksNamed(idOrName);
  if (found.length > 1)
    throw refusal(400, `network ${idOrName} is ambiguous (${found.length} matches found on name)`);
  const [network] = found;
  const name = network?.name ?? idOrName;
  const isAttached = container.endpoints.has(name);
  if (!isUp(container) ? !isAttached : network === undefined || !isAttached) {
    if (network === undefined && isUp(container) && !force)
      throw refusal(404, `network ${idOrName} not found`);
    throw refusal(500, `container ${container.id} is not connected to the network ${name}`);
  }
  if (name === 'host' && isUp(container))
    throw refusal(400, 'container cannot be disconnected from host network or connected to host network');
  container.endpoints.delete(name);
  // With the last network go the ports; one that is left gets them.
  if (container.endpoints.size === 0) container.ports = [];
  if (network === undefined) return;
  // 28 does not tell of one that does not run, 20.10 tells twice of one that does.
  const times = (isUp(container) ? 1 : 0) + (world.profile === '20.10' ? 1 : 0);
  for (let time = 0; time < times; time += 1) world.emitAttachment('disconnect', network, container.id);
}

/** Containers attached to this very network, running or not. */
export function usersOf(world: World, network: SimNetwork): readonly SimContainer[] {
  return [...world.containers.values()].filter((container) => {
    const endpoint = container.endpoints.get(network.name);
    return endpoint !== undefined && (endpoint.networkId ?? network.id) === network.id;
  });
}

export function theOnly(world: World, idOrName: string): SimNetwork | undefined {
  const found = world.networksNamed(idOrName);
  if (found.length > 1)
    throw refusal(400, `network ${idOrName} is ambiguous (${found.length} matches found on name)`);
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

export function refuseSubnetless(network: SimNetwork, { ipv4Address }: EndpointSettings): void {
  if (ipv4Address === undefined || network.spec.pools.length > 0) return;
  const words =
    'user specified IP address is supported only when connecting to networks with user configured subnets';
  throw refusal(400, words);
}

export function refuseAddress(world: World, network: SimNetwork, settings: EndpointSettings): void {
  const address = settings.ipv4Address;
  if (address === undefined || network.spec.pools.length === 0) return;
  if (network.pools.some((pool) => contains(pool, address))) return;
  if (world.profile !== '20.10')
    throw refusal(400, `no configured subnet or ip-range contain the IP address ${address}`);
  throw refusal(500, `Invalid address ${address}: It does not belong to any of this network's subnets`);
}

/** Found out only when it is really attached, that is at its start (compose-and-engine 4.3). */
export function refuseTakenAddress(
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
