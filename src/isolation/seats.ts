import { sortedSet } from '../desired/defined.ts';
import { type Gateways, gatewaysOf } from './gateways.ts';
import type { Attachment, Member, NetworkNode, Topology } from './topology.ts';

/** An attachment with the network it is to. */
export interface Joined extends Attachment {
  readonly node: NetworkNode;
}

/**
 * The network stack that something runs on. Members that share a namespace have the seat of its owner, so that
 * everything about networks and published ports is the owner's.
 */
export type Seat =
  | OwnSeat
  | { readonly kind: 'host' }
  | { readonly kind: 'none' }
  /** It shares the namespace of somebody who is not there. */
  | { readonly kind: 'unknown' };

export interface OwnSeat extends Gateways {
  readonly kind: 'own';
  readonly owner: Member;
  readonly joined: readonly Joined[];
  /** The names of its networks, for reasons: `back, front`. */
  readonly places: string;
}

/** Where every member of a topology sits, and who has which name: found once, asked often. */
export interface Seating {
  readonly member: (id: string) => Member | undefined;
  readonly seat: (member: Member) => Seat;
  /** Who answers to a name on a network. */
  readonly named: (network: string, alias: string) => readonly Member[];
}

export function seatingOf(topology: Topology): Seating {
  const members = new Map(topology.members.map((member) => [member.id, member]));
  const networks = new Map(topology.networks.map((network) => [network.name, network]));
  const { apiVersion } = topology.engine;
  const seats = new Map<string, Seat>();
  const named = new Map<string, Member[]>();
  for (const member of topology.members) {
    seats.set(member.id, seatOf(member, { members, networks, apiVersion }));
    for (const { network, aliases } of member.attachments) {
      for (const alias of aliases) {
        const key = `${network} ${alias}`;
        const there = named.get(key);
        if (there === undefined) named.set(key, [member]);
        else there.push(member);
      }
    }
  }
  return {
    member: (id) => members.get(id),
    seat: (member) => seats.get(member.id) ?? { kind: 'unknown' },
    named: (network, alias) => named.get(`${network} ${alias}`) ?? [],
  };
}

interface Known {
  readonly members: ReadonlyMap<string, Member>;
  readonly networks: ReadonlyMap<string, NetworkNode>;
  readonly apiVersion: string;
}

function seatOf(member: Member, { members, networks, apiVersion }: Known): Seat {
  const passed = new Set<string>();
  let owner = member;
  while (owner.namespace.kind === 'shared') {
    const next = members.get(owner.namespace.with ?? '');
    if (next === undefined || passed.has(next.id)) return { kind: 'unknown' };
    passed.add(next.id);
    owner = next;
  }
  if (owner.namespace.kind !== 'own') return { kind: owner.namespace.kind };
  const joined = owner.attachments.flatMap((attachment) => {
    const node = networks.get(attachment.network);
    return node === undefined ? [] : [{ ...attachment, node }];
  });
  const places = sortedSet(joined.map(({ network }) => network)).join(', ');
  return { kind: 'own', owner, joined, places, ...gatewaysOf(joined, apiVersion) };
}

export const isBridge = (node: NetworkNode): boolean => node.driver === 'bridge';

/** A network whose containers stand on the wire of the host, beside it. */
export const isLan = (node: NetworkNode): boolean => node.driver === 'macvlan' || node.driver === 'ipvlan';
