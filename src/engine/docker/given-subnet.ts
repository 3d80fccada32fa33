import ipaddr from 'ipaddr.js';
import type { DesiredNetwork, IpamPool } from '../../model/desired.ts';
import { OURS } from '../../model/labels.ts';

/** Of a smaller subnet nothing is set aside: the engine needs it all. */
const LONGEST_PREFIX_TO_HALVE = 27;

type Labels = Readonly<Record<string, string>>;

/** Whether addresses are to be kept in a network that names no subnet. */
export function needsSubnet(network: DesiredNetwork, labels: Labels): boolean {
  return network.pools.length === 0 && labels[OURS.keepsAddresses] !== undefined;
}

/**
 * The network that finds out which subnet the engine would choose. Its name is one of ours, so that what a crash left of
 * it is used again, or removed as an orphan.
 */
export function probeOf(
  network: DesiredNetwork,
  labels: Labels,
): { network: DesiredNetwork; labels: Labels } {
  const own = [OURS.stack, OURS.instance, OURS.specHash].flatMap((name) => {
    const value = labels[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    network: { ...network, name: `${network.name}.probe`, labels: {} },
    labels: Object.fromEntries(own),
  };
}

/**
 * The same subnet and gateway, as if the manifest had named them. The engine gives out the lower half; the upper one is
 * left for addresses that containers keep, so that none of them is ever given to another that starts while its owner is
 * stopped.
 */
export function givenPool({ subnet, gateway }: IpamPool): IpamPool {
  const range = subnet === undefined ? undefined : lowerHalf(subnet);
  return { subnet, gateway, auxAddresses: {}, ...(range === undefined ? {} : { ipRange: range }) };
}

function lowerHalf(subnet: string): string | undefined {
  if (!ipaddr.IPv4.isValidCIDR(subnet)) return undefined;
  const [address, prefix] = ipaddr.IPv4.parseCIDR(subnet);
  return prefix > LONGEST_PREFIX_TO_HALVE ? undefined : `${address.toString()}/${prefix + 1}`;
}
