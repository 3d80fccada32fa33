import type { ContainerId } from './names.ts';

/** One question about a network namespace, asked from within it. Addresses are written without a prefix length. */
export type Probe =
  | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  /** Through the container's own resolver: its hosts file and the engine's DNS, nothing else. */
  | { readonly kind: 'name'; readonly name: string }
  /** Whether the namespace has a default route; nothing is sent. */
  | { readonly kind: 'route'; readonly family: 4 | 6 };

/**
 * `open`: something answered. `refused`: it was reached, and nothing listens there. `timeout`: no answer; of UDP that says
 * little, since a program may be silent. `unreachable`: no way there. The others are those of names and routes.
 */
export type ProbeOutcome =
  | 'open'
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'resolved'
  | 'no-such-name'
  | 'route'
  | 'no-route';

export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** Of a name: what it is; of a route: its gateways, none when it leads to an interface. Otherwise empty. */
  readonly addresses: readonly string[];
  /** The kernel's or resolver's own word where there is one: `EHOSTUNREACH`. */
  readonly detail: string;
}

/** Probes that are sent from one network namespace: that of a running container of ours, or the engine's host. */
export interface ProbeRequest {
  readonly from: ContainerId | 'host';
  readonly probes: readonly Probe[];
  /** How long a single probe waits for an answer. */
  readonly waitMs: number;
  /** An image with `node` in its PATH; undefined: one that is made from the program this process runs. */
  readonly image: string | undefined;
}

/** The most probes of one request. */
export const MAX_PROBES = 5000;
