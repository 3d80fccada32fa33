import ipaddr from 'ipaddr.js';
import { overlap } from '../plan/subnets.ts';
import type { Topology } from './topology.ts';

/** Where the engine takes the subnets from that nobody chose: networks of `size` bits out of `base`. */
export interface AddressPool {
  readonly base: string;
  readonly size: number;
}

/** An engine's own pools, when its configuration has none (moby's defaults, 20.10 to 28). */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  { base: '172.17.0.0/16', size: 16 },
  { base: '172.18.0.0/16', size: 16 },
  { base: '172.19.0.0/16', size: 16 },
  { base: '172.20.0.0/14', size: 16 },
  { base: '172.24.0.0/14', size: 16 },
  { base: '172.28.0.0/14', size: 16 },
  { base: '192.168.0.0/16', size: 20 },
];

export interface SubnetsInput {
  readonly topology: Topology;
  /** CIDR; what the host's own addresses and routes take. Undefined: not known. */
  readonly hostSubnets: readonly string[] | undefined;
  /** Undefined: the engine's own. */
  readonly pools: readonly AddressPool[] | undefined;
}

export interface SubnetUse {
  readonly network: string;
  readonly stack: string | undefined;
  /** Undefined: the engine will choose one. */
  readonly subnet: string | undefined;
  /** Addresses for containers; undefined for IPv6 and for what is not chosen yet. */
  readonly addresses: number | undefined;
  /** Containers on it. */
  readonly used: number;
  /** Networks, and subnets of the host, that it overlaps with. */
  readonly overlaps: readonly string[];
}

export interface PoolUse extends AddressPool {
  /** Networks that fit into it, and how many of these places are free. */
  readonly networks: number;
  readonly free: number;
}

export interface SubnetReport {
  readonly subnets: readonly SubnetUse[];
  readonly pools: readonly PoolUse[];
  /** The engine's configuration names them. */
  readonly arePoolsConfigured: boolean;
  /** How many more networks can be made without a subnet of their own, those that are only declared not yet among them. */
  readonly free: number;
  /** Networks without a subnet that still have to be given one. */
  readonly waiting: number;
}

/** Subnets that are used and how many more there are. */
export function subnetsOf({ topology, hostSubnets = [], pools }: SubnetsInput): SubnetReport {
  const taken = topology.networks.flatMap(({ name, subnets }) => subnets.map((subnet) => ({ name, subnet })));
  const subnets = topology.networks
    .filter(({ driver }) => driver !== 'host' && driver !== 'null')
    .flatMap((network): readonly SubnetUse[] => {
      const { name, stack } = network;
      const used = topology.members.filter(({ attachments }) =>
        attachments.some((each) => each.network === name),
      ).length;
      if (network.subnets.length === 0) {
        return [{ network: name, stack, subnet: undefined, addresses: undefined, used, overlaps: [] }];
      }
      return network.subnets.map((subnet) => ({
        network: name,
        stack,
        subnet,
        addresses: addressesOf(subnet),
        used,
        overlaps: [
          ...taken
            .filter((other) => other.name !== name && overlap(other.subnet, subnet))
            .map((other) => other.name),
          ...hostSubnets.filter((cidr) => overlap(cidr, subnet)).map((cidr) => `host ${cidr}`),
        ],
      }));
    });
  const inTheWay = [...taken.map(({ subnet }) => subnet), ...hostSubnets];
  const uses = (pools ?? DEFAULT_POOLS).map((pool) => poolUse(pool, inTheWay));
  return {
    subnets,
    pools: uses,
    arePoolsConfigured: pools !== undefined,
    free: uses.reduce((sum, { free }) => sum + free, 0),
    waiting: subnets.filter(({ subnet }) => subnet === undefined).length,
  };
}

/** Without the network's and the broadcast address, and the gateway's. */
function addressesOf(subnet: string): number | undefined {
  if (!ipaddr.IPv4.isValidCIDR(subnet)) return undefined;
  return Math.max(0, 2 ** (32 - ipaddr.IPv4.parseCIDR(subnet)[1]) - 3);
}

function poolUse(pool: AddressPool, inTheWay: readonly string[]): PoolUse {
  const base = rangeOf(pool.base);
  if (base === undefined || pool.size < base.bits || pool.size > 32) return { ...pool, networks: 0, free: 0 };
  const step = 2 ** (32 - pool.size);
  const networks = 2 ** (pool.size - base.bits);
  const spans = inTheWay
    .flatMap((cidr) => rangeOf(cidr) ?? [])
    .map(({ first, last }) => ({
      from: Math.max(0, Math.floor((first - base.first) / step)),
      to: Math.min(networks - 1, Math.floor((last - base.first) / step)),
    }))
    .filter(({ from, to }) => from <= to)
    .sort((left, right) => left.from - right.from);
  let covered = 0;
  let next = 0;
  for (const { from, to } of spans) {
    covered += Math.max(0, to - Math.max(from, next) + 1);
    next = Math.max(next, to + 1);
  }
  return { ...pool, networks, free: networks - covered };
}

/** The addresses of an IPv4 subnet as numbers; pools of IPv6 are as good as endless. */
function rangeOf(cidr: string) {
  if (!ipaddr.IPv4.isValidCIDR(cidr)) return undefined;
  const bits = ipaddr.IPv4.parseCIDR(cidr)[1];
  const octets = ipaddr.IPv4.networkAddressFromCIDR(cidr).toByteArray();
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return { bits, first, last: first + 2 ** (32 - bits) - 1 };
}
