import type { DesiredContainer } from '../model/desired.ts';
import type { ObservedAttachment, ObservedContainer, ObservedNetwork } from '../model/observed.ts';
import type { Cause, FieldChange, StepId } from '../model/plan.ts';
import { isHalfMade, type Place, withAddressKept, withPresentAddress } from './addresses.ts';
import { cause, containerRef } from './draft.ts';
import { endpointDrift } from './drift.ts';
import { isFalseDrift } from './repeats.ts';
import type { NetworkState, Scope } from './scope.ts';

/** What has to be done about one container's attachments. */
export interface AttachmentRepair {
  readonly changes: readonly FieldChange[];
  /** Steps that must be over before it is started. */
  readonly steps: readonly StepId[];
}

/**
 * Attaches what is missing, detaches what is surplus, and attaches again what stands there with other
 * settings; the process keeps running. An attachment to a network that is gone is cleared by force.
 * `because`: it is no drift but meant so.
 */
export function repairAttachments(
  scope: Scope,
  wanted: DesiredContainer,
  live: ObservedContainer,
  because?: Cause,
): AttachmentRepair {
  if (wanted.networkMode.kind !== 'networks' || !takesNetworks(live)) return { changes: [], steps: [] };
  return repair(scope, isNameTaken(scope, wanted) ? underItsName(wanted, live) : wanted, live, because);
}

function repair(
  scope: Scope,
  desired: DesiredContainer,
  live: ObservedContainer,
  because: Cause | undefined,
): AttachmentRepair {
  const steps: StepId[] = [];
  const changes: FieldChange[] = [];
  const isCounted = countedAs(scope, desired, because);
  for (const surplus of surplusOf(scope, desired, live)) {
    const found = [surplusChange(surplus)];
    if (isFalseDrift(scope, containerRef(live.name), found, desired.service)) continue;
    changes.push(...found);
    steps.push(detach(scope, live, surplus.networkId ?? surplus.networkName, cause('Drifted', found), []));
  }
  for (const endpoint of desired.endpoints) {
    const network = scope.networks.get(endpoint.network);
    if (network?.handle === undefined) continue;
    const swapStep = network.swapped.get(live.id);
    if (swapStep !== undefined) {
      steps.push(swapStep);
      continue;
    }
    steps.push(...network.needs.filter(() => network.live !== undefined));
    const had = live.attachments.find((attachment) => attachment.networkName === network.desired.name);
    const place = { network, endpoint, had, live };
    const found = attachmentDrift(scope, desired, place).filter(isCounted);
    if (found.length === 0) continue;
    const isDrift = because === undefined;
    if (isDrift && isFalseDrift(scope, containerRef(live.name), found, desired.service)) continue;
    changes.push(...found);
    const why = cause(because?.code ?? 'Drifted', found);
    const off = detachFirst(scope, network, live, had, why);
    steps.push(
      scope.draft.add(
        'connect-network',
        {
          network: network.handle,
          container: { by: 'id', id: live.id },
          settings: withPresentAddress(scope, place),
        },
        {
          target: containerRef(live.name),
          service: desired.service,
          because: why,
          needs: [...network.needs, ...off],
        },
      ),
    );
  }
  return { changes, steps };
}

/** What is meant so counts whatever the manifest ignores of drift. */
function countedAs(scope: Scope, { service }: DesiredContainer, because: Cause | undefined) {
  const about = { section: 'services', name: service } as const;
  return (change: FieldChange): boolean => because !== undefined || !scope.isIgnored(about, change);
}

/** Somebody else's container has the name that this one should have. */
function isNameTaken(scope: Scope, { name }: DesiredContainer): boolean {
  const holder = scope.holders.get(name);
  return holder !== undefined && !scope.own.has(holder.id);
}

/** Its name is an alias of it too. One that it cannot get yet must not lead to it either: it keeps the old one. */
function underItsName(desired: DesiredContainer, live: ObservedContainer): DesiredContainer {
  const rename = (alias: string) => (alias === desired.name ? live.name : alias);
  return {
    ...desired,
    name: live.name,
    endpoints: desired.endpoints.map((endpoint) => ({ ...endpoint, aliases: endpoint.aliases.map(rename) })),
  };
}

