import { isAtLeast } from '../desired/api-version.ts';
import {
  at,
  closed,
  closes,
  type Finding,
  NOTHING,
  notes,
  opens,
  type Sitting,
  together,
} from './finding.ts';
import { hasHostIPv6, isLeadingByIpv6 } from './gateways.ts';
import { leadingTo, targetOf } from './publishing.ts';
import { isBridge, isLan, type Joined } from './seats.ts';
import type { PortRef } from './topology.ts';
import type { Reason } from './verdict.ts';

/**
 * From a program on the host to a container's own address: the host has one on every bridge, internal or not, and neither
 * ICC nor what a network publishes is asked (measured on 20.10 and 28.5).
 */
export function hostToContainer({ member, joined }: Sitting): Finding {
  if (joined.length === 0) return closed(closes('NoNetwork', { member: member.id }));
  return together(
    joined.map((there): Finding => {
      const { network, addresses, node } = there;
      const { isFor, reasons } = hostOn(there);
      if (isFor === undefined) return closed(...reasons);
      const guess = node.isGuessed ? [notes('NetworkGuessed', { network })] : [];
      const known = addresses.filter(isFor);
      const hosts = known.length > 0 ? known : ['TARGET'];
      return {
        ways: [{ via: 'direct', network, ports: 'all', dial: at(hosts) }],
        reasons: [...reasons, ...guess],
      };
    }),
  );
}

/**
 * From a container to what listens on the host. An address of the host on a network that the container is on answers also
 * where the network is internal; what stands before it is the host's own firewall.
 */
export function containerToHost({ member, joined }: Sitting): Finding {
  if (joined.length === 0) return closed(closes('NoNetwork', { member: member.id }));
  const found = joined.map((here): Finding => {
    const { network, node } = here;
    const { isFor, reasons } = hostOn(here);
    if (isFor === undefined) return closed(...reasons);
    const known = node.gateways.filter(isFor);
    const hosts = known.length > 0 ? known : ['GATEWAY'];
    return { ways: [{ via: 'gateway', network, ports: 'all', dial: at(hosts) }], reasons };
  });
  const all = together(found);
  return all.ways.length === 0 ? all : together([all, closed(notes('HostFirewall'))]);
}

/** What part the host has in a network. */
interface HostPart {
  /** Whether it is met at addresses like this one; undefined: at none. */
  readonly isFor: ((address: string) => boolean) | undefined;
  readonly reasons: readonly Reason[];
}

/** Each family of addresses has a gateway mode of its own (measured on 28.5), and `inhibit_ipv4` is by its name about IPv4 alone. */
function hostOn({ node, network }: Joined): HostPart {
  const apart = (shut: Reason): HostPart => ({ isFor: undefined, reasons: [shut] });
  if (isLan(node)) return apart(closes('LanHidesHost', { network, detail: node.driver }));
  if (!isBridge(node)) return apart(closes('NoHostAddress', { network, detail: node.driver }));
  const isIn6 = hasHostIPv6(node);
  const isIn4 = node.gatewayMode4 !== 'isolated' && !node.inhibitIPv4;
  if (isIn4) {
    const isFor = (address: string): boolean => isIn6 || !address.includes(':');
    return { isFor, reasons: [opens('HostAddress', { network })] };
  }
  const code = node.gatewayMode4 === 'isolated' ? 'IsolatedGateway' : 'NoHostAddress';
  if (!isIn6) return apart(closes(code, { network }));
  return {
    isFor: (address) => address.includes(':'),
    reasons: [opens('HostAddress', { network, detail: 'IPv6' }), closes(code, { network, detail: 'IPv4' })],
  };
}

/** From a container to other machines: only where the default route leads. */
export function containerToOutside({ member, joined, gateway }: Sitting): Finding {
  const [first] = joined;
  if (first === undefined) return closed(closes('NoNetwork', { member: member.id }));
  if (gateway === undefined) {
    return closed(
      ...joined.map(({ network, node }) =>
        closes(node.gatewayMode4 === 'isolated' ? 'IsolatedGateway' : 'Internal', { network }),
      ),
    );
  }
  const { network } = gateway;
  const byIpv6 = isLeadingByIpv6(gateway, joined) ? [notes('RouteByIpv6', { network })] : [];
  return together([outOver(gateway), closed(...byIpv6)]);
}

function outOver({ network, node }: Joined): Finding {
  const way = { via: 'egress' as const, network, ports: 'all' as const, dial: [] };
  if (isLan(node)) return { ways: [way], reasons: [opens('OnLan', { network })] };
  if (!isBridge(node)) {
    return {
      ways: [way],
      reasons: [opens('Masquerade', { network }), notes('NotVerified', { network, detail: node.driver })],
    };
  }
  if (node.inhibitIPv4) return closed(closes('NoHostAddress', { network }));
  if (node.gatewayMode4 === 'routed' || !node.masquerade) {
    const detail = node.gatewayMode4 === 'routed' ? 'routed' : undefined;
    return closed(closes('NoMasquerade', { network, detail }));
  }
  return { ways: [way], reasons: [opens('Masquerade', { network })] };
}

/** From other machines to a container's own address on the wire of the host. */
export function outsideOverLan({ joined }: Sitting): Finding {
  return together(
    joined
      .filter(({ node }) => isLan(node) && !node.internal)
      .map(({ network, addresses }) => ({
        ways: [
          {
            via: 'direct' as const,
            network,
            ports: 'all' as const,
            dial: at(addresses.length > 0 ? addresses : ['TARGET']),
          },
        ],
        reasons: [opens('OnLan', { network })],
      })),
  );
}

/**
 * From a machine on the same wire that has set a route to a container's own address. Before Engine 28 published ports can
 * be reached so; from then on only where the gateway is asked to let it in (measured).
 */
export function neighbourByRoute(target: Sitting, port: PortRef | undefined, apiVersion: string): Finding {
  return together(
    target.joined.map((there) => {
      const { node, network, addresses } = there;
      if (!isBridge(node) || node.internal || node.inhibitIPv4) return NOTHING;
      const hosts = addresses.length > 0 ? addresses : ['TARGET'];
      const reasons = [opens('RoutedNetwork', { network, detail: node.gatewayMode4 })];
      if (node.gatewayMode4 === 'nat-unprotected') {
        return {
          ways: [{ via: 'direct' as const, network, ports: 'all' as const, dial: at(hosts) }],
          reasons,
        };
      }
      if (node.gatewayMode4 !== 'routed' && isAtLeast(apiVersion, '1.48')) return NOTHING;
      const isPublishing = target.gateway?.network === network;
      const asked = isPublishing ? leadingTo(target.owner.publications, port) : [];
      if (asked.length === 0 || target.published.over === undefined) return NOTHING;
      const ports = asked.map(targetOf);
      return {
        ways: [{ via: 'direct' as const, network, ports, dial: ports.flatMap((each) => at(hosts, each)) }],
        reasons,
      };
    }),
  );
}

/**
 * What the model cannot know of a machine on the same wire: before Engine 28 what no rule is about goes by the policy of the
 * chain FORWARD. That is the host's: the engine makes it DROP only when it turns forwarding on itself (measured on 20.10.24).
 */
export function neighbourByPolicy(target: Sitting, apiVersion: string): Finding {
  if (isAtLeast(apiVersion, '1.48')) return NOTHING;
  const open = target.joined.filter(({ node }) => isBridge(node) && !node.internal && !node.inhibitIPv4);
  return closed(...open.map(({ network }) => notes('ForwardPolicy', { network })));
}
