import ipaddr from 'ipaddr.js';

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** True when two CIDRs share an address. Anything that is no CIDR overlaps nothing. */
export function overlap(first: string, second: string): boolean {
  const a = parse(first);
  const b = parse(second);
  if (a === undefined || b === undefined || a[0].kind() !== b[0].kind()) return false;
  const prefix = Math.min(a[1], b[1]);
  return a[0].match(b[0], prefix);
}

/** True when the address lies in the CIDR. */
export function contains(cidr: string, address: string): boolean {
  return overlap(cidr, address.includes(':') ? `${address}/128` : `${address}/32`);
}

function parse(cidr: string): Range | undefined {
  return ipaddr.isValidCIDR(cidr) ? ipaddr.parseCIDR(cidr) : undefined;
}
