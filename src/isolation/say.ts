import { showPort } from './ports.ts';
import type { Endpoint, Reason, ReasonCode } from './verdict.ts';

type Words = (reason: Reason) => string;

const net = ({ network }: Reason): string => network ?? 'the network';
const who = ({ member }: Reason): string => (member === undefined ? 'it' : showId(member));
const port = (reason: Reason): string =>
  reason.port === undefined ? 'a port' : `port ${showPort(reason.port)}`;
const detail = ({ detail: words }: Reason): string => words ?? '';

/** `IPv4 ` or `IPv6 ` where it is about one of them alone. */
const family = ({ detail: words }: Reason): string => (words === undefined ? '' : `${words} `);

/** `demo/web`, and `demo/web-2` for a further replica. */
export function showId(id: string): string {
  const [stack, service, ordinal] = id.split('/');
  if (service === undefined) return stack ?? id;
  return ordinal === undefined || ordinal === '1' ? `${stack}/${service}` : `${stack}/${service}-${ordinal}`;
}

export function showEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === 'member') return showId(endpoint.id);
  return { host: 'the host', outside: 'the outside', neighbour: 'a neighbour on the same wire' }[
    endpoint.kind
  ];
}

/** What each reason means, for people; docs/isolation.md has a line for each. */
const WORDS: Readonly<Record<ReasonCode, Words>> = {
  SameMember: () => 'it is one and the same container',
  SharedNamespace: (reason) =>
    `both are on the network stack of one container, so that loopback leads to ${who(reason)}`,
  HostNamespace: () => 'it uses the network of the host itself',
  SharedNetwork: (reason) => `both are on ${net(reason)}`,
  Ipv6NotFiltered: (reason) =>
    `before Engine 27 no bridge filters IPv6: containers on ${net(reason)} reach each other by it, ICC off or not`,
  Ipv6Forwarded: (reason) =>
    `before Engine 27 no bridge filters IPv6: the host forwards it from ${detail(reason)} to ${net(reason)}`,
  Linked: (reason) => `${net(reason)} has ICC off, but there is a link to ${detail(reason)}`,
  Published: (reason) =>
    `${port(reason)} is published on the host as ${reason.hostAddress ?? ''}, which leads there over ${net(reason)}`,
  ProxiedByIpv6: (reason) =>
    `the engine's proxy answers at the host's IPv6 address for ${reason.hostAddress ?? ''}, and no rule for IPv6 is before it`,
  RoutedNetwork: (reason) =>
    `${net(reason)} is routed: its published ports are open at the container's own address`,
  HostAddress: (reason) => `the host has an ${family(reason)}address on ${net(reason)}`,
  Masquerade: (reason) => `${net(reason)} gives the default route, and the host translates what leaves by it`,
  OnLan: (reason) => `${net(reason)} puts it on the wire of the host, with an address there`,
  ProbePassed: (reason) => `a probe got through${reason.port === undefined ? '' : ` on ${port(reason)}`}`,
  NotThere: (reason) => `there is no ${who(reason)}`,
  NoNetwork: (reason) => `${who(reason)} is on no network`,
  NamespaceUnknown: (reason) => `${who(reason)} is to share the network of a container that is not there`,
  NoSharedNetwork: (reason) => {
    const [from = '', to = ''] = detail(reason).split(' | ');
    return `they share no network: one is on ${from}, the other on ${to}`;
  },
  IccOff: (reason) => `${net(reason)} has ICC off: containers on it do not reach each other`,
  Internal: (reason) => `${net(reason)} is internal: it has no way out`,
  IsolatedGateway: (reason) =>
    `${net(reason)} is isolated: not even the host has an ${family(reason)}address on it`,
  NoHostAddress: (reason) =>
    `the host has no ${reason.detail === 'IPv4' ? 'IPv4 ' : ''}address on ${net(reason)}`,
  NotPublished: (reason) => `${who(reason)} publishes no port`,
  OtherPortPublished: (reason) => `${who(reason)} does not publish ${port(reason)}, only ${detail(reason)}`,
  LoopbackOnly: (reason) =>
    `${port(reason)} is published on ${reason.hostAddress ?? 'loopback'} only, for programs on the host`,
  PublishedWithoutEffect: (reason) =>
    detail(reason) === 'internal'
      ? `${port(reason)} is to be published, without effect: all networks of the container are internal`
      : `${port(reason)} is to be published, without effect: the default route goes over ${net(reason)} (${detail(reason)})`,
  NoMasquerade: (reason) =>
    `${net(reason)} gives the default route, and ${detail(reason) === 'routed' ? 'is routed' : 'has masquerading off'}: answers find no way back`,
  LanHidesHost: (reason) => `${net(reason)} (${detail(reason)}) keeps the host and its own containers apart`,
  PrivateLan: (reason) =>
    `${net(reason)} is in ${detail(reason)} mode: containers on it do not reach each other on this host`,
  SourceCannotReachHost: (reason) =>
    `${port(reason)} is published as ${reason.hostAddress ?? ''}, but ${who(reason)} does not get there: an internal network, or one without masquerade, leads to no published port`,
  NotRunning: (reason) => `${who(reason)} does not run`,
  ProbeFailed: (reason) =>
    `a probe did not get through${reason.port === undefined ? '' : ` on ${port(reason)}`}`,
  BypassesFirewall: () =>
    'what comes to a published port passes by ufw and the INPUT chain; only DOCKER-USER sees it',
  RouteByIpv6: (reason) => `a network with IPv6 gives the default route before those without: ${net(reason)}`,
  HostFirewall: () => 'the firewall of the host decides, and so does the address that a program listens on',
  NeighbourReachesLoopback: (reason) =>
    `before Engine 28 a machine on the same wire gets to ${reason.hostAddress ?? 'loopback'} with a route of its own`,
  ForwardPolicy: (reason) =>
    `before Engine 28 a machine on the same wire that sets a route gets to every port on ${net(reason)}, unless the host's FORWARD policy is DROP`,
  DefaultBridgeHasNoNames: () => 'the default bridge has no DNS: only addresses work there',
  NoNames: (reason) => `no name leads to ${who(reason)}`,
  NameIsShared: (reason) => `the name ${detail(reason)} is that of ${who(reason)} too, and leads to either`,
  NotKnownToListen: (reason) => `nothing says that ${who(reason)} listens on ${port(reason)}`,
  Unhealthy: (reason) => `${who(reason)} is unhealthy`,
  NetworkGuessed: (reason) =>
    `${net(reason)} is external and nothing is known of it: taken for a plain bridge`,
  NotVerified: (reason) => `${net(reason)} (${detail(reason)}) was not tried out: take it with care`,
};

