import type { Member, PortRef } from '../isolation/topology.ts';
import type { Endpoint, Model, Verdict } from '../isolation/verdict.ts';
import type { Judgement } from './judge.ts';
import type { Places } from './places.ts';
import type { ProbeList, Results, Source, Ticket } from './probe-list.ts';
import type { Cell, Finding } from './report.ts';

/** A port on which hardly anything listens: that it is refused shows that it was reached. */
export const SOME_PORT: PortRef = { port: 9, protocol: 'tcp' };

/** What is to be proved. */
export interface VerifyInput {
  readonly declared: Model;
  /** Of the same moment as the probes, as near as can be. */
  readonly observed: Model;
  /** Stacks whose services are sources or targets; those of other stacks of ours are the other ends. */
  readonly stacks: readonly string[];
  /** Stacks of ours: into their containers, and nobody else's, probes are sent. */
  readonly ours: readonly string[];
  /** Where `outside` is tried; undefined: only routes are looked at. */
  readonly outside: { readonly host: string; readonly port: number } | undefined;
}

/** A cell that still lacks what its probes will say. */
export interface PlannedCell extends Omit<Cell, 'probed' | 'differs' | 'detail'> {
  /** From where its probes are sent. */
  readonly source: Source;
  readonly judge: (results: Results) => Judgement;
}

export interface VerifyPlan {
  readonly cells: readonly PlannedCell[];
  readonly probes: ProbeList;
  readonly skipped: readonly string[];
}

/** Everything that the cells of one verification share. */
export interface Survey {
  readonly input: VerifyInput;
  readonly there: Places;
  readonly probes: ProbeList;
  /** Members of our stacks that run, by the engine. */
  readonly running: readonly Member[];
  readonly label: (member: Member) => string;
}

/** What the manifests say: nothing of a container that they do not know. */
export function declaredOf(
  { input }: Survey,
  from: Endpoint,
  to: Endpoint,
  port: PortRef | undefined,
): Verdict | undefined {
  const isKnown = (end: Endpoint) =>
    end.kind !== 'member' || input.declared.topology.members.some(({ id }) => id === end.id);
  return isKnown(from) && isKnown(to) ? input.declared.reach({ from, to, port }) : undefined;
}

export const findingOf = (verdict: Verdict | undefined): Finding =>
  verdict === undefined ? 'unknown' : verdict.allowed ? 'yes' : 'no';

export const end = ({ id }: Member): Endpoint => ({ kind: 'member', id });
export const HOST_END: Endpoint = { kind: 'host' };
export const portText = ({ port, protocol }: PortRef): string => `${port}/${protocol}`;
export const sourceOf = ({ containerId }: Member): Source => containerId ?? '';

/** Of what a member listens on, what can be tried; of one of which nothing is known, some port. */
export const portsOf = ({ listens }: Member): readonly PortRef[] =>
  listens.length === 0
    ? [SOME_PORT]
    : listens
        .filter(({ protocol }) => protocol === 'tcp' || protocol === 'udp')
        .map(({ port, protocol }) => ({ port, protocol }));

export type Try = { readonly where: string; readonly protocol: string; readonly ticket: Ticket };

/** Has one port of one address tried. */
export function ask(survey: Survey, source: Source, host: string, { port, protocol }: PortRef): Try {
  const kind = protocol === 'udp' ? 'udp' : 'tcp';
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return { where, protocol, ticket: survey.probes.ask(source, { kind, host, port }) };
}

/** A name of a port that was only tried for want of a better one is not shown. */
export const shownPort = (member: Member, port: PortRef): string =>
  member.listens.length === 0 ? '' : portText(port);
