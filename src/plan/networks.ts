import type { EndpointSettings } from '../model/container.ts';
import type { DesiredNetwork } from '../model/desired.ts';
import type { ObservedAttachment, ObservedContainer, ObservedNetwork } from '../model/observed.ts';
import type { FieldChange, StepId } from '../model/plan.ts';
import { adoptionHint } from './adoption-hint.ts';
import { isAttachedTo } from './attach.ts';
import { cause, containerRef, networkRef } from './draft.ts';
import { networkDrift } from './drift.ts';
import { stackGate } from './gates.ts';
import { readmitGuests, rememberGuest, withFittingAddresses } from './guests.ts';
import { networkLabels } from './labels.ts';
import { hasOverlap } from './network-overlap.ts';
import { removalOf } from './remove.ts';
import { isFalseDrift } from './repeats.ts';
import { type NetworkState, replicaOf, type Scope } from './scope.ts';
import { overlap } from './subnets.ts';

const NOBODY: ReadonlyMap<string, StepId> = new Map();

/** A network that has to be made, perhaps in place of another. */
interface Making {
  readonly desired: DesiredNetwork;
  readonly replaces: ObservedNetwork | undefined;
  readonly changes: readonly FieldChange[];
  readonly attached: readonly ObservedContainer[];
  /** The removal of the one that it replaces. */
  readonly removed: StepId | undefined;
}

/**
 * Brings each network of the manifest into being, or replaces it live under the containers attached to it.
 * All that have to go do so first: one may want the subnet of another.
 */
export function planNetworks(scope: Scope): void {
  const making: Making[] = [];
  for (const desired of scope.desired.networks) {
    const found = planNetwork(scope, desired);
    if ('changes' in found) making.push(found);
    else scope.networks.set(desired.key, found);
  }
  for (const each of making) scope.networks.set(each.desired.key, make(scope, each, making));
  readmitGuests(scope);
}

function planNetwork(scope: Scope, desired: DesiredNetwork): NetworkState | Making {
  const named = scope.observed.networks.filter((network) => network.name === desired.name);
  if (desired.external) return planExternal(scope, desired, named[0]);
  const ours = named.filter((network) => isOurs(scope, network));
  const [keep, ...surplus] = preferAttached(scope, ours);
  if (keep !== undefined) return keepOrReplace(scope, desired, keep, removeDuplicates(scope, surplus));
  const stranger = named[0];
  if (stranger === undefined) {
    if (hasOverlap(scope, desired, undefined)) return state(desired, undefined);
    return { desired, replaces: undefined, changes: [], attached: [], removed: undefined };
  }
  if (wasRemade(scope, stranger)) {
    return takeAway(scope, desired, stranger, [
      { path: 'labels', from: '(not ours)', to: scope.desired.name },
    ]);
  }
  return blockedByStranger(scope, desired, stranger);
}

/** A network that stays as it is, or (undefined) cannot be had. */
function state(desired: DesiredNetwork, live: ObservedNetwork | undefined): NetworkState {
  const handle = live === undefined ? undefined : ({ by: 'id', id: live.id } as const);
  return { desired, handle, live, needs: [], swapped: NOBODY, detached: NOBODY };
}

function isOurs(scope: Scope, network: ObservedNetwork): boolean {
  return network.ownership === 'ours' && network.stack === scope.desired.name;
}

/** Engine 20.10 can make several networks of one name; the one that is in use is the one to keep. */
function preferAttached(scope: Scope, networks: readonly ObservedNetwork[]): readonly ObservedNetwork[] {
  return [...networks].sort((a, b) => attachedTo(scope, b).length - attachedTo(scope, a).length);
}

function attachedTo(scope: Scope, network: ObservedNetwork): readonly ObservedContainer[] {
  return scope.observed.containers
    .filter((container) => container.state !== 'dead' && container.state !== 'removing')
    .filter((container) => container.attachments.some((attachment) => isAttachedTo(attachment, network)));
}

