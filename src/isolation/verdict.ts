import type { PortRef, Topology } from './topology.ts';

/**
 * An end of a connection. `host`: a process on the machine of the engine. `outside`: another machine that sends its
 * packets to an address of the host. `neighbour`: one on the same wire, which can also set routes of its own.
 */
export type Endpoint =
  | { readonly kind: 'member'; readonly id: string }
  | { readonly kind: 'host' }
  | { readonly kind: 'outside' }
  | { readonly kind: 'neighbour' };

export interface Question {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The port that the target listens on, in its own network namespace; undefined: any at all. */
  readonly port?: PortRef | undefined;
}

/**
 * How a connection goes. `namespace`: both on one network stack, by loopback. `network`: over a network that both are on.
 * `published`: by an address of the host and a published port. `direct`: from the host, or by a route, to the
 * container's own address. `gateway`: to the host by its address on a network. `egress`: out.
 */
export type Via = 'namespace' | 'network' | 'published' | 'direct' | 'gateway' | 'egress';

/** One way that is open. */
export interface Way {
  readonly via: Via;
  /** The network it goes over; of a published port the one that the target is reached on. */
  readonly network: string | undefined;
  /** The target's ports that this way leads to; `all`: whatever it listens on. */
  readonly ports: 'all' | readonly PortRef[];
  /** Where to connect to, as far as it is known: an address and, when it is not the target's own, the port. */
  readonly dial: readonly Dial[];
}

export interface Dial {
  /**
   * An address. Where it is not known here: `HOST` for any of the host's own, `GATEWAY` for the host's on the network, `TARGET`
   * for the target's on it.
   */
  readonly host: string;
  /** Of the target. */
  readonly port: PortRef | undefined;
  /** To connect to instead of `port`: the published one. */
  readonly hostPort: number | undefined;
}

/** Why, in one word; the words for people are in `say.ts`. */
export type ReasonCode =
  // What opens a way.
  | 'SameMember'
  | 'SharedNamespace'
  | 'HostNamespace'
  | 'SharedNetwork'
  | 'Ipv6NotFiltered'
  | 'Ipv6Forwarded'
  | 'Linked'
  | 'Published'
  | 'ProxiedByIpv6'
  | 'RoutedNetwork'
  | 'HostAddress'
  | 'Masquerade'
  | 'OnLan'
  | 'ProbePassed'
  // What closes one.
  | 'NotThere'
  | 'NoNetwork'
  | 'NamespaceUnknown'
  | 'NoSharedNetwork'
  | 'IccOff'
  | 'Internal'
  | 'IsolatedGateway'
  | 'NoHostAddress'
  | 'NotPublished'
  | 'OtherPortPublished'
  | 'LoopbackOnly'
  | 'PublishedWithoutEffect'
  | 'NoMasquerade'
  | 'LanHidesHost'
  | 'PrivateLan'
  | 'SourceCannotReachHost'
  | 'NotRunning'
  | 'ProbeFailed'
  // What is worth knowing.
  | 'BypassesFirewall'
  | 'RouteByIpv6'
  | 'HostFirewall'
  | 'NeighbourReachesLoopback'
  | 'ForwardPolicy'
  | 'DefaultBridgeHasNoNames'
  | 'NoNames'
  | 'NameIsShared'
  | 'NotKnownToListen'
  | 'Unhealthy'
  | 'NetworkGuessed'
  | 'NotVerified';

/** One link of the chain that leads to a verdict. */
export interface Reason {
  readonly code: ReasonCode;
  readonly effect: 'opens' | 'closes' | 'notes';
  /** The network it is about. */
  readonly network?: string | undefined;
  /** The member it is about, by id. */
  readonly member?: string | undefined;
  /** The port it is about. */
  readonly port?: PortRef | undefined;
  /** An address and port of the host: `127.0.0.1:8080`. */
  readonly hostAddress?: string | undefined;
  /** Further words: names of networks, a state, a mode. */
  readonly detail?: string | undefined;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Open ways, the most direct first; empty when there is none. */
  readonly ways: readonly Way[];
  /** Names by which the source finds the target, sorted; of a target that shares a namespace those of its owner. */
  readonly names: readonly string[];
  /** What opens the ways, then what closes each other that there could have been, then what else matters. */
  readonly reasons: readonly Reason[];
}

/** How far the ways of one end to another lead: to every port, to some, or there is none. */
export type Extent = 'all' | 'ports' | 'none';

/** The model of one topology, ready to answer; `modelOf` makes it. */
export interface Model {
  readonly topology: Topology;
  /** Throws nothing; an end that the topology does not have reaches nobody. */
  reach(question: Question): Verdict;
  /** The open ways alone: a tenth of the work. */
  ways(question: Question): readonly Way[];
  /** What the ways come to, for whoever asks about everybody: the first that leads to every port is enough. */
  extent(question: Question): Extent;
}
