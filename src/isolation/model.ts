import {
  closed,
  closes,
  type Finding,
  NOTHING,
  notes,
  opens,
  type Sitting,
  type Surroundings,
  together,
} from './finding.ts';
import {
  containerToHost,
  containerToOutside,
  hostToContainer,
  neighbourByPolicy,
  neighbourByRoute,
  outsideOverLan,
} from './host.ts';
import { filtersIPv6 } from './network-traits.ts';
import { namesBetween, overIpv6, overLan, overNetworks, overRoutes } from './networks.ts';
import { samePort } from './ports.ts';
import { fromContainer, fromHost, fromOutside, publishedOf } from './publishing.ts';
import { type Seat, seatingOf } from './seats.ts';
import type { Member, PortRef, Topology } from './topology.ts';
import type { Endpoint, Extent, Model, Question, Reason, Verdict, Way } from './verdict.ts';

/** The model of one topology: who sits where is found once, and each question then costs little. */
export function modelOf(topology: Topology): Model {
  const seating = seatingOf(topology);
  const ends = new Map(topology.members.map((member) => [member.id, endAt(member, seating.seat(member))]));
  const surroundings: Known = {
    topology,
    seating,
    filtersIPv6: filtersIPv6(topology.engine.apiVersion),
    end: (endpoint) => (endpoint.kind === 'member' ? ends.get(endpoint.id) : ELSEWHERE[endpoint.kind]),
  };
  return {
    topology,
    reach: (question) => answer(question, surroundings),
    ways: (question) => waysOf(question, surroundings),
    extent: (question) => extentOf(question, surroundings),
  };
}

interface Known extends Surroundings {
  readonly end: (endpoint: Endpoint) => End | undefined;
}

function waysOf(question: Question, surroundings: Known): readonly Way[] {
  const asked = rulesFor(question, surroundings);
  const ways = asked.flatMap((rule) => rule().ways);
  return ways.filter(({ ports }) => leadsTo(ports, question.port));
}

/** Asks no rule further once everything is open. */
function extentOf(question: Question, surroundings: Known): Extent {
  let widest: Extent = 'none';
  for (const rule of rulesFor(question, surroundings)) {
    for (const { ports } of rule().ways) {
      if (ports === 'all') return 'all';
      if (leadsTo(ports, question.port)) widest = 'ports';
    }
  }
  return widest;
}

/** None for ends that are not there, or do not run. */
function rulesFor({ from, to, port }: Question, surroundings: Known): readonly Rule[] {
  const source = surroundings.end(from);
  const target = surroundings.end(to);
  if (source === undefined || target === undefined) return [];
  if (source.member?.state === 'stopped' || target.member?.state === 'stopped') return [];
  return between(source, target, port, surroundings);
}

function answer(question: Question, surroundings: Known): Verdict {
  const from = surroundings.end(question.from);
  const to = surroundings.end(question.to);
  if (from === undefined || to === undefined)
    return refused([closes('NotThere', { member: missing(question, surroundings) })]);
  const stopped = [from, to].flatMap(({ member }) => (member?.state === 'stopped' ? [member] : []));
  if (stopped.length > 0) return refused(stopped.map(({ id }) => closes('NotRunning', { member: id })));
  const found = together(between(from, to, question.port, surroundings).map((rule) => rule()));
  const ways = found.ways.filter(({ ports }) => leadsTo(ports, question.port));
  const named = namesOf(from, to, surroundings);
  const listening = ways.length > 0 ? listenNotes(to.member, question.port) : [];
  return {
    allowed: ways.length > 0,
    ways,
    names: named.names,
    reasons: inOrder([...telling(found.reasons, ways.length > 0), ...named.reasons, ...listening]),
  };
}

/** One end, and where it sits. */
interface End {
  readonly kind: Endpoint['kind'];
  readonly member: Member | undefined;
  readonly seat: Seat;
  /** Undefined: on the network of the host, on none, or somewhere else. */
  readonly sitting: Sitting | undefined;
}

const endAt = (member: Member, seat: Seat): End => ({
  kind: 'member',
  member,
  seat,
  sitting: seat.kind === 'own' ? { ...seat, member, published: publishedOf(seat) } : undefined,
});

const afar = (kind: Endpoint['kind']): End => ({
  kind,
  member: undefined,
  seat: { kind: 'host' },
  sitting: undefined,
});

const ELSEWHERE = { host: afar('host'), outside: afar('outside'), neighbour: afar('neighbour') } as const;

function missing({ from, to }: Question, { seating }: Surroundings): string {
  const ids = [from, to].flatMap((end) => (end.kind === 'member' ? [end.id] : []));
  return ids.filter((id) => seating.member(id) === undefined).join(', ');
}

const refused = (reasons: readonly Reason[]): Verdict => ({ allowed: false, ways: [], names: [], reasons });

const leadsTo = (ports: 'all' | readonly PortRef[], port: PortRef | undefined): boolean =>
  ports === 'all' || port === undefined || ports.some((each) => samePort(each, port));

/** One way there could be; asked only as far as somebody wants to know. */
type Rule = () => Finding;

function between(from: End, to: End, port: PortRef | undefined, surroundings: Surroundings): readonly Rule[] {
  if (isNowhere(from, to) || isNowhere(to, from)) return [() => nowhere(from, to)];
  if (isOneSeat(from, to)) return [() => byLoopback(from, to)];
  if (from.kind === 'outside' || from.kind === 'neighbour') {
    return [() => fromAfar(from, to, port, surroundings)];
  }
  if (to.kind === 'outside' || to.kind === 'neighbour') return [() => toAfar(from)];
  return nearby(from.sitting, to.sitting, port, surroundings);
}

