import type { Joined, OwnSeat, Seating } from './seats.ts';
import type { Member, PortRef, Publication, Topology } from './topology.ts';
import type { Reason, ReasonCode, Way } from './verdict.ts';

/** What one rule says about a question. */
export interface Finding {
  readonly ways: readonly Way[];
  readonly reasons: readonly Reason[];
}

export const NOTHING: Finding = { ways: [], reasons: [] };

/** What every rule may look at. */
export interface Surroundings {
  readonly topology: Topology;
  readonly seating: Seating;
  /** Before Engine 27 what bridges send each other in IPv6 is not filtered. */
  readonly filtersIPv6: boolean;
}

/** A container on a network stack of its own, or on that of `owner`. */
export interface Sitting extends OwnSeat {
  readonly member: Member;
  readonly published: Published;
}

/** What of a container's published ports there really is on the host. */
export interface Published {
  /** The network that the container is reached on. */
  readonly over: Joined | undefined;
  readonly effective: readonly Publication[];
  /** Asked for, and not there. */
  readonly without: readonly Publication[];
}

type About = Omit<Reason, 'code' | 'effect'>;

export const opens = (code: ReasonCode, about: About = {}): Reason => ({ code, effect: 'opens', ...about });
export const closes = (code: ReasonCode, about: About = {}): Reason => ({ code, effect: 'closes', ...about });
export const notes = (code: ReasonCode, about: About = {}): Reason => ({ code, effect: 'notes', ...about });

export const closed = (...reasons: readonly Reason[]): Finding => ({ ways: [], reasons });

export function together(findings: readonly Finding[]): Finding {
  return {
    ways: findings.flatMap(({ ways }) => ways),
    reasons: findings.flatMap(({ reasons }) => reasons),
  };
}

/** Dials of addresses, each on the target's own port. */
export const at = (hosts: readonly string[], port?: PortRef): Way['dial'] =>
  hosts.map((host) => ({ host, port, hostPort: undefined }));
