import type { DesiredContainer } from '../model/desired.ts';
import type { ObservedAttachment, ObservedContainer } from '../model/observed.ts';
import type { FieldChange, StepId } from '../model/plan.ts';
import { cause, containerRef } from './draft.ts';
import { endpointDrift } from './drift.ts';
import { isFalseDrift } from './repeats.ts';
import { type NetworkState, oursOf, type Scope } from './scope.ts';

/** What has to be done about one container's attachments. */
export interface AttachmentRepair {
  readonly changes: readonly FieldChange[];
  /** Steps that must be over before it is started. */
  readonly steps: readonly StepId[];
}

/**
 * Attaches what is missing, detaches what is surplus, and attaches again what stands there with other
 * settings; the process keeps running. An attachment to a network that is gone is cleared by force.
 */
export function repairAttachments(
  scope: Scope,
  wanted: DesiredContainer,
  live: ObservedContainer,
): AttachmentRepair {
  if (wanted.networkMode.kind !== 'networks' || !takesNetworks(live)) return { changes: [], steps: [] };
  return repair(scope, isNameTaken(scope, wanted) ? underItsName(wanted, live) : wanted, live);
}

function repair(scope: Scope, desired: DesiredContainer, live: ObservedContainer): AttachmentRepair {
  const steps: StepId[] = [];
  const changes: FieldChange[] = [];
  for (const surplus of surplusOf(scope, desired, live)) {
    const found = [{ path: `networks.${surplus.networkName}`, from: 'attached', to: '(none)' }];
    if (isFalseDrift(scope, containerRef(live.name), found, desired.service)) continue;
    changes.push(...found);
    steps.push(detach(scope, live, surplus.networkId ?? surplus.networkName, found, []));
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
    const found = attachmentDrift(network, desired, endpoint.network, had);
    if (found.length === 0) continue;
    if (isFalseDrift(scope, containerRef(live.name), found, desired.service)) continue;
    changes.push(...found);
    const off = detachFirst(scope, network, live, had, found);
    steps.push(
      scope.draft.add(
        'connect-network',
        { network: network.handle, container: { by: 'id', id: live.id }, settings: endpoint },
        {
          target: containerRef(live.name),
          service: desired.service,
          because: cause('Drifted', found),
          needs: [...network.needs, ...off],
        },
      ),
    );
  }
  return { changes, steps };
}

/** Somebody else's container has the name that this one should have. */
function isNameTaken(scope: Scope, { name }: DesiredContainer): boolean {
  const holder = scope.names.get(name);
  return holder !== undefined && !oursOf(scope.desired.name, scope.observed).some(({ id }) => id === holder);
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

function surplusOf(
  scope: Scope,
  desired: DesiredContainer,
  live: ObservedContainer,
): readonly ObservedAttachment[] {
  const wanted = desiredNames(scope, desired);
  return live.attachments.filter(
    (attachment) =>
      !wanted.has(attachment.networkName) &&
      !isTakenAway(scope, live, attachment) &&
      scope.observed.networks.some((network) => network.name === attachment.networkName),
  );
}

/** The swap of its network takes it off already. */
function isTakenAway(scope: Scope, live: ObservedContainer, attachment: ObservedAttachment): boolean {
  return scope.draft.steps.some(
    (step) =>
      step.kind === 'disconnect-network' &&
      step.networkId === attachment.networkId &&
      step.container.by === 'id' &&
      step.container.id === live.id,
  );
}

function attachmentDrift(
  network: NetworkState,
  desired: DesiredContainer,
  key: string,
  had: ObservedAttachment | undefined,
): readonly FieldChange[] {
  const endpoint = desired.endpoints.find((each) => each.network === key);
  if (endpoint === undefined) return [];
  if (had === undefined) return [{ path: `networks.${key}`, from: '(none)', to: 'attached' }];
  if (isStale(network, had)) {
    return [{ path: `networks.${key}`, from: 'a network that is gone', to: 'attached' }];
  }
  return endpointDrift(key, endpoint, had, desired);
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
  changes: readonly FieldChange[],
): readonly StepId[] {
  if (had === undefined) return [];
  const already = network.detached.get(live.id);
  return [already ?? detach(scope, live, detachAddress(network, had), changes, network.needs)];
}

function detach(
  scope: Scope,
  live: ObservedContainer,
  network: string,
  changes: readonly FieldChange[],
  needs: readonly StepId[],
): StepId {
  return scope.draft.add(
    'disconnect-network',
    { networkId: network, container: { by: 'id', id: live.id }, force: true },
    { target: containerRef(live.name), service: live.service, because: cause('Drifted', changes), needs },
  );
}
