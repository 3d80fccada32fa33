import equal from 'fast-deep-equal';
import { givenPool, needsSubnet, probeOf } from '../../../src/engine/docker/given-subnet.ts';
import { notOurs } from '../../../src/engine/docker/guard.ts';
import { ownerOf } from '../../../src/engine/docker/ownership.ts';
import type { EndpointSettings } from '../../../src/model/container.ts';
import type { DesiredNetwork, DesiredVolume } from '../../../src/model/desired.ts';
import { Failure } from '../../../src/model/failure.ts';
import { OURS } from '../../../src/model/labels.ts';
import type { ContainerId, NetworkId } from '../../../src/model/names.ts';
import type { SimGuard } from './guard.ts';
import { connectNetwork, createNetwork, disconnectNetwork, removeNetwork, usersOf } from './networks.ts';
import type { SimEndpoint, SimNetwork } from './objects.ts';
import { createVolume, removeVolume } from './volumes.ts';

type Labels = Readonly<Record<string, string>>;

/** What the adapter makes of the calls about networks and volumes: each may be repeated. */
export function portCreateNetwork(guard: SimGuard, network: DesiredNetwork, labels: Labels): NetworkId {
  if (!needsSubnet(network, labels)) return createOrFind(guard, network, labels).id;
  const probe = probeOf(network, labels);
  const { id, pools } = createOrFind(guard, probe.network, probe.labels);
  removeNetwork(guard.world, id);
  return createOrFind(guard, { ...network, pools: pools.map(givenPool) }, labels).id;
}

function createOrFind(guard: SimGuard, network: DesiredNetwork, labels: Labels): SimNetwork {
  const { world } = guard;
  const isAsAsked = (each: SimNetwork) =>
    guard.isOurs(each.labels) &&
    [OURS.stack, OURS.specHash].every((name) => each.labels[name] === labels[name]);
  const same = world.networksNamed(network.name).find(isAsAsked);
  if (same !== undefined) return same;
  const id = createNetwork(world, network, labels);
  const made = world.networks.get(id);
  if (made === undefined) throw new Error(`network ${network.name} was not made`);
  return made;
}

export function portRemoveNetwork(guard: SimGuard, network: NetworkId, unclaimed: boolean): void {
  const { world, instance } = guard;
  const found = world.networks.get(network);
  if (found === undefined) return;
  const isNobodys = ownerOf(found.labels, {}, instance).ownership === 'foreign';
  const users = usersOf(world, found);
  const mayGo =
    unclaimed && isNobodys && users.every((user) => user.state !== 'running' && guard.isOwn(user));
  if (!guard.isOurs(found.labels) && !mayGo) throw notOurs('simulated', `network ${found.name}`);
  removeNetwork(world, network);
}

export function portConnectNetwork(
  guard: SimGuard,
  network: NetworkId,
  container: ContainerId,
  settings: EndpointSettings,
): void {
  const { world } = guard;
  const found = world.networks.get(network);
  if (found === undefined) throw new Failure('gone', `there is no network ${network.slice(0, 12)}`);
  const target = guard.attachable(network, container);
  try {
    connectNetwork(world, network, target, settings);
  } catch (thrown) {
    const endpoint = target.endpoints.get(found.name);
    if (endpoint === undefined || !standsAsAsked(endpoint, network, settings)) throw thrown;
  }
}

function standsAsAsked(
  { networkId, settings: { aliases, ipv4Address, ipv6Address } }: SimEndpoint,
  network: NetworkId,
  asked: EndpointSettings,
): boolean {
  return (
    networkId === network &&
    ipv4Address === asked.ipv4Address &&
    ipv6Address === asked.ipv6Address &&
    asked.aliases.every((alias) => aliases.includes(alias))
  );
}

export function portDisconnectNetwork(
  guard: SimGuard,
  network: NetworkId | string,
  container: ContainerId,
  force: boolean,
): void {
  const { world } = guard;
  const target = guard.attachable(network, container);
  const isAttached = [...target.endpoints].some(
    ([name, endpoint]) => name === network || endpoint.networkId === network,
  );
  const isByName = world.networksNamed(network).some((each) => target.endpoints.has(each.name));
  if (isAttached || isByName) disconnectNetwork(world, network, target, force);
}

export function portCreateVolume(guard: SimGuard, volume: DesiredVolume, labels: Labels): void {
  const { name, driver, options } = volume;
  const found = createVolume(guard.world, { name, driver, options, labels: { ...volume.labels, ...labels } });
  const isAsAsked = found.driver === driver && equal(found.options, options);
  const isOurs = guard.isOurs(found.labels) && found.labels[OURS.stack] === labels[OURS.stack];
  if (isAsAsked && isOurs) return;
  throw new Failure('conflict', `volume ${name} exists and is another`, {
    hint: 'its data is left alone: use it with external: true, or choose another name',
  });
}

export function portRemoveVolume(guard: SimGuard, name: string): void {
  const found = guard.world.volumes.get(name);
  if (found === undefined) return;
  if (!guard.isOurs(found.labels)) throw notOurs('simulated', `volume ${name}`);
  removeVolume(guard.world, name);
}
