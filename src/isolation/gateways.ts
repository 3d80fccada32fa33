import { isAtLeast } from '../desired/api-version.ts';
import { compareText } from '../desired/defined.ts';
import type { Joined } from './seats.ts';
import type { NetworkNode } from './topology.ts';

/** First API version whose engines know `GwPriority`, and choose a gateway for each family of addresses (28.0). */
const PRIORITIES = '1.48';

/** First API version whose engines ask the priority before they prefer a network with both families (moby#51999). */
const PRIORITY_FIRST = '1.55';

/** First API version whose engines give containers of internal networks no default route. */
const NO_ROUTE_WHEN_INTERNAL = '1.46';

/** Networks of which packets never leave by a gateway. */
export const hasNoWayOut = (node: NetworkNode): boolean => node.internal || node.gatewayMode4 === 'isolated';

/** Whether the host has an IPv6 address on a bridge. */
export const hasHostIPv6 = ({ enableIPv6, gatewayMode6 }: NetworkNode): boolean =>
  enableIPv6 && gatewayMode6 !== 'isolated';

/** Which networks give a container its default routes. */
export interface Gateways {
  /** In IPv4; ports are published on it. */
  readonly gateway: Joined | undefined;
  readonly gateway6: Joined | undefined;
}

/**
 * Never a network without a way out. Among the others one with both IPv4 and IPv6 comes first, then the higher priority, then
 * the first by name (names measured on 20.10 and 28.5, families on 28.5; where the priority counts is told by libnetwork's
 * `Endpoint.Less` and `getGatewayEndpoint`).
 */
export function gatewaysOf(joined: readonly Joined[], apiVersion: string): Gateways {
  const leading = joined.filter(({ node }) => !hasNoWayOut(node)).sort(orderOf(apiVersion));
  const [gateway] = leading;
  if (isAtLeast(apiVersion, PRIORITIES)) return { gateway, gateway6: leading.find(hasBoth) };
  if (gateway !== undefined) return { gateway, gateway6: hasBoth(gateway) ? gateway : undefined };
  const internal = isAtLeast(apiVersion, NO_ROUTE_WHEN_INTERNAL) ? [] : joined;
  return { gateway: undefined, gateway6: internal.toSorted(orderOf(apiVersion)).find(hasBoth) };
}

/** Whether a network gives the default route only because it has IPv6: another would be before it. */
export const isLeadingByIpv6 = (gateway: Joined, joined: readonly Joined[]): boolean =>
  hasBoth(gateway) &&
  joined.some(
    (each) =>
      !hasNoWayOut(each.node) &&
      !hasBoth(each) &&
      (each.gwPriority > gateway.gwPriority ||
        (each.gwPriority === gateway.gwPriority && compareText(each.network, gateway.network) < 0)),
  );

const hasBoth = ({ node }: Joined): boolean => hasHostIPv6(node);

type Order = (left: Joined, right: Joined) => number;

function orderOf(apiVersion: string): Order {
  const byName: Order = (left, right) => compareText(left.network, right.network);
  const byFamilies: Order = (left, right) => Number(hasBoth(right)) - Number(hasBoth(left));
  const byPriority: Order = (left, right) => right.gwPriority - left.gwPriority;
  const orders = isAtLeast(apiVersion, PRIORITY_FIRST)
    ? [byPriority, byFamilies, byName]
    : isAtLeast(apiVersion, PRIORITIES)
      ? [byFamilies, byPriority, byName]
      : [byFamilies, byName];
  return (left, right) => {
    for (const order of orders) {
      const sign = order(left, right);
      if (sign !== 0) return sign;
    }
    return 0;
  };
}
