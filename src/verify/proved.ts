import { portRef, samePort } from '../isolation/ports.ts';
import { showId } from '../isolation/say.ts';
import type { PortRef } from '../isolation/topology.ts';
import type { Endpoint, Extent, Model, Question, Reason, Verdict, Way } from '../isolation/verdict.ts';
import { HOST } from './probe-list.ts';
import type { Cell, CellKind } from './report.ts';

/** Of what a container does as a source; how it is reached from the host is asked about in another way than rules mean it. */
const KINDS: ReadonlySet<CellKind> = new Set(['service', 'gateway', 'outside']);

/** What a probe said of one port; undefined: of any. */
interface Answer {
  readonly port: PortRef | undefined;
  readonly isOpen: boolean;
}

/**
 * A model of what probes found: what was tried counts as it came out, and of everything else what the engine shows. So a
 * rule is broken by a way that is open although nothing on the engine says so, such as by a route or a filter of the host.
 */
export function provedModel(observed: Model, cells: readonly Cell[]): Model {
  const answers = answersOf(cells);
  const reach = (question: Question): Verdict => {
    const verdict = observed.reach(question);
    const found = answers.get(keyOf(labelOf(question.from), labelOf(question.to))) ?? [];
    const { port } = question;
    const meant =
      port === undefined
        ? found
        : found.filter((each) => each.port === undefined || samePort(each.port, port));
    return meant.length === 0 ? verdict : corrected(verdict, meant);
  };
  const isTried = ({ from, to }: Question): boolean => answers.has(keyOf(labelOf(from), labelOf(to)));
  return {
    topology: observed.topology,
    reach,
    ways: (question) => (isTried(question) ? reach(question).ways : observed.ways(question)),
    extent: (question) => (isTried(question) ? extentOf(reach(question).ways) : observed.extent(question)),
  };
}

function extentOf(ways: readonly Way[]): Extent {
  if (ways.length === 0) return 'none';
  return ways.some(({ ports }) => ports === 'all') ? 'all' : 'ports';
}

function answersOf(cells: readonly Cell[]): ReadonlyMap<string, readonly Answer[]> {
  const answers = new Map<string, Answer[]>();
  for (const { kind, from, to, what, probed } of cells) {
    if (!KINDS.has(kind) || probed === 'unknown') continue;
    const key = keyOf(from, to);
    const there = answers.get(key) ?? [];
    answers.set(key, there);
    there.push({ port: kind === 'service' ? portRef(what) : undefined, isOpen: probed === 'yes' });
  }
  return answers;
}

const keyOf = (from: string, to: string): string => `${from} ${to}`;

const labelOf = (end: Endpoint): string =>
  end.kind === 'member' ? showId(end.id) : end.kind === 'host' ? HOST : end.kind;

function corrected(verdict: Verdict, answers: readonly Answer[]): Verdict {
  const open = answers.filter(({ isOpen }) => isOpen);
  const shut = answers.filter(({ isOpen }) => !isOpen);
  const left = shut.length === 0 ? verdict.ways : verdict.ways.flatMap((way) => narrowed(way, open, shut));
  const unseen = open.filter(({ port }) => !left.some((way) => leadsTo(way, port)));
  const lost = shut.filter(({ port }) => verdict.ways.some((way) => leadsTo(way, port)));
  const ways = [...left, ...unseen.map(({ port }) => wayTo(port))];
  const reasons: readonly Reason[] = [
    ...unseen.map(({ port }): Reason => ({ code: 'ProbePassed', effect: 'opens', port })),
    ...lost.map(({ port }): Reason => ({ code: 'ProbeFailed', effect: 'closes', port })),
    ...verdict.reasons,
  ];
  return { ...verdict, allowed: ways.length > 0, ways, reasons };
}

/** Where one port does not answer, a way stands for those alone that did. */
function narrowed(way: Way, open: readonly Answer[], shut: readonly Answer[]): readonly Way[] {
  if (shut.some(({ port }) => port === undefined)) return [];
  const ports =
    way.ports === 'all'
      ? open.flatMap(({ port }) => port ?? [])
      : way.ports.filter((port) => !shut.some((each) => isOf(port, each.port)));
  return ports.length === 0 ? [] : [{ ...way, ports }];
}

const leadsTo = ({ ports }: Way, port: PortRef | undefined): boolean =>
  ports === 'all' || port === undefined || ports.some((each) => samePort(each, port));

const isOf = (one: PortRef, other: PortRef | undefined): boolean =>
  other === undefined || samePort(one, other);

const wayTo = (port: PortRef | undefined): Way => ({
  via: 'network',
  network: undefined,
  ports: port === undefined ? 'all' : [port],
  dial: [],
});
