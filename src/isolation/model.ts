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
  neighbourByRoute,
  outsideOverLan,
} from './host.ts';
import { namesBetween, overLan, overNetworks, overRoutes } from './networks.ts';
import { samePort } from './ports.ts';
import { fromContainer, fromHost, fromOutside } from './publishing.ts';
import { type Seat, seatingOf } from './seats.ts';
import type { Member, PortRef, Topology } from './topology.ts';
import type { Endpoint, Model, Question, Reason, Verdict, Way } from './verdict.ts';

/** The model of one topology: the networks are looked up once, and each question then costs little. */
export function modelOf(topology: Topology): Model {
  const surroundings = { topology, seating: seatingOf(topology) };
  return {
    topology,
    reach: (question) => answer(question, surroundings),
    ways: (question) => waysOf(question, surroundings),
  };
}

function waysOf(question: Question, surroundings: Surroundings): readonly Way[] {
  const from = endOf(question.from, surroundings);
  const to = endOf(question.to, surroundings);
  if (from === undefined || to === undefined) return [];
  if (from.member?.state === 'stopped' || to.member?.state === 'stopped') return [];
  return between(from, to, question.port, surroundings).ways.filter(({ ports }) =>
    leadsTo(ports, question.port),
  );
}

function answer(question: Question, surroundings: Surroundings): Verdict {
  const from = endOf(question.from, surroundings);
  const to = endOf(question.to, surroundings);
  if (from === undefined || to === undefined)
    return refused([closes('NotThere', { member: missing(question, surroundings) })]);
  const stopped = [from, to].flatMap(({ member }) => (member?.state === 'stopped' ? [member] : []));
  if (stopped.length > 0) return refused(stopped.map(({ id }) => closes('NotRunning', { member: id })));
  const found = between(from, to, question.port, surroundings);
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
}

function endOf(endpoint: Endpoint, { seating }: Surroundings): End | undefined {
  if (endpoint.kind !== 'member') return { kind: endpoint.kind, member: undefined, seat: { kind: 'host' } };
  const member = seating.member(endpoint.id);
  return member === undefined ? undefined : { kind: 'member', member, seat: seating.seat(member) };
}

function missing({ from, to }: Question, { seating }: Surroundings): string {
  const ids = [from, to].flatMap((end) => (end.kind === 'member' ? [end.id] : []));
  return ids.filter((id) => seating.member(id) === undefined).join(', ');
}

const refused = (reasons: readonly Reason[]): Verdict => ({ allowed: false, ways: [], names: [], reasons });

const leadsTo = (ports: 'all' | readonly PortRef[], port: PortRef | undefined): boolean =>
  ports === 'all' || port === undefined || ports.some((each) => samePort(each, port));

function between(from: End, to: End, port: PortRef | undefined, surroundings: Surroundings): Finding {
  const nowhere = [from, to].flatMap(({ member, seat }) => {
    if (member === undefined) return [];
    if (seat.kind === 'unknown') return [closes('NamespaceUnknown', { member: member.id })];
    return seat.kind === 'none' && from.member !== to.member
      ? [closes('NoNetwork', { member: member.id })]
      : [];
  });
  if (nowhere.length > 0) return closed(...nowhere);
  if (isOneSeat(from, to)) return byLoopback(from, to);
  if (from.kind === 'outside' || from.kind === 'neighbour') return fromAfar(from, to, port, surroundings);
  if (to.kind === 'outside' || to.kind === 'neighbour') return toAfar(from);
  return nearby(from, to, port);
}

/** Both ends on this host, and not on one network stack. */
function nearby(from: End, to: End, port: PortRef | undefined): Finding {
  const source = sittingOf(from);
  const target = sittingOf(to);
  if (target === undefined) return source === undefined ? NOTHING : containerToHost(source);
  if (source === undefined) return together([hostToContainer(target), fromHost(target, port)]);
  return together([
    overNetworks(source, target),
    overRoutes(source, target, port),
    overLan(source, target),
    fromContainer(source, target, port),
  ]);
}

function fromAfar(from: End, to: End, port: PortRef | undefined, { topology }: Surroundings): Finding {
  const target = sittingOf(to);
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
    fromOutside(target, { port, apiVersion, isNeighbour }),
  ]);
}

function toAfar(from: End): Finding {
  const source = sittingOf(from);
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

/** Undefined: on the network of the host. */
function sittingOf({ member, seat }: End): Sitting | undefined {
  return member === undefined || seat.kind !== 'own'
    ? undefined
    : { member, owner: seat.owner, joined: seat.joined };
}

function namesOf(from: End, to: End, surroundings: Surroundings): Pick<Verdict, 'names' | 'reasons'> {
  const target = sittingOf(to);
  if (isOneSeat(from, to)) return { names: ['localhost'], reasons: [] };
  const source = sittingOf(from);
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