/** Whether an end has no network at all; with itself it talks even so. */
const isNowhere = ({ member, seat }: End, other: End): boolean =>
  seat.kind === 'unknown' || (seat.kind === 'none' && member !== other.member);

function nowhere(from: End, to: End): Finding {
  const reasons = [from, to].flatMap(({ member, seat }) => {
    if (member === undefined) return [];
    if (seat.kind === 'unknown') return [closes('NamespaceUnknown', { member: member.id })];
    return seat.kind === 'none' ? [closes('NoNetwork', { member: member.id })] : [];
  });
  return closed(...reasons);
}

/** Both ends on this host, and not on one network stack; undefined: on that of the host. */
function nearby(
  source: Sitting | undefined,
  target: Sitting | undefined,
  port: PortRef | undefined,
  { filtersIPv6: isFiltered }: Surroundings,
): readonly Rule[] {
  if (target === undefined) return source === undefined ? [] : [() => containerToHost(source)];
  if (source === undefined) return [() => hostToContainer(target), () => fromHost(target, port)];
  return [
    () => overNetworks(source, target),
    () => overRoutes(source, target, port),
    ...(isFiltered ? [] : [() => overIpv6(source, target)]),
    () => overLan(source, target),
    () => fromContainer(source, target, port, isFiltered),
  ];
}

function fromAfar(from: End, to: End, port: PortRef | undefined, { topology }: Surroundings): Finding {
  const target = to.sitting;
  const isNeighbour = from.kind === 'neighbour';
  const { apiVersion } = topology.engine;
  // What runs on the host's own network, the host itself, or another machine.
  if (target === undefined) {
    return {
      ways: [
        {
          via: 'direct',
          network: undefined,
          ports: 'all',
          dial: [{ host: 'HOST', port: undefined, hostPort: undefined }],
        },
      ],
      reasons: [opens('HostNamespace', { member: to.member?.id }), notes('HostFirewall')],
    };
  }
  return together([
    outsideOverLan(target),
    isNeighbour ? neighbourByRoute(target, port, apiVersion) : NOTHING,
    isNeighbour ? neighbourByPolicy(target, apiVersion) : NOTHING,
    fromOutside(target, { port, apiVersion, isNeighbour }),
  ]);
}

function toAfar(from: End): Finding {
  const source = from.sitting;
  if (source !== undefined) return containerToOutside(source);
  return {
    ways: [{ via: 'egress', network: undefined, ports: 'all', dial: [] }],
    reasons: [opens('HostNamespace', { member: from.member?.id })],
  };
}

function isOneSeat(from: End, to: End): boolean {
  if (
    from.kind === 'outside' ||
    from.kind === 'neighbour' ||
    to.kind === 'outside' ||
    to.kind === 'neighbour'
  )
    return false;
  if (from.member !== undefined && from.member === to.member) return true;
  if (from.seat.kind === 'own' && to.seat.kind === 'own') return from.seat.owner === to.seat.owner;
  return from.seat.kind === 'host' && to.seat.kind === 'host';
}

function byLoopback(from: End, to: End): Finding {
  const code =
    from.member === to.member
      ? 'SameMember'
      : from.seat.kind === 'host'
        ? 'HostNamespace'
        : 'SharedNamespace';
  return {
    ways: [
      {
        via: 'namespace',
        network: undefined,
        ports: 'all',
        dial: [{ host: '127.0.0.1', port: undefined, hostPort: undefined }],
      },
    ],
    reasons: [opens(code, { member: to.member?.id })],
  };
}

function namesOf(from: End, to: End, surroundings: Surroundings): Pick<Verdict, 'names' | 'reasons'> {
  const target = to.sitting;
  if (isOneSeat(from, to)) return { names: ['localhost'], reasons: [] };
  const source = from.sitting;
  if (source === undefined || target === undefined) return { names: [], reasons: [] };
  const found = namesBetween(source, target, surroundings);
  const isJoined = source.joined.some(({ network }) =>
    target.joined.some((there) => there.network === network),
  );
  const isNameless = isJoined && found.names.length === 0 && found.reasons.length === 0;
  return isNameless ? { names: [], reasons: [notes('NoNames', { member: to.member?.id })] } : found;
}

/** What is known of the target itself, beside the ways to it. */
function listenNotes(member: Member | undefined, port: PortRef | undefined): readonly Reason[] {
  if (member === undefined) return [];
  const sick = member.health === 'unhealthy' ? [notes('Unhealthy', { member: member.id })] : [];
  const isKnown = port === undefined || member.listens.some((each) => samePort(each, port));
  return isKnown ? sick : [...sick, notes('NotKnownToListen', { member: member.id, port })];
}

/** Where there is a way, it is no news that there could be another by publishing something. */
function telling(reasons: readonly Reason[], isReached: boolean): readonly Reason[] {
  if (!isReached) return reasons;
  return reasons.filter(({ code }) => code !== 'NotPublished' && code !== 'OtherPortPublished');
}

const ORDER = { opens: 0, closes: 1, notes: 2 } as const;

/** Each reason once; what opens first. */
function inOrder(reasons: readonly Reason[]): readonly Reason[] {
  const seen = new Set<string>();
  return reasons
    .filter((reason) => {
      const key = JSON.stringify(reason);
      return !seen.has(key) && seen.add(key) !== undefined;
    })
    .sort((left, right) => ORDER[left.effect] - ORDER[right.effect]);
}
