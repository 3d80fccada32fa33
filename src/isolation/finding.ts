import type { Joined, Seating } from './seats.ts';
import type { Member, PortRef, Topology } from './topology.ts';
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
}

/** A container on a network stack of its own, or on that of `owner`. */
export interface Sitting {
  readonly member: Member;
  readonly owner: Member;
  readonly joined: readonly Joined[];
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
