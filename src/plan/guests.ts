import type { EndpointSettings } from '../model/container.ts';
import type { DesiredNetwork } from '../model/desired.ts';
import { containerId } from '../model/names.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { StepId } from '../model/plan.ts';
import { isAttachedTo } from './attach.ts';
import { cause, containerRef } from './draft.ts';
import type { NetworkState, Scope } from './scope.ts';
import { contains } from './subnets.ts';

/**
 * Guests are containers that others attached to a network of ours. They have to go off it when it is made again, and
 * nothing on the engine tells then that they were there: they are remembered before anybody is taken off, until they are
 * seen on it again.
 */
export function rememberGuest(
  scope: Scope,
  network: string,
  guest: ObservedContainer,
  settings: EndpointSettings,
): void {
  scope.memory.guests[network] = { ...scope.memory.guests[network], [guest.id]: settings };
}

/** Attaches the guests that a pass before this one took off and did not come to attach again. */
export function readmitGuests(scope: Scope): void {
  for (const network of scope.networks.values()) {
    const { name } = network.desired;
    for (const [id, settings] of Object.entries(scope.memory.guests[name] ?? {})) {
      const guest = findGuest(scope, network, id);
      if (guest === undefined || guest.isBack) forget(scope, name, id);
      else if (!network.swapped.has(id)) readmit(scope, network, { id, name: guest.name, settings });
    }
  }
}

/** Undefined: there is no such container any more. */
function findGuest(scope: Scope, { desired, live }: NetworkState, id: string) {
  const seen = scope.byId.get(id);
  if (seen !== undefined) {
    if (seen.state === 'dead' || seen.state === 'removing') return undefined;
    const isBack = live !== undefined && seen.attachments.some((each) => isAttachedTo(each, live));
    return { name: seen.name, isBack };
  }
  const other = scope.observed.others.find((each) => each.id === id);
  return other && { name: other.name, isBack: live !== undefined && other.networks.includes(desired.name) };
}

function forget(scope: Scope, network: string, id: string): void {
  const { [id]: _, ...rest } = scope.memory.guests[network] ?? {};
  scope.memory.guests[network] = rest;
  if (Object.keys(rest).length === 0) delete scope.memory.guests[network];
}

interface Guest {
  readonly id: string;
  readonly name: string;
  readonly settings: EndpointSettings;
}

function readmit(scope: Scope, network: NetworkState, { id, name, settings }: Guest): void {
  const { desired, handle } = network;
  if (handle === undefined) return;
  const change = { path: `networks.${desired.key}`, from: '(none)', to: 'attached' };
  scope.draft.add(
    'connect-network',
    {
      network: handle,
      container: { by: 'id', id: containerId(id) },
      settings: withFittingAddresses(desired, settings),
    },
    {
      target: containerRef(name),
      service: undefined,
      because: cause('Drifted', [change]),
      needs: [...network.needs, ...optional(network.detached.get(id))],
    },
  );
}

const optional = (step: StepId | undefined): readonly StepId[] => (step === undefined ? [] : [step]);

/** Addresses beyond the network's subnets are left to the engine. */
export function withFittingAddresses(desired: DesiredNetwork, settings: EndpointSettings): EndpointSettings {
  const fitting = (address: string | undefined) =>
    desired.pools.some((pool) => contains(pool.subnet ?? '', address ?? '')) ? address : undefined;
  return {
    ...settings,
    ipv4Address: fitting(settings.ipv4Address),
    ipv6Address: fitting(settings.ipv6Address),
  };
}
