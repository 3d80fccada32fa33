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
import { leadingTo, publishedOf, targetOf } from './publishing.ts';
import { gatewayOf, isBridge, isLan, type Joined } from './seats.ts';
import type { PortRef } from './topology.ts';

/**
 * From a program on the host to a container's own address: the host has one on every bridge, internal or not, and neither
 * ICC nor what a network publishes is asked (measured on 20.10 and 28.5).
 */
export function hostToContainer({ member, joined }: Sitting): Finding {
  if (joined.length === 0) return closed(closes('NoNetwork', { member: member.id }));
  return together(
    joined.map((there) => {
      const shut = hostIsApart(there);
      if (shut !== undefined) return closed(shut);
      const { network, addresses, node } = there;
      const guess = node.isGuessed ? [notes('NetworkGuessed', { network })] : [];
      return {
        ways: [
          {
            via: 'direct' as const,
            network,
            ports: 'all' as const,
            dial: at(addresses.length > 0 ? addresses : ['TARGET']),
          },
        ],
        reasons: [opens('HostAddress', { network }), ...guess],
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
    const shut = hostIsApart(here);
    if (shut !== undefined) return closed(shut);
    const { network, node } = here;
    const hosts = node.gateways.length > 0 ? node.gateways : ['GATEWAY'];
    return {
      ways: [{ via: 'gateway', network, ports: 'all', dial: at(hosts) }],
      reasons: [opens('HostAddress', { network })],
    };
  });
  const all = together(found);
  return all.ways.length === 0 ? all : together([all, closed(notes('HostFirewall'))]);
}

/** Why the host has no part in a network. */
function hostIsApart({ node, network }: Joined) {
  if (isLan(node)) return closes('LanHidesHost', { network, detail: node.driver });
  if (!isBridge(node)) return closes('NoHostAddress', { network, detail: node.driver });
  if (node.gatewayMode4 === 'isolated') return closes('IsolatedGateway', { network });
  if (node.inhibitIPv4) return closes('NoHostAddress', { network });
  return undefined;
}

/** From a container to other machines: only where the default route leads. */
export function containerToOutside({ member, joined }: Sitting): Finding {
  const [first] = joined;
  if (first === undefined) return closed(closes('NoNetwork', { member: member.id }));
  const gateway = gatewayOf(joined);
  if (gateway === undefined) {
    return closed(
      ...joined.map(({ network, node }) =>
        closes(node.gatewayMode4 === 'isolated' ? 'IsolatedGateway' : 'Internal', { network }),
      ),
    );
  }
  const { network, node } = gateway;
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
      const isPublishing = gatewayOf(target.joined)?.network === network;
      const asked = isPublishing ? leadingTo(target.owner.publications, port) : [];
      if (asked.length === 0 || publishedOf(target).over === undefined) return NOTHING;
      const ports = asked.map(targetOf);
      return {
        ways: [{ via: 'direct' as const, network, ports, dial: ports.flatMap((each) => at(hosts, each)) }],
        reasons,
      };
    }),
  );
}