/** One link of the chain in words: lower case, no full stop. */
export function sayReason(reason: Reason): string {
  return WORDS[reason.code](reason);
}

const CHANGES: Partial<Readonly<Record<ReasonCode, Words>>> = {
  NoSharedNetwork: () => 'attach both to one network: add it under `networks` of the service that lacks it',
  NoNetwork: (reason) => `give ${who(reason)} a network instead of network_mode: none`,
  NamespaceUnknown: (reason) => `start the container whose network ${who(reason)} shares`,
  IccOff: () => 'attach both to another network with ICC on; egress networks are for calling out only',
  Internal: () => 'attach it to a further network that is not internal',
  IsolatedGateway: () => 'attach it to a further network, or take the gateway mode isolated out',
  NotPublished: () =>
    'if it is to be reached from elsewhere than its networks: publish the port under `ports`, on 127.0.0.1 where that is enough',
  OtherPortPublished: (reason) => `publish ${port(reason)} under \`ports\` as well`,
  LoopbackOnly: () => 'share a network with it, or publish the port on another address than loopback',
  PublishedWithoutEffect: () =>
    'attach the container to a bridge network that is not internal, and let it give the default route (gw_priority)',
  SourceCannotReachHost: () => 'share a network with it',
  NoMasquerade: () => 'let another network give the default route (gw_priority), or turn masquerading on',
  LanHidesHost: () => 'give both a bridge network as well',
  PrivateLan: () => 'use macvlan_mode: bridge, or a bridge network',
  NotRunning: (reason) => `\`stackctl describe\` tells why ${who(reason)} does not run`,
  NotThere: () => '`stackctl net matrix` lists who is there',
  DefaultBridgeHasNoNames: () => 'use a network of your own, where every container has its name',
  NameIsShared: (reason) => `give one of them another name: two answer to ${detail(reason)} on one network`,
  NotKnownToListen: (reason) =>
    `check that it listens on ${port(reason)}, on 0.0.0.0 and not on 127.0.0.1; \`expose\` says so to others`,
  Unhealthy: () => '`stackctl describe` shows what its healthcheck says',
};

/** What could be changed so that a way opens, each once, in the order of the reasons. */
export function sayChanges(reasons: readonly Reason[]): readonly string[] {
  const changes = reasons.flatMap((reason) => CHANGES[reason.code]?.(reason) ?? []);
  return [...new Set(changes)];
}
