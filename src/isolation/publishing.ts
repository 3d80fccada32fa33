import { isAtLeast } from '../desired/api-version.ts';
import { closed, closes, type Finding, notes, opens, type Published, type Sitting } from './finding.ts';
import { hasHostIPv6 } from './gateways.ts';
import { isLoopback, isWildcard, samePort, showHostAddress } from './ports.ts';
import { isBridge, isLan, type Joined, type OwnSeat } from './seats.ts';
import type { PortRef, Publication } from './topology.ts';
import type { Reason, Way } from './verdict.ts';

/** Ports are published where the default route is: a container of internal networks alone publishes none. */
export function publishedOf({ owner, gateway: over }: OwnSeat): Published {
  if (over === undefined || isLan(over.node) || over.node.inhibitIPv4) {
    return { over, effective: [], without: owner.publications };
  }
  const isThere = (publication: Publication): boolean => isMapped(publication, over);
  return {
    over,
    effective: owner.publications.filter(isThere),
    without: owner.publications.filter((publication) => !isThere(publication)),
  };
}

/** A routed gateway opens the port of the container and maps none of the host; IPv6 may still be mapped (28.5). */
function isMapped({ hostIp }: Publication, { node }: Joined): boolean {
  if (node.gatewayMode4 !== 'routed') return true;
  const isForBoth = hostIp === '' || hostIp.includes(':');
  return isForBoth && node.gatewayMode6 !== 'routed';
}

/** Ports that are asked about: all of them, or those that lead to one. */
export function leadingTo(
  publications: readonly Publication[],
  port: PortRef | undefined,
): readonly Publication[] {
  return port === undefined ? publications : publications.filter((each) => samePort(targetOf(each), port));
}

export const targetOf = ({ containerPort, protocol }: Publication): PortRef => ({
  port: containerPort,
  protocol,
});

/** From a program on the host, which reaches all of its addresses. */
export function fromHost(target: Sitting, port: PortRef | undefined): Finding {
  const { over, effective, without } = target.published;
  const found = leadingTo(effective, port);
  if (found.length === 0) return closed(...withoutEffect(leadingTo(without, port), over));
  return {
    ways: [way(found, over, ['127.0.0.1'])],
    reasons: found.map((each) => publishedReason(each, over)),
  };
}

/** From another machine that sends to an address of the host. */
export function fromOutside(
  target: Sitting,
  { port, apiVersion, isNeighbour }: { port: PortRef | undefined; apiVersion: string; isNeighbour: boolean },
): Finding {
  const { over, effective, without } = target.published;
  const asked = leadingTo(effective, port);
  if (asked.length === 0) return closed(...absent(target, { port, effective, without, over }));
  const loopback = asked.filter(({ hostIp }) => isLoopback(hostIp));
  const reached = asked.filter(({ hostIp }) => !isLoopback(hostIp));
  const isLeaky = isNeighbour && !isAtLeast(apiVersion, '1.48');
  const leaked = isLeaky ? loopback.filter(({ hostIp }) => !hostIp.includes(':')) : [];
  const kept = loopback.filter((each) => !leaked.includes(each));
  const ways = [
    ...(reached.length > 0 ? [way(reached, over, ['HOST'])] : []),
    ...(leaked.length > 0 ? [way(leaked, over, ['127.0.0.1'])] : []),
  ];
  const reasons: Reason[] = [
    ...reached.map((each) => publishedReason(each, over)),
    ...leaked.map((each) => opens('NeighbourReachesLoopback', about(each, over))),
    ...kept.map((each) => closes('LoopbackOnly', about(each, over))),
    ...(reached.length > 0 ? [notes('BypassesFirewall')] : []),
  ];
  return { ways, reasons };
}

/**
 * From another container, by an address of the host. The engine's rules send packets between bridges to nowhere. What a
 * container of a masquerading network sends to the host is let through to the engine's proxy instead, which connects to
 * the target itself (measured on 20.10 and 28.5, with the userland proxy, which is on by default). So ICC does not matter, and
 * only where the proxy is passed by does the way end: from internal networks, and from other networks without masquerade.
 */
export function fromContainer(
  source: Sitting,
  target: Sitting,
  port: PortRef | undefined,
  filtersIPv6: boolean,
): Finding {
  const { over, effective, without } = target.published;
  const asked = leadingTo(effective, port);
  if (asked.length === 0) return closed(...absent(target, { port, effective, without, over }));
  const ways: Way[] = [];
  const reasons: Reason[] = [];
  for (const each of asked) {
    const hosts = isLoopback(each.hostIp) ? [] : hostAddressesFor(source, each, over);
    const isRuled = filtersIPv6 && over?.node.enableIPv6 === true;
    const proxied = isRuled ? [] : ipv6AddressesFor(source, each);
    const all = [...new Set([...hosts, ...proxied])];
    if (all.length > 0) {
      ways.push(way([each], over, all));
      reasons.push(publishedReason(each, over));
      if (hosts.length === 0) reasons.push(opens('ProxiedByIpv6', about(each, over)));
    } else if (isLoopback(each.hostIp)) reasons.push(closes('LoopbackOnly', about(each, over)));
    else reasons.push(closes('SourceCannotReachHost', { ...about(each, over), member: source.owner.id }));
  }
  return { ways, reasons };
}

