import ipaddr from 'ipaddr.js';

/**
 * An address in its one canonical spelling (RFC 5952 for IPv6), or as it is when it is none. Newer engines
 * read addresses back in this spelling and older ones as they were sent: sending it makes both the same.
 */
export function canonicalAddress(text: string | undefined): string | undefined {
  if (text?.includes(':') !== true || !ipaddr.IPv6.isValid(text)) return text;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}

/** The same for a subnet: `FD00:0:0::/64` is `fd00::/64`. */
export function canonicalSubnet(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [address, bits] = text.split('/');
  return bits === undefined ? canonicalAddress(text) : `${canonicalAddress(address)}/${bits}`;
}
