import { sortedSet } from '../desired/defined.ts';
import {
  at,
  closed,
  closes,
  type Finding,
  NOTHING,
  notes,
  opens,
  type Sitting,
  type Surroundings,
  together,
} from './finding.ts';
import { routedPorts } from './publishing.ts';
import { isBridge, isLan, type Joined } from './seats.ts';
import type { Member, PortRef } from './topology.ts';
import type { Reason } from './verdict.ts';

/** Over networks that both are on. */
export function overNetworks(source: Sitting, target: Sitting): Finding {
  if (source.joined.length === 0) return closed(closes('NoNetwork', { member: source.member.id }));
  if (target.joined.length === 0) return closed(closes('NoNetwork', { member: target.member.id }));
  const shared = sharedBy(source, target);
  if (shared.length > 0) return together(shared.map(({ here, there }) => overNetwork(here, there)));
  return closed(closes('NoSharedNetwork', { detail: `${source.places} | ${target.places}` }));
}

/** Networks that both are on, each as it is to the one and to the other. */
function sharedBy(source: Sitting, target: Sitting): readonly { here: Joined; there: Joined }[] {
  const shared: { here: Joined; there: Joined }[] = [];
  for (const there of target.joined) {
    for (const here of source.joined) if (here.network === there.network) shared.push({ here, there });
  }
  return shared;
}

function overNetwork(here: Joined, there: Joined): Finding {
  const { network, node } = there;
  const hosts = there.addresses.length > 0 ? there.addresses : ['TARGET'];
  const guess = node.isGuessed ? [notes('NetworkGuessed', { network })] : [];
  const open = (...more: readonly Reason[]): Finding => ({
    ways: [{ via: 'network', network, ports: 'all', dial: at(hosts) }],
    reasons: [...more, ...guess],
  });
  if (isBridge(node) && !node.icc) {
    const target = there.aliases.find((alias) => isLinked(here, alias));
    if (target === undefined) return overIpv6Alone(there, guess);
    return open(opens('Linked', { network, detail: target }));
  }
  if (isLan(node) && ['private', 'vepa', 'passthru'].includes(node.mode)) {
    return closed(closes('PrivateLan', { network, detail: node.mode }), ...guess);
  }
  const isKnown = isBridge(node) || isLan(node);
  return open(
    opens('SharedNetwork', { network }),
    ...(isKnown ? [] : [notes('NotVerified', { network, detail: node.driver })]),
  );
}

/** Without ICC there is only what the engine leaves unfiltered. */
function overIpv6Alone({ network, node, addresses }: Joined, guess: readonly Reason[]): Finding {
  const shut = closes('IccOff', { network });
  if (!node.enableIPv6 || node.icc6 !== true) return closed(shut, ...guess);
  const byIpv6 = addresses.filter((address) => address.includes(':'));
  return {
    ways: [{ via: 'network', network, ports: 'all', dial: at(byIpv6.length > 0 ? byIpv6 : ['TARGET']) }],
    reasons: [opens('Ipv6NotFiltered', { network }), shut, ...guess],
  };
}

/** A link of the default bridge opens the exposed ports of its target although ICC is off. */
const isLinked = ({ links }: Joined, name: string): boolean =>
  links.some((link) => link === name || link.startsWith(`${name}:`));

/**
 * By the target's own address from another network. A routed gateway that gives the target its default route lets in what
 * comes to published ports, from networks that have a way out and translate what leaves them, or are routed as well
 * (measured on 28.5); no other gateway lets in anything of another bridge.
 */
export function overRoutes(source: Sitting, target: Sitting, port: PortRef | undefined): Finding {
  const { gateway: there } = target;
  if (there?.node.gatewayMode4 !== 'routed') return NOTHING;
  const from = source.gateway;
  const isAble =
    from !== undefined &&
    isBridge(from.node) &&
    !from.node.inhibitIPv4 &&
    (from.node.masquerade || from.node.gatewayMode4 === 'routed');
  if (!isAble) return NOTHING;
  const ports = routedPorts(target, port);
  if (ports.length === 0) return NOTHING;
  const isOnBoth = source.joined.some(({ network }) => network === there.network);
  return isOnBoth ? NOTHING : routeTo(there, ports);
}

