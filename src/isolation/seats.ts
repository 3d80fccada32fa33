import { compareText } from '../desired/defined.ts';
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
  | { readonly kind: 'own'; readonly owner: Member; readonly joined: readonly Joined[] }
  | { readonly kind: 'host' }
  | { readonly kind: 'none' }
  /** It shares the namespace of somebody who is not there. */
  | { readonly kind: 'unknown' };

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
  const seats = new Map<string, Seat>();
  const named = new Map<string, Member[]>();
  for (const member of topology.members) {
    seats.set(member.id, seatOf(member, members, networks));
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

function seatOf(
  member: Member,
  members: ReadonlyMap<string, Member>,
  networks: ReadonlyMap<string, NetworkNode>,
): Seat {
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
  return { kind: 'own', owner, joined };
}

/** Networks of which packets never leave by a gateway. */
export const hasNoWayOut = (node: NetworkNode): boolean => node.internal || node.gatewayMode4 === 'isolated';

export const isBridge = (node: NetworkNode): boolean => node.driver === 'bridge';

/** A network whose containers stand on the wire of the host, beside it. */
export const isLan = (node: NetworkNode): boolean => node.driver === 'macvlan' || node.driver === 'ipvlan';

/**
 * The network that gives the default route, and on which ports are published: never one without a way out; the highest
 * priority (from API 1.48), else the first by name (measured on 20.10 and 28.5).
 */
export function gatewayOf(joined: readonly Joined[]): Joined | undefined {
  let best: Joined | undefined;
  for (const each of joined) {
    if (hasNoWayOut(each.node)) continue;
    if (best === undefined || isBefore(each, best)) best = each;
  }
  return best;
}

function isBefore(left: Joined, right: Joined): boolean {
  if (left.gwPriority !== right.gwPriority) return left.gwPriority > right.gwPriority;
  return compareText(left.network, right.network) < 0;
}
