import { readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { WireNetwork } from './wire.ts';

export interface HostNetworking {
  readonly interfaces: Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, 'cidr' | 'internal'>[]>>;
  /** The text of `/proc/net/route`; empty where there is none. */
  readonly routes: string;
}

/** What this host's own network looks like now. Only says something about an engine on the same host. */
export function readHostNetworking(): HostNetworking {
  const interfaces: Record<string, readonly NetworkInterfaceInfo[]> = {};
  for (const [name, addresses] of Object.entries(networkInterfaces())) interfaces[name] = addresses ?? [];
  try {
    return { interfaces, routes: readFileSync('/proc/net/route', 'utf8') };
  } catch {
    return { interfaces, routes: '' };
  }
}

/**
 * Subnets (CIDR, sorted) that the host itself uses: addresses of its interfaces and its routes. The engine's
 * own bridges are left out, since their subnets are known from its networks; loopback, link-local and the
 * default route claim nothing.
 */
export function hostSubnets(host: HostNetworking, networks: readonly WireNetwork[]): readonly string[] {
  const bridges = new Set(networks.map(bridgeName));
  const found = [...addressCidrs(host), ...routeCidrs(host.routes)]
    .filter(({ interfaceName }) => !bridges.has(interfaceName) && !interfaceName.startsWith('veth'))
    .map(({ cidr }) => subnetOf(cidr))
    .filter((subnet) => subnet !== undefined);
  return [...new Set(found)].sort();
}

interface InterfaceCidr {
  readonly interfaceName: string;
  readonly cidr: string | null;
}

function addressCidrs(host: HostNetworking): InterfaceCidr[] {
  return Object.entries(host.interfaces).flatMap(([interfaceName, addresses]) =>
    addresses.flatMap(({ internal, cidr }) => (internal ? [] : [{ interfaceName, cidr }])),
  );
}

/** Columns: interface, destination, gateway, flags, references, use, metric, mask, ... */
function routeCidrs(routes: string): InterfaceCidr[] {
  const [, ...rows] = routes.split('\n').filter((row) => row.trim() !== '');
  return rows.map((row) => {
    const [interfaceName = '', destination = '', , , , , , mask = ''] = row.trim().split(/\s+/);
    return { interfaceName, cidr: `${fromHex(destination)}/${prefixLength(mask)}` };
  });
}

/** The host interface of a bridge network: named by option, else after its id. */
function bridgeName(network: WireNetwork): string {
  return network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`;
}

/** The network that an address with prefix length lies in; undefined when it claims nothing. */
function subnetOf(cidr: string | null): string | undefined {
  if (cidr === null || !ipaddr.isValidCIDR(cidr)) return undefined;
  const [address, length] = ipaddr.parseCIDR(cidr);
  const range = address.range();
  if (length === 0 || range === 'loopback' || range === 'linkLocal') return undefined;
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
      : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  return `${network.toString()}/${length}`;
}

/** The kernel prints addresses as one number in the host's byte order; every host we run on is little-endian. */
function fromHex(hex: string): string {
  return (hex.match(/../g) ?? [])
    .map((byte) => Number.parseInt(byte, 16))
    .reverse()
    .join('.');
}

function prefixLength(maskHex: string): number {
  return Number.parseInt(maskHex, 16).toString(2).replaceAll('0', '').length;
}
