/**
 * All that decides who can talk to whom, as plain data: made from manifests (`declaredTopology`) or from what an
 * engine shows (`observedTopology`). Names are the engine's.
 */
export interface Topology {
  readonly origin: 'declared' | 'observed';
  readonly engine: EngineTraits;
  /** Sorted by id; every id is there once. */
  readonly members: readonly Member[];
  /** Sorted by name; every name is there once. */
  readonly networks: readonly NetworkNode[];
}

/** What engines of different versions do differently. */
export interface EngineTraits {
  /** `1.41` is Engine 20.10, `1.48` is Engine 28.0. */
  readonly apiVersion: string;
}

/** A container, there or wanted. */
export interface Member {
  /** `STACK/SERVICE/ORDINAL`, or the container's name when it belongs to no stack. */
  readonly id: string;
  /** Of the container. */
  readonly name: string;
  /** Undefined: it belongs to nobody we know. */
  readonly stack: string | undefined;
  readonly service: string | undefined;
  /** From 1. */
  readonly ordinal: number;
  /** The container's own and those of its stack's manifest. */
  readonly labels: Readonly<Record<string, string>>;
  /** The engine's id of it; undefined when it is only declared. */
  readonly containerId: string | undefined;
  /** Declared members count as running. */
  readonly state: 'running' | 'stopped';
  /** Undefined: it has no healthcheck, or it is only declared. */
  readonly health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  readonly namespace: Namespace;
  /** Empty unless the namespace is its own. */
  readonly attachments: readonly Attachment[];
  readonly publications: readonly Publication[];
  /** Ports that it is known to listen on; it may well listen on others. Sorted. */
  readonly listens: readonly KnownPort[];
}

/** Whose network stack it runs on. `shared`: that of another member; undefined when nobody knows that one. */
export type Namespace =
  | { readonly kind: 'own' }
  | { readonly kind: 'host' }
  | { readonly kind: 'none' }
  | { readonly kind: 'shared'; readonly with: string | undefined };

export interface Attachment {
  /** Name of a network of the topology. */
  readonly network: string;
  /** In use, or fixed by the manifest; empty when the engine will choose. */
  readonly addresses: readonly string[];
  /** Names that resolve on this network to this member, the container's own among them. Sorted. */
  readonly aliases: readonly string[];
  /** Which network gives the default route: highest first, then by the network's name. */
  readonly gwPriority: number;
  /** `NAME` or `NAME:ALIAS`, on the default bridge only. */
  readonly links: readonly string[];
}

/** A port that is asked to be published on the host. */
export interface Publication {
  /** `0.0.0.0`, `::`, `127.0.0.1`, ...; empty: all addresses. */
  readonly hostIp: string;
  /** Undefined: the engine chooses one. */
  readonly hostPort: number | undefined;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface KnownPort {
  readonly port: number;
  readonly protocol: string;
  readonly source: 'exposed' | 'published' | 'healthcheck' | 'command' | 'image';
}

/** A port to ask about. */
export interface PortRef {
  readonly port: number;
  readonly protocol: string;
}

export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated';

export interface NetworkNode {
  readonly name: string;
  /** The stack that declares it; undefined: external, or somebody else's. */
  readonly stack: string | undefined;
  /** Its names in manifests. */
  readonly keys: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `bridge`, `macvlan`, `ipvlan`, `overlay`, `host`, `null`, or a plugin's. */
  readonly driver: string;
  /** The engine's own `bridge`, without DNS. */
  readonly isDefaultBridge: boolean;
  readonly internal: boolean;
  /** Containers on it may talk to each other. */
  readonly icc: boolean;
  /** The same by IPv6, which engines before 27 do not filter: undefined: as `icc`. */
  readonly icc6?: boolean | undefined;
  readonly masquerade: boolean;
  /** What the engine makes of the options: before API 1.46 every gateway is `nat`. */
  readonly gatewayMode4: GatewayMode;
  readonly gatewayMode6: GatewayMode;
  /** The host has no address on it (`inhibit_ipv4`). */
  readonly inhibitIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly attachable: boolean;
  /** `bridge`, `private`, `vepa`, `passthru` of macvlan; `l2`, `l3`, `l3s` of ipvlan. Empty otherwise. */
  readonly mode: string;
  /** CIDR. */
  readonly subnets: readonly string[];
  /** Addresses of the host on it, as far as they are known. */
  readonly gateways: readonly string[];
  /** Manifests only refer to it and nobody declares it: what it is like is a guess, that of a plain bridge. */
  readonly isGuessed: boolean;
}