function routeTo(there: Joined, ports: readonly PortRef[]): Finding {
  const hosts = there.addresses.length > 0 ? there.addresses : ['TARGET'];
  return {
    ways: [{ via: 'direct', network: there.network, ports, dial: ports.flatMap((port) => at(hosts, port)) }],
    reasons: [opens('RoutedNetwork', { network: there.network })],
  };
}

/**
 * By the target's IPv6 address from another bridge, where the engine does not filter it. The host forwards it for whoever has
 * a route to it and back: ICC, `internal` and masquerade are not asked (measured on 20.10).
 */
export function overIpv6(source: Sitting, target: Sitting): Finding {
  const from = source.gateway6;
  if (from === undefined || target.gateway6 === undefined || !isBridge(from.node)) return NOTHING;
  const isOnBoth = (network: string) => source.joined.some((each) => each.network === network);
  return together(
    target.joined
      .filter(({ node, network }) => isBridge(node) && node.enableIPv6 && !isOnBoth(network))
      .map(({ network, addresses }) => {
        const byIpv6 = addresses.filter((address) => address.includes(':'));
        const hosts = byIpv6.length > 0 ? byIpv6 : ['TARGET'];
        return {
          ways: [{ via: 'direct', network, ports: 'all', dial: at(hosts) }],
          reasons: [opens('Ipv6Forwarded', { network, detail: from.network })],
        };
      }),
  );
}

/** Both stand on the wire of the host, by different networks; what lies between is not the engine's. */
export function overLan(source: Sitting, target: Sitting): Finding {
  const from = source.joined.find(({ node }) => isLan(node) && !node.internal);
  if (from === undefined) return NOTHING;
  const there = target.joined.find(
    ({ node, network }) => isLan(node) && !node.internal && network !== from.network,
  );
  if (there === undefined || source.joined.some(({ network }) => network === there.network)) return NOTHING;
  return {
    ways: [
      {
        via: 'direct',
        network: there.network,
        ports: 'all',
        dial: at(there.addresses.length > 0 ? there.addresses : ['TARGET']),
      },
    ],
    reasons: [
      opens('OnLan', { network: there.network }),
      notes('NotVerified', { network: there.network, detail: there.node.driver }),
    ],
  };
}

/** Names by which the source finds the target, and what else answers to them. */
export function namesBetween(
  source: Sitting,
  target: Sitting,
  { seating }: Surroundings,
): { readonly names: readonly string[]; readonly reasons: readonly Reason[] } {
  const shared = sharedBy(source, target);
  const named = shared.filter(({ there }) => !there.node.isDefaultBridge);
  const plain = shared.find(({ there }) => there.node.isDefaultBridge);
  const linked = plain === undefined ? [] : linkedNames(plain.here, target.owner);
  const names = sortedSet([...linked, ...named.flatMap(({ there }) => there.aliases)]);
  const rivals = named.flatMap(({ there }) =>
    there.aliases.flatMap((alias) => {
      const rival = seating.named(there.network, alias).find((member) => isRival(member, target.owner));
      return rival === undefined ? [] : [notes('NameIsShared', { member: rival.id, detail: alias })];
    }),
  );
  const isNameless = plain !== undefined && names.length === 0;
  return { names, reasons: isNameless ? [...rivals, notes('DefaultBridgeHasNoNames')] : rivals };
}

/** On the default bridge only what is linked has a name. */
function linkedNames({ links }: Joined, { name }: Member): readonly string[] {
  return links.flatMap((link) => {
    const [linked = '', alias = linked] = link.split(':');
    return linked === name ? [alias] : [];
  });
}

/** Another service's container with the same name; replicas share theirs on purpose. */
function isRival(other: Member, owner: Member): boolean {
  if (other.id === owner.id) return false;
  return owner.stack === undefined || other.stack !== owner.stack || other.service !== owner.service;
}