function planExternal(
  scope: Scope,
  desired: DesiredNetwork,
  live: ObservedNetwork | undefined,
): NetworkState {
  if (live === undefined) {
    scope.draft.block({
      target: networkRef(desired.name),
      service: undefined,
      code: 'ExternalMissing',
      message: `external network ${desired.name} does not exist`,
      hint: `create it (docker network create ${desired.name}), or apply the stack that declares it`,
      // Whom it depends on may be about to make it.
      waitsFor: stackGate(scope),
    });
  }
  return state(desired, live);
}

function keepOrReplace(
  scope: Scope,
  desired: DesiredNetwork,
  live: ObservedNetwork,
  duplicates: Pick<NetworkState, 'needs' | 'detached'>,
): NetworkState | Making {
  const about = { section: 'networks', name: desired.key } as const;
  const changes = networkDrift(desired, live).filter((change) => !scope.isIgnored(about, change));
  if (changes.length === 0 || isFalseDrift(scope, networkRef(desired.name), changes, undefined)) {
    return { ...state(desired, live), ...duplicates };
  }
  return takeAway(scope, desired, live, changes);
}

/**
 * Replaces a network under running containers without touching their processes: everyone off, remove, make
 * again, everyone on with all endpoint settings (measured: about 0.55 s for two containers, same PID, on
 * 20.10 and 28.5). Stopped containers are re-pointed too, or they could never start again.
 */
function takeAway(
  scope: Scope,
  desired: DesiredNetwork,
  live: ObservedNetwork,
  changes: readonly FieldChange[],
): NetworkState | Making {
  if (hasOverlap(scope, desired, live)) return state(desired, live);
  const because = cause('Drifted', changes);
  const attached = attachedTo(scope, live);
  const going = attached.flatMap((container) => removalOf(scope, container.id) ?? []);
  const staying = attached.filter((container) => removalOf(scope, container.id) === undefined);
  const off = staying.map((container) =>
    scope.draft.add(
      'disconnect-network',
      { networkId: live.id, container: { by: 'id', id: container.id }, force: true },
      { target: containerRef(container.name), service: container.service, because },
    ),
  );
  const removed = scope.draft.add(
    'remove-network',
    { networkId: live.id, unclaimed: !isOurs(scope, live) },
    { target: networkRef(live.name), because, needs: [...going, ...off] },
  );
  return { desired, replaces: live, changes, attached: staying, removed };
}

function make(scope: Scope, making: Making, all: readonly Making[]): NetworkState {
  const { desired, replaces, changes } = making;
  const made = scope.draft.add(
    'create-network',
    { stack: scope.desired.name, network: desired, labels: networkLabels(scope, desired) },
    {
      target: networkRef(desired.name),
      because: cause(replaces === undefined ? 'Missing' : 'Drifted', changes),
      needs: all
        .filter((other) => other === making || givesSubnetTo(other, desired))
        .flatMap((each) => each.removed ?? []),
    },
  );
  const swapped = new Map<string, StepId>();
  for (const container of making.attached) {
    const settings = replaces && settingsAfterSwap(scope, desired, replaces, container);
    if (settings === undefined) continue;
    const step = scope.draft.add(
      'connect-network',
      { network: { by: 'step', step: made }, container: { by: 'id', id: container.id }, settings },
      {
        target: containerRef(container.name),
        service: container.service,
        because: cause('Drifted', changes),
        needs: [made],
      },
    );
    swapped.set(container.id, step);
  }
  return { ...state(desired, undefined), handle: { by: 'step', step: made }, needs: [made], swapped };
}

function givesSubnetTo(other: Making, desired: DesiredNetwork): boolean {
  const freed = (other.replaces?.pools ?? []).flatMap((pool) => pool.subnet ?? []);
  return desired.pools.some((pool) => freed.some((subnet) => overlap(subnet, pool.subnet ?? '')));
}