/** By which addresses of the host a source gets through to a published port; empty: by none. */
function hostAddressesFor(
  { joined, gateway }: Sitting,
  { hostIp }: Publication,
  over: Joined | undefined,
): readonly string[] {
  const isThrough = (from: Joined): boolean =>
    isBridge(from.node) &&
    !from.node.internal &&
    from.node.gatewayMode4 !== 'isolated' &&
    !from.node.inhibitIPv4 &&
    (from.node.masquerade || from.network === over?.network) &&
    (!isIPv6(hostIp) || from.node.enableIPv6);
  if (!isWildcard(hostIp)) {
    // An address on the way of one network is reached over that network, any other by the default route.
    const from = joined.find(({ node }) => node.gateways.includes(hostIp)) ?? gateway;
    return from !== undefined && isThrough(from) ? [hostIp] : [];
  }
  const through = joined.filter(isThrough);
  if (through.length === 0) return [];
  const byRoute = gateway !== undefined && isThrough(gateway) ? ['HOST'] : [];
  return [
    ...byRoute,
    ...through.flatMap(({ node }) => (node.gateways.length > 0 ? node.gateways : ['GATEWAY'])),
  ];
}

/**
 * By which IPv6 addresses of the host a source gets to the engine's proxy. Rules for IPv6 are there only for targets that have
 * it, and none before Engine 27: then an internal network is no obstacle (measured on 28.5).
 */
function ipv6AddressesFor({ joined }: Sitting, { hostIp }: Publication): readonly string[] {
  if (isLoopback(hostIp) || (hostIp !== '' && !isIPv6(hostIp))) return [];
  const from = joined.filter(({ node }) => isBridge(node) && hasHostIPv6(node));
  if (!isWildcard(hostIp)) return from.some(({ node }) => node.gateways.includes(hostIp)) ? [hostIp] : [];
  return from.flatMap(({ node }) => {
    const known = node.gateways.filter(isIPv6);
    return known.length > 0 ? known : ['GATEWAY'];
  });
}

const isIPv6 = (hostIp: string): boolean => hostIp.includes(':');

interface Asked extends Published {
  readonly port: PortRef | undefined;
}

/** Why there is no published port that leads where it is asked for. */
function absent(target: Sitting, { port, effective, without, over }: Asked): readonly Reason[] {
  const useless = withoutEffect(leadingTo(without, port), over);
  if (useless.length > 0) return useless;
  if (effective.length > 0) {
    const detail = effective.map((each) => `${each.containerPort}/${each.protocol}`).join(', ');
    return [closes('OtherPortPublished', { member: target.owner.id, port, detail })];
  }
  return [closes('NotPublished', { member: target.owner.id, port })];
}

function withoutEffect(without: readonly Publication[], over: Joined | undefined): readonly Reason[] {
  return without.map((each) =>
    closes('PublishedWithoutEffect', {
      ...about(each, over),
      detail: over === undefined ? 'internal' : over.node.driver,
    }),
  );
}

const publishedReason = (each: Publication, over: Joined | undefined): Reason =>
  opens('Published', about(each, over));

function about(each: Publication, over: Joined | undefined) {
  return { network: over?.network, port: targetOf(each), hostAddress: showHostAddress(each) };
}

/** `hosts` stand for addresses that are not known here: HOST is any of the host's own, GATEWAY that of a network. */
function way(found: readonly Publication[], over: Joined | undefined, hosts: readonly string[]): Way {
  return {
    via: 'published',
    network: over?.network,
    ports: found.map(targetOf),
    dial: found.flatMap((each) =>
      (isWildcard(each.hostIp) ? hosts : [each.hostIp]).map((host) => ({
        host,
        port: targetOf(each),
        hostPort: each.hostPort,
      })),
    ),
  };
}

/** The only ports that a routed gateway opens to other networks: those that are asked to be published. */
export function routedPorts({ owner }: Sitting, port: PortRef | undefined): readonly PortRef[] {
  const targets = leadingTo(owner.publications, port).map(targetOf);
  return targets.filter((one, index) => targets.findIndex((other) => samePort(one, other)) === index);
}
