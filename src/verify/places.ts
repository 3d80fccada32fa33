import type { Member, NetworkNode, Publication, Topology } from '../isolation/topology.ts';

/** A topology with what is looked up in it again and again. */
export interface Places {
  readonly topology: Topology;
  readonly members: ReadonlyMap<string, Member>;
  readonly networks: ReadonlyMap<string, NetworkNode>;
}

export const placesOf = (topology: Topology): Places => ({
  topology,
  members: new Map(topology.members.map((member) => [member.id, member])),
  networks: new Map(topology.networks.map((network) => [network.name, network])),
});

/** Whose network stack a member runs on; undefined when nobody knows, or it is the host's or none. */
export function ownerOf(places: Places, member: Member): Member | undefined {
  let owner: Member | undefined = member;
  for (let hops = 0; owner !== undefined && hops <= places.members.size; hops += 1) {
    const { namespace }: Member = owner;
    if (namespace.kind === 'own') return owner;
    if (namespace.kind !== 'shared') return undefined;
    owner = namespace.with === undefined ? undefined : places.members.get(namespace.with);
  }
  return undefined;
}

/** Whether a member runs on the host's network stack, by itself or by another. */
export function isOnHost(places: Places, member: Member): boolean {
  let each: Member | undefined = member;
  for (let hops = 0; each !== undefined && hops <= places.members.size; hops += 1) {
    const { namespace }: Member = each;
    if (namespace.kind !== 'shared') return namespace.kind === 'host';
    each = namespace.with === undefined ? undefined : places.members.get(namespace.with);
  }
  return false;
}

/** Every address that a member has, with the network that it is on. */
export function addressesOf(
  places: Places,
  member: Member,
): readonly { readonly network: string; readonly address: string }[] {
  return (ownerOf(places, member)?.attachments ?? []).flatMap(({ network, addresses }) =>
    addresses.map((address) => ({ network, address })),
  );
}

/** The host's addresses as a member sees them: on each of its networks, and by loopback when it is on the host itself. */
export function hostAddressesFor(places: Places, member: Member): readonly string[] {
  if (isOnHost(places, member)) return ['127.0.0.1'];
  const attachments = ownerOf(places, member)?.attachments ?? [];
  const nodes = attachments.flatMap(({ network }) => places.networks.get(network) ?? []);
  return [...new Set(nodes.flatMap(gatewaysOf))];
}

/** Where the engine does not tell it, the host has the first address of a bridge's subnet. */
function gatewaysOf(node: NetworkNode): readonly string[] {
  const { driver, gateways, subnets } = node;
  if (driver !== 'bridge') return gateways;
  const untold = subnets.filter((subnet) => {
    const isIPv6 = subnet.includes(':');
    const isNone = isIPv6
      ? node.gatewayMode6 === 'isolated'
      : node.inhibitIPv4 || node.gatewayMode4 === 'isolated';
    return !isNone && !gateways.some((gateway) => gateway.includes(':') === isIPv6);
  });
  return [...gateways, ...untold.flatMap(firstAddressOf)];
}

function firstAddressOf(subnet: string): readonly string[] {
  const [base = ''] = subnet.split('/');
  if (base.includes(':')) return base.endsWith('::') ? [`${base}1`] : [];
  const bytes = base.split('.').map(Number);
  return bytes.length === 4 ? [[...bytes.slice(0, 3), (bytes[3] ?? 0) + 1].join('.')] : [];
}

/** What a member has published, which is done by whose network stack it runs on. */
export const publicationsOf = (places: Places, member: Member): readonly Publication[] =>
  ownerOf(places, member)?.publications ?? [];

const ANY = new Set(['', '0.0.0.0', '::']);
export const isAnyAddress = (hostIp: string): boolean => ANY.has(hostIp);
export const isLoopback = (hostIp: string): boolean => hostIp.startsWith('127.') || hostIp === '::1';