/** What the manifest wants for our own; for anyone else's container what it had, as far as it still fits. */
function settingsAfterSwap(
  scope: Scope,
  desired: DesiredNetwork,
  live: ObservedNetwork,
  container: ObservedContainer,
): EndpointSettings | undefined {
  const replica = isOfStack(scope, container) ? replicaOf(scope, container) : undefined;
  const wanted = replica?.endpoints.find((endpoint) => endpoint.network === desired.key);
  // One that is not wanted there any more stays off, unless it is about to be replaced and serves until then.
  const isCurrent = replica !== undefined && replica.specHash === container.specHash;
  if (wanted !== undefined || isCurrent) return wanted;
  const had = container.attachments.find((attachment) => isAttachedTo(attachment, live));
  if (had === undefined) return undefined;
  if (replica === undefined) rememberGuest(scope, desired.name, container, settingsOf(had));
  return withFittingAddresses(desired, settingsOf(had));
}

const isOfStack = (scope: Scope, { ownership, stack }: ObservedContainer): boolean =>
  ownership === 'ours' && stack === scope.desired.name;

const settingsOf = (had: ObservedAttachment): EndpointSettings => ({
  aliases: had.aliases,
  linkLocalIps: had.linkLocalIps,
  driverOpts: had.driverOpts,
  gwPriority: had.gwPriority,
  ipv4Address: had.ipv4Address,
  ipv6Address: had.ipv6Address,
});

/**
 * Whether a network without our labels stands where ours was: our containers still name it, and nobody
 * else uses it. Then it was removed and made again by hand, which is drift like any other.
 */
function wasRemade(scope: Scope, network: ObservedNetwork): boolean {
  if (network.ownership !== 'foreign' || network.project !== undefined) return false;
  const usedByOthers = scope.observed.others.some((other) => other.networks.includes(network.name));
  const attachedStrangers = attachedTo(scope, network).some((container) => container.ownership !== 'ours');
  const usedByOurs = [...scope.slots.values()]
    .flat()
    .some(
      (container) =>
        container.networkMode === network.name ||
        container.attachments.some((attachment) => attachment.networkName === network.name),
    );
  return usedByOurs && !usedByOthers && !attachedStrangers;
}

function blockedByStranger(scope: Scope, desired: DesiredNetwork, stranger: ObservedNetwork): NetworkState {
  const owner = stranger.stack ?? stranger.project;
  scope.draft.block({
    target: networkRef(desired.name),
    service: undefined,
    code: owner === undefined ? 'NameTakenByForeign' : 'OwnedByAnotherStack',
    message:
      owner === undefined
        ? `a network named ${desired.name} exists and was not made by stackctl`
        : `network ${desired.name} belongs to ${owner}`,
    hint:
      owner === undefined
        ? 'remove it, give yours another `name:`, or declare it `external: true`'
        : stranger.ownership === 'compose' && owner === scope.desired.project
          ? adoptionHint(scope, owner)
          : 'declare it `external: true` to share it, or give yours another `name:`',
  });
  return state(desired, undefined);
}

/** Takes everyone off the duplicates; whoever is wanted on the one that stays, or a guest, is connected to that later. */
function removeDuplicates(
  scope: Scope,
  duplicates: readonly ObservedNetwork[],
): Pick<NetworkState, 'needs' | 'detached'> {
  const because = cause('Duplicate');
  const detached = new Map<string, StepId>();
  const needs = duplicates.map((network) => {
    const users = attachedTo(scope, network).filter((container) =>
      container.attachments.some((attachment) => attachment.networkId === network.id),
    );
    for (const container of users) {
      const step = scope.draft.add(
        'disconnect-network',
        { networkId: network.id, container: { by: 'id', id: container.id }, force: true },
        { target: containerRef(container.name), service: container.service, because },
      );
      detached.set(container.id, step);
      const had = container.attachments.find((attachment) => isAttachedTo(attachment, network));
      if (had !== undefined && !isOfStack(scope, container)) {
        rememberGuest(scope, network.name, container, settingsOf(had));
      }
    }
    return scope.draft.add(
      'remove-network',
      { networkId: network.id, unclaimed: false },
      {
        target: networkRef(network.name),
        because,
        needs: users.flatMap((container) => detached.get(container.id) ?? []),
      },
    );
  });
  return { needs, detached };
}
