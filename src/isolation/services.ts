import { compareText, sortedSet } from '../desired/defined.ts';
import type { Member, PortRef, Topology } from './topology.ts';
import type { Endpoint, Model, Way } from './verdict.ts';

/** All containers of one service; a container of no stack is one by itself. */
export interface ServiceGroup {
  /** `STACK/SERVICE`, or the name of a container that belongs to no stack. */
  readonly name: string;
  readonly stack: string | undefined;
  readonly service: string | undefined;
  readonly members: readonly Member[];
}

/** Sorted by stack, then service; strangers last. */
export function servicesOf(topology: Topology): readonly ServiceGroup[] {
  const groups = new Map<string, Member[]>();
  for (const member of topology.members) {
    const name = groupName(member);
    const there = groups.get(name);
    if (there === undefined) groups.set(name, [member]);
    else there.push(member);
  }
  return [...groups]
    .map(
      ([name, members]): ServiceGroup => ({
        name,
        stack: members[0]?.stack,
        service: members[0]?.service,
        members,
      }),
    )
    .sort((left, right) => {
      if ((left.stack === undefined) !== (right.stack === undefined))
        return left.stack === undefined ? 1 : -1;
      return compareText(left.name, right.name);
    });
}

export const groupName = ({ stack, service, name }: Member): string =>
  stack === undefined || service === undefined ? name : `${stack}/${service}`;

/** Networks that a service is on, by itself or by whom it shares its network with, sorted. */
export function networksOfGroup({ members }: ServiceGroup, topology: Topology): readonly string[] {
  const byId = new Map(topology.members.map((member) => [member.id, member]));
  return sortedSet(
    members.flatMap((member) => {
      const { namespace } = member;
      const owner = namespace.kind === 'shared' ? byId.get(namespace.with ?? '') : member;
      if (namespace.kind === 'host') return ['host'];
      return (owner ?? member).attachments.map(({ network }) => network);
    }),
  );
}

/** Ways from any container of one to any of the other; replicas of one service are asked about each other. */
export function waysBetween(
  model: Model,
  from: ServiceGroup | Endpoint,
  to: ServiceGroup | Endpoint,
  port?: PortRef,
): readonly Way[] {
  const ways: Way[] = [];
  for (const source of endsOf(from)) {
    for (const target of endsOf(to)) {
      if (source.kind === 'member' && target.kind === 'member' && source.id === target.id) continue;
      ways.push(...model.ways({ from: source, to: target, port }));
    }
  }
  return ways;
}

export function endsOf(end: ServiceGroup | Endpoint): readonly Endpoint[] {
  return 'members' in end ? end.members.map(({ id }) => ({ kind: 'member' as const, id })) : [end];
}
