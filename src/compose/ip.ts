import ipaddr from 'ipaddr.js';

/** An IP address, or undefined. Strict, as Go's `net.ParseIP`: four decimal parts, no zone. */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text)) return ipaddr.IPv4.parse(text);
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)
    ? ipaddr.IPv6.parse(text)
    : undefined;
}

/** A block of addresses, as a range of numbers so that blocks can be compared. */
export interface Subnet {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** The address as written differs from the first one: bits of the host are set. */
  readonly hostBits: boolean;
}

/** Reads `10.0.0.0/24` or `fd00::/64`; undefined when it is no subnet. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (slash === -1 || address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (Number(length) > bits) return undefined;
  const size = 1n << BigInt(bits - Number(length));
  const number = addressNumber(address);
  const first = number - (number % size);
  return { version: bits === 32 ? 4 : 6, first, last: first + size - 1n, hostBits: first !== number };
}

/** An address as a number, to be compared with the ends of a subnet. */
export function addressNumber(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  return address.toByteArray().reduce((number, byte) => number * 256n + BigInt(byte), 0n);
}

/** True when an address lies in a subnet. */
export function isInside(subnet: Subnet, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if ((address.kind() === 'ipv4') !== (subnet.version === 4)) return false;
  const number = addressNumber(address);
  return number >= subnet.first && number <= subnet.last;
}

/** True when two subnets share an address. */
export function overlaps(one: Subnet, other: Subnet): boolean {
  return one.version === other.version && one.first <= other.last && other.first <= one.last;
}

/** True for an IP address of either version. */
export function isIP(text: string): boolean {
  return parseAddress(text) !== undefined;
}
