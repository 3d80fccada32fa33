import type { DesiredNetwork } from '../model/desired.ts';
import type { ObservedNetwork } from '../model/observed.ts';
import { networkRef } from './draft.ts';
import { networkDrift } from './drift.ts';
import type { Scope } from './scope.ts';
import { overlap } from './subnets.ts';

/** Asked before the engine is: a subnet that someone else has is a blocker that names who. */
export function hasOverlap(
  scope: Scope,
  desired: DesiredNetwork,
  replaces: ObservedNetwork | undefined,
): boolean {
  for (const pool of desired.pools) {
    const subnet = pool.subnet;
    if (subnet === undefined) continue;
    const holder = overlapHolder(scope, desired, replaces, subnet);
    if (holder === undefined) continue;
    scope.draft.block({
      target: networkRef(desired.name),
      service: undefined,
      code: 'SubnetOverlap',
      message: `subnet ${subnet} overlaps with ${holder}`,
      hint: 'choose another subnet, or leave it out and let the engine choose a free one',
    });
    return true;
  }
  return false;
}

function overlapHolder(
  scope: Scope,
  desired: DesiredNetwork,
  replaces: ObservedNetwork | undefined,
  subnet: string,
): string | undefined {
  const holder = scope.observed.networks
    .filter((network) => network.id !== replaces?.id && !isGivenBack(scope, desired, network))
    .find((network) => network.pools.some((pool) => overlap(subnet, pool.subnet ?? '')));
  if (holder !== undefined) {
    const owner = holder.stack === undefined ? '' : ` of stack ${holder.stack}`;
    return `network ${holder.name}${owner} (${holder.pools.flatMap((pool) => pool.subnet ?? []).join(', ')})`;
  }
  const host = scope.observed.hostSubnets.find((cidr) => overlap(subnet, cidr));
  return host === undefined ? undefined : `the host's own network ${host}`;
}

/** A network of ours that this plan replaces (or is about) gives its subnet back first. */
function isGivenBack(scope: Scope, desired: DesiredNetwork, network: ObservedNetwork): boolean {
  if (network.ownership !== 'ours' || network.stack !== scope.desired.name) return false;
  const twin = scope.desired.networks.find((other) => !other.external && other.name === network.name);
  return network.name === desired.name || (twin !== undefined && networkDrift(twin, network).length > 0);
}
