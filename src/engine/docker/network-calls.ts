import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { EndpointSettings } from '../../model/container.ts';
import type { DesiredNetwork } from '../../model/desired.ts';
import { Failure } from '../../model/failure.ts';
import { COMPOSE, OURS } from '../../model/labels.ts';
import { type ContainerId, type NetworkId, networkId } from '../../model/names.ts';
import { admitNetwork } from './admission/gate.ts';
import { compareApiVersions } from './api-version.ts';
import { DEADLINE } from './connection.ts';
import type { Caller } from './container-calls.ts';
import { givenPool, needsSubnet, probeOf } from './given-subnet.ts';
import { notOurs } from './guard.ts';
import { inspectContainer, inspectNetwork, listContainers, listNetworks } from './reads.ts';
import { endpointBody, networkBody } from './requests.ts';
import { observedNetwork } from './responses.ts';
import type { WireContainer, WireEndpoint, WireNetwork } from './wire.ts';

type Labels = Readonly<Record<string, string>>;

/** Engine 25 made network names unique by itself; before, creates at once could all succeed. */
const UNIQUE_NAMES_API = '1.44';

/** Makes networks, one at a time: older engines let parallel creates of one name all succeed (measured). */
export class NetworkCreator {
  readonly #oneAtATime = pLimit(1);

  create(caller: Caller, network: DesiredNetwork, labels: Labels): Promise<NetworkId> {
    return this.#oneAtATime(() => createWithSubnet(caller, network, labels));
  }
}

/**
 * Engines take an address of one's choice only in a network whose subnet was named at its creation: where that is asked
 * for, the subnet that the engine chooses by itself is found out first, and named then.
 */
async function createWithSubnet(caller: Caller, network: DesiredNetwork, labels: Labels): Promise<NetworkId> {
  if (!needsSubnet(network, labels)) return createNetwork(caller, network, labels);
  const probe = probeOf(network, labels);
  const id = await createNetwork(caller, probe.network, probe.labels);
  const wire = await inspectNetwork(caller.connection, id);
  const what = `create network ${network.name}`;
  if (wire === undefined) throw new Failure('gone', `${what}: the network that was to find a subnet is gone`);
  await deleteNetwork(caller, id, what);
  const pools = observedNetwork(wire, '').pools.map(givenPool);
  return createNetwork(caller, { ...network, pools }, labels);
}

async function createNetwork(caller: Caller, network: DesiredNetwork, labels: Labels): Promise<NetworkId> {
  const { connection } = caller;
  const { apiVersion } = await connection.info();
  const what = `create network ${network.name}`;
  const body = networkBody(network, labels, apiVersion);
  admitNetwork(caller, body, what);
  const sameName = async () =>
    (await listNetworks(connection)).filter((candidate) => candidate.Name === network.name);
  try {
    const answer = await connection.request<{ Id: string; Warning?: string }>({
      method: 'POST',
      path: '/networks/create',
      body,
      what,
      deadlineMs: DEADLINE.create,
    });
    if (compareApiVersions(apiVersion, UNIQUE_NAMES_API) >= 0) return networkId(answer.Id);
    return await keepOne(caller, answer.Id, { sameName, labels, what });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status !== 409) throw thrown;
    const [holder] = (await sameName()).filter((candidate) => isWhatWasAsked(caller, candidate, labels));
    if (holder !== undefined) return networkId(holder.Id);
    throw thrown;
  }
}

/**
 * Of several networks of one name one stays: the oldest, as a rule. The time of a creation is that of its beginning, so
 * a younger one may have been alone when its maker looked, and stays then: who is older looks a few times whether the
 * others go, and gives way if they do not.
 */
async function keepOne(caller: Caller, ownId: string, look: Look): Promise<NetworkId> {
  for (let looks = 1; looks <= MOST_LOOKS; looks += 1) {
    const all = (await look.sameName()).toSorted((left, right) => createdAtMs(left) - createdAtMs(right));
    const asked = all.filter((network) => isWhatWasAsked(caller, network, look.labels));
    const isOldest = all[0]?.Id === ownId;
    const isThere = all.some(({ Id }) => Id === ownId);
    if (asked.length === 0) break;
    if (asked.length === 1 && (isOldest || !isThere)) return networkId(asked[0]?.Id ?? ownId);
    if (isThere && (!isOldest || looks >= LOOKS_BEFORE_YIELDING))
      await deleteIfEmpty(caller, ownId, look.what);
    await delay(LOOK_AGAIN_MS);
  }
  throw new Failure('conflict', `${look.what}: somebody else made a network of this name at the same time`, {
    hint: 'remove it, use it with external: true, or choose another name',
  });
}

interface Look {
  readonly sameName: () => Promise<readonly WireNetwork[]>;
  readonly labels: Labels;
  readonly what: string;
}

const LOOKS_BEFORE_YIELDING = 5;
const MOST_LOOKS = 25;
const LOOK_AGAIN_MS = 200;

async function deleteIfEmpty(caller: Caller, id: string, what: string): Promise<void> {
  const own = await inspectNetwork(caller.connection, id);
  if (own !== undefined && Object.keys(own.Containers ?? {}).length === 0)
    await deleteNetwork(caller, id, what);
}

function isWhatWasAsked(caller: Caller, network: WireNetwork, labels: Labels): boolean {
  return (
    caller.guard.isOurs(network.Labels) &&
    [OURS.stack, OURS.specHash].every((name) => network.Labels?.[name] === labels[name])
  );
}

