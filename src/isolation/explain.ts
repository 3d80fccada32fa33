import { sayChanges, sayReason, showEndpoint, showId } from './say.ts';
import { groupName, servicesOf } from './services.ts';
import type { Member, PortRef, Topology } from './topology.ts';
import type { Endpoint, Model, Reason, Verdict } from './verdict.ts';

/** An answer to `net explain A B[:port]`, for people and for programs. */
export interface Explanation {
  readonly from: string;
  readonly to: string;
  readonly port: PortRef | undefined;
  /** What the manifests say; undefined: there are none. */
  readonly declared: Part | undefined;
  /** What the engine shows; undefined: no daemon was asked. */
  readonly observed: Part | undefined;
  /** What the engine shows otherwise than the manifests. */
  readonly differences: readonly string[];
  readonly changes: readonly string[];
}

export interface Part {
  readonly allowed: boolean;
  readonly names: readonly string[];
  /** Where to connect to, `HOST:8080` among them. */
  readonly dial: readonly string[];
  readonly reasons: readonly Reason[];
  /** The same in words. */
  readonly words: readonly { readonly effect: Reason['effect']; readonly text: string }[];
}

export interface ExplainInput {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly port: PortRef | undefined;
  readonly declared: Model | undefined;
  readonly observed: Model | undefined;
}

/** Whether A reaches B, why, and what would change it: as it is wanted, as it is, and what of that differs. */
export function explain({ from, to, port, declared, observed }: ExplainInput): Explanation {
  const parts = [declared, observed].map((model) => model?.reach({ from, to, port }));
  const [wanted, seen] = parts;
  const decisive = seen ?? wanted;
  const ends = [from, to].flatMap((end) => (end.kind === 'member' ? [end.id] : []));
  const both = declared === undefined || observed === undefined ? undefined : { declared, observed };
  const differences = both === undefined ? [] : ends.flatMap((id) => differencesOf(id, both));
  const visits = both === undefined ? [] : ends.flatMap((id) => visitsOf(id, both));
  const isNameless =
    decisive?.allowed === true ? decisive.reasons.filter(({ effect }) => effect === 'notes') : undefined;
  return {
    from: showEndpoint(from),
    to: showEndpoint(to),
    port,
    declared: partOf(wanted),
    observed: partOf(seen),
    differences: [...new Set([...visits.map(({ says }) => says), ...differences])],
    changes: [
      ...new Set(visits.map(({ change }) => change)),
      ...(differences.length > 0
        ? ['`stackctl diff` shows what the daemon will repair, or why it does not']
        : []),
      ...sayChanges(isNameless ?? decisive?.reasons ?? []),
    ],
  };
}

function partOf(verdict: Verdict | undefined): Part | undefined {
  if (verdict === undefined) return undefined;
  const { allowed, names, ways, reasons } = verdict;
  const dial = ways.flatMap((way) =>
    way.dial.map(({ host, port, hostPort }) => `${host}${suffix(hostPort ?? port?.port)}`),
  );
  return {
    allowed,
    names,
    dial: [...new Set(dial)],
    reasons,
    words: reasons.map((reason) => ({ effect: reason.effect, text: sayReason(reason) })),
  };
}

const suffix = (port: number | undefined): string => (port === undefined ? '' : `:${port}`);

interface Both {
  readonly declared: Model;
  readonly observed: Model;
}

/** A container that no manifest knows, on a network of a stack: it reaches whoever is there, and nobody's pass removes it. */
function visitsOf(id: string, { declared, observed }: Both) {
  // What is declared has no container yet; what is there beside it is somebody else's.
  const isStranger = memberOf(declared.topology, id)?.containerId !== undefined;
  const seen = isStranger ? memberOf(observed.topology, id) : undefined;
  return (seen?.attachments ?? []).flatMap(({ network }) => {
    const stack = observed.topology.networks.find(({ name }) => name === network)?.stack;
    if (seen === undefined || stack === undefined || stack === seen.stack) return [];
    return [
      {
        says: `${showId(id)} is in no manifest, and is on ${network} of stack ${stack}`,
        change: `take it off, which the daemon does to nobody else's container: \`docker network disconnect ${network} ${seen.name}\``,
      },
    ];
  });
}