/**
 * True when a stopped container hangs on a network that no longer exists and is not wanted either: it can
 * never start again, and there is no name left to disconnect it from.
 */
export function isStranded(scope: Scope, desired: DesiredContainer, live: ObservedContainer): boolean {
  if (desired.networkMode.kind !== 'networks' || live.state === 'running') return false;
  const wanted = desiredNames(scope, desired);
  return live.attachments.some(
    (attachment) =>
      !wanted.has(attachment.networkName) &&
      !scope.observed.networks.some((network) => network.name === attachment.networkName),
  );
}

function desiredNames(scope: Scope, desired: DesiredContainer): ReadonlySet<string> {
  return new Set(
    desired.endpoints.flatMap((endpoint) => scope.networks.get(endpoint.network)?.desired.name ?? []),
  );
}

const surplusChange = ({ networkName }: ObservedAttachment): FieldChange => ({
  path: `networks.${networkName}`,
  from: 'attached',
  to: '(none)',
});

function surplusOf(
  scope: Scope,
  desired: DesiredContainer,
  live: ObservedContainer,
): readonly ObservedAttachment[] {
  const wanted = desiredNames(scope, desired);
  const about = { section: 'services', name: desired.service } as const;
  return live.attachments.filter(
    (attachment) =>
      !scope.isIgnored(about, surplusChange(attachment)) &&
      !wanted.has(attachment.networkName) &&
      !isTakenAway(scope, live, attachment) &&
      scope.observed.networks.some((network) => network.name === attachment.networkName),
  );
}

/** The swap of its network takes it off already. */
function isTakenAway(scope: Scope, live: ObservedContainer, attachment: ObservedAttachment): boolean {
  return scope.draft
    .stepsOn(live.id)
    .some((step) => step.kind === 'disconnect-network' && step.networkId === attachment.networkId);
}

function attachmentDrift(scope: Scope, desired: DesiredContainer, place: Place): readonly FieldChange[] {
  const { network, had } = place;
  const key = place.endpoint.network;
  if (had === undefined) return [{ path: `networks.${key}`, from: '(none)', to: 'attached' }];
  if (isStale(network, had)) {
    return [{ path: `networks.${key}`, from: 'a network that is gone', to: 'attached' }];
  }
  if (isHalfMade(place.live, had)) {
    return [{ path: `networks.${key}`, from: 'attached in part', to: 'attached' }];
  }
  return endpointDrift(key, withAddressKept(scope, place), had, desired);
}

/** The name is right and the id is an old one: the network was removed and made again. */
function isStale(network: NetworkState, had: ObservedAttachment): boolean {
  return had.networkId !== undefined && had.networkId !== network.live?.id;
}

function detachAddress(network: NetworkState, had: ObservedAttachment): string {
  return isStale(network, had) ? network.desired.name : (had.networkId ?? had.networkName);
}

/** A container left over from an earlier spec may share the network of the host or of another container. */
function takesNetworks(live: ObservedContainer): boolean {
  return !['host', 'none'].includes(live.networkMode) && !live.networkMode.startsWith('container:');
}

function detachFirst(
  scope: Scope,
  network: NetworkState,
  live: ObservedContainer,
  had: ObservedAttachment | undefined,
  because: Cause,
): readonly StepId[] {
  if (had === undefined) return [];
  const already = network.detached.get(live.id);
  return [already ?? detach(scope, live, detachAddress(network, had), because, network.needs)];
}

function detach(
  scope: Scope,
  live: ObservedContainer,
  network: string,
  because: Cause,
  needs: readonly StepId[],
): StepId {
  return scope.draft.add(
    'disconnect-network',
    { networkId: network, container: { by: 'id', id: live.id }, force: true },
    { target: containerRef(live.name), service: live.service, because, needs },
  );
}

/** A container that was only created has no network id yet, in both engines. */
export function isAttachedTo(attachment: ObservedAttachment, network: ObservedNetwork): boolean {
  return attachment.networkId === undefined
    ? attachment.networkName === network.name
    : attachment.networkId === network.id;
}