/** Removes a network of ours, or one that is nobody's and that nobody uses; gone already is success. */
export async function removeNetwork(caller: Caller, network: NetworkId, unclaimed: boolean): Promise<void> {
  const wire = await inspectNetwork(caller.connection, network);
  if (wire === undefined) return;
  const what = `remove network ${wire.Name}`;
  const mayGo = caller.guard.isOurs(wire.Labels) || (unclaimed && (await isUnclaimed(caller, wire)));
  if (wire.Id !== network || !mayGo) throw notOurs(what, `network ${wire.Name}`);
  await deleteNetwork(caller, network, what);
}

/**
 * Without labels of any owner, with nobody running on it, and with no stopped container but ours attached:
 * another's could never start again without it, and only the list of containers shows it.
 */
async function isUnclaimed(caller: Caller, network: WireNetwork): Promise<boolean> {
  const labels = network.Labels ?? {};
  const isClaimed = [OURS.instance, OURS.stack, COMPOSE.project].some((name) => labels[name] !== undefined);
  if (isClaimed || Object.keys(network.Containers ?? {}).length > 0) return false;
  const summaries = await listContainers(caller.connection);
  for (const { Id: id, NetworkSettings: settings } of summaries) {
    if (settings?.Networks?.[network.Name] === undefined) continue;
    const attached = await inspectContainer(caller.connection, id);
    if (attached !== undefined && !(await caller.guard.isOurContainer(attached))) return false;
  }
  return true;
}

async function deleteNetwork(caller: Caller, id: string, what: string): Promise<void> {
  try {
    await caller.connection.request<unknown>({
      method: 'DELETE',
      path: `/networks/${id}`,
      what,
      deadlineMs: DEADLINE.write,
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
    if ((await inspectNetwork(caller.connection, id)) !== undefined) throw thrown;
  }
}

/**
 * Attaches. The container or the network must be ours: another's container is attached again after its
 * network, ours, was made anew under it. Attached already just so is success.
 */
export async function connectNetwork(
  caller: Caller,
  network: NetworkId,
  container: ContainerId,
  settings: EndpointSettings,
): Promise<void> {
  const { connection } = caller;
  const { apiVersion } = await connection.info();
  const wire = await inspectNetwork(connection, network);
  if (wire === undefined) throw new Failure('gone', `connect: there is no network ${network.slice(0, 12)}`);
  const target = await requireContainer(caller, container, `connect network ${wire.Name}`, wire);
  const what = `connect container ${nameOf(target)} to network ${wire.Name}`;
  try {
    await connection.request<unknown>({
      method: 'POST',
      path: `/networks/${network}/connect`,
      body: { Container: container, EndpointConfig: endpointBody(settings, apiVersion, false) },
      what,
      deadlineMs: DEADLINE.write,
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
    const after = await inspectContainer(connection, container);
    const endpoint = after?.NetworkSettings?.Networks?.[wire.Name];
    if (endpoint === undefined || !standsAsAsked(endpoint, network, settings)) throw thrown;
  }
}

function standsAsAsked(endpoint: WireEndpoint, network: NetworkId, settings: EndpointSettings): boolean {
  return (
    endpoint.NetworkID === network &&
    (endpoint.IPAMConfig?.IPv4Address ?? '') === (settings.ipv4Address ?? '') &&
    (endpoint.IPAMConfig?.IPv6Address ?? '') === (settings.ipv6Address ?? '') &&
    settings.aliases.every((alias) => endpoint.Aliases?.includes(alias))
  );
}

/**
 * Detaches. By name it also clears an attachment to a network that is gone, which keeps a stopped container
 * from ever starting. Detached already is success.
 */
export async function disconnectNetwork(
  caller: Caller,
  network: NetworkId | string,
  container: ContainerId,
  force: boolean,
): Promise<void> {
  const { connection } = caller;
  const wire = await findNetwork(caller, network);
  const target = await requireContainer(caller, container, `disconnect network ${network}`, wire);
  const what = `disconnect container ${nameOf(target)} from network ${wire?.Name ?? network}`;
  try {
    await connection.request<unknown>({
      method: 'POST',
      path: `/networks/${encodeURIComponent(network)}/disconnect`,
      body: { Container: container, Force: force },
      what,
      deadlineMs: DEADLINE.write,
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
    const after = await inspectContainer(connection, container);
    if (after === undefined || !isAttached(after, network)) return;
    throw thrown;
  }
}

function isAttached(container: WireContainer, network: NetworkId | string): boolean {
  return Object.entries(container.NetworkSettings?.Networks ?? {}).some(
    ([name, endpoint]) => name === network || endpoint.NetworkID === network,
  );
}

async function findNetwork(caller: Caller, network: NetworkId | string): Promise<WireNetwork | undefined> {
  const all = await listNetworks(caller.connection);
  return all.find((candidate) => candidate.Id === network || candidate.Name === network);
}

/** A container that is ours, or any when the network is ours. */
async function requireContainer(
  caller: Caller,
  container: ContainerId,
  what: string,
  network: WireNetwork | undefined,
): Promise<WireContainer> {
  if (network === undefined || !caller.guard.isOurs(network.Labels)) {
    return caller.guard.requireContainer(container, what);
  }
  const wire = await inspectContainer(caller.connection, container);
  if (wire === undefined)
    throw new Failure('gone', `${what}: there is no container ${container.slice(0, 12)}`);
  return wire;
}

function createdAtMs(network: WireNetwork): number {
  return Date.parse(network.Created ?? '') || 0;
}

function nameOf(wire: WireContainer): string {
  return (wire.Name ?? wire.Id.slice(0, 12)).replace(/^\//, '');
}