/** The debugging list: is it there, does it run, is it attached, has it its names, is it published, is it healthy? */
function differencesOf(id: string, { declared, observed }: Both): readonly string[] {
  const wanted = memberOf(declared.topology, id);
  const seen = memberOf(observed.topology, id);
  const name = showId(id);
  if (wanted === undefined) return seen === undefined ? [] : [`${name} is in no manifest`];
  if (seen === undefined) return [`${name} has no container`];
  const differences = wanted.attachments.flatMap((attachment) => {
    const there = seen.attachments.find(({ network }) => network === attachment.network);
    if (there === undefined) return [`${name} is not attached to ${attachment.network}`];
    const lost = attachment.aliases.filter((alias) => !there.aliases.includes(alias));
    return lost.map((alias) => `${name} has lost its name ${alias} on ${attachment.network}`);
  });
  const surplus = seen.attachments.filter(
    ({ network }) => !wanted.attachments.some((attachment) => attachment.network === network),
  );
  return [
    ...(seen.state === 'running' ? [] : [`${name} does not run`]),
    ...(seen.health === 'unhealthy' ? [`${name} is unhealthy`] : []),
    ...differences,
    ...(wanted.namespace.kind === 'own'
      ? surplus.map(({ network }) => `${name} is attached to ${network}, which no manifest gives it`)
      : []),
    ...publishedDifferences(wanted, seen, name),
    ...networkDifferences(wanted, declared.topology, observed.topology),
  ];
}

const memberOf = (topology: Topology, id: string): Member | undefined =>
  topology.members.find((member) => member.id === id);

function publishedDifferences(wanted: Member, seen: Member, name: string): readonly string[] {
  const keys = ({ publications }: Member) =>
    new Set(publications.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const there = keys(seen);
  const asked = keys(wanted);
  return [
    ...[...asked].filter((key) => !there.has(key)).map((key) => `${name} does not publish ${key}`),
    ...[...there]
      .filter((key) => !asked.has(key))
      .map((key) => `${name} publishes ${key}, which no manifest asks for`),
  ];
}

const COMPARED = ['driver', 'internal', 'icc', 'masquerade', 'gatewayMode4', 'enableIPv6'] as const;

function networkDifferences(member: Member, wanted: Topology, seen: Topology): readonly string[] {
  return member.attachments.flatMap(({ network }) => {
    const asked = wanted.networks.find(({ name }) => name === network);
    const there = seen.networks.find(({ name }) => name === network);
    if (there === undefined) return [`there is no network ${network}`];
    if (asked === undefined || asked.isGuessed) return [];
    return COMPARED.filter((field) => asked[field] !== there[field]).map(
      (field) => `network ${network} has ${field} ${String(there[field])}, not ${String(asked[field])}`,
    );
  });
}

/** What somebody may write for an end: a service, a replica, a container, `host`, `outside`, `internet`. */
export function findEnd(text: string, topologies: readonly Topology[]): Endpoint | readonly string[] {
  if (text === 'host') return { kind: 'host' };
  if (text === 'outside' || text === 'internet') return { kind: 'outside' };
  if (text === 'neighbour') return { kind: 'neighbour' };
  const members = topologies.flatMap((topology) => topology.members);
  const byName = members.filter((member) => isCalled(member, text));
  const groups = [...new Set(byName.map(groupName))];
  const [first] = byName;
  if (first !== undefined && groups.length === 1) return { kind: 'member', id: first.id };
  if (groups.length > 1) return groups;
  return topologies.flatMap((topology) => servicesOf(topology).map(({ name }) => name));
}

function isCalled(member: Member, text: string): boolean {
  if (member.id === text || member.name === text || groupName(member) === text) return true;
  return member.service === text || (member.service !== undefined && showId(member.id) === text);
}
