import type { Position } from './problem.ts';

/** `kind: ReachabilityPolicy`: what its author expects of who can talk to whom. */
export interface ReachabilityPolicy {
  readonly name: string;
  readonly zones: readonly ZoneExpectation[];
  readonly rules: readonly ReachabilityRule[];
  readonly at: Position;
}

/** What a network is for. */
export interface ZoneExpectation {
  /** Its name on the engine. */
  readonly network: string;
  /** `egress`, `both`: there is a way out. `ingress`, `both`: what is on it may be published. Undefined: either. */
  readonly external: 'none' | 'ingress' | 'egress' | 'both' | undefined;
  readonly icc: boolean | undefined;
  readonly at: Position;
}

export interface ReachabilityRule {
  /** For people. */
  readonly name: string | undefined;
  /** Any of these. */
  readonly from: readonly Selector[];
  readonly to: readonly Selector[];
  /** Of the target; empty: allow asks for any way at all, deny forbids every one. */
  readonly ports: readonly PortSpan[];
  readonly action: 'allow' | 'deny';
  readonly at: Position;
}

/** Who is meant: everything that is given must fit. */
export interface Selector {
  /** A stack, a service and a network may have `*` for any text. */
  readonly stack: string | undefined;
  readonly service: string | undefined;
  /** Whoever is attached to it, by its name on the engine. */
  readonly network: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** The world outside of this host: whoever comes from there, or the internet. Alone. */
  readonly external: boolean;
  /** The host itself. Alone. */
  readonly host: boolean;
  /** Who is not meant although all of this fits. */
  readonly except: readonly Selector[];
  readonly at: Position;
}

export interface PortSpan {
  readonly first: number;
  readonly last: number;
  readonly protocol: string;
}
