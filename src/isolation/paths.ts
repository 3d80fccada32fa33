import { type ServiceGroup, servicesOf, waysBetween } from './services.ts';
import type { Model, Via } from './verdict.ts';

/** Something that can be reached from a service that somebody else has taken over. */
export interface Path {
  /** A service, `host` or `internet`. */
  readonly to: string;
  /** The first one is what was asked about; the last one is `to`. */
  readonly hops: readonly string[];
  /** How the last hop goes. */
  readonly via: Via;
  readonly network: string | undefined;
  /** Of the last hop; empty: all. */
  readonly ports: readonly string[];
}

/**
 * The blast radius: what a service reaches by itself, and what by way of others, should they fall too. Breadth first, so
 * that each is there by its shortest way. Nobody is followed through the host: who has that has everything.
 */
export function pathsFrom(model: Model, name: string): readonly Path[] {
  const groups = servicesOf(model.topology);
  const start = groups.find((group) => group.name === name);
  if (start === undefined) return [];
  const targets: readonly Target[] = [
    ...groups.filter((group) => group !== start).map((end) => ({ end, label: end.name })),
    { end: { kind: 'host' as const }, label: 'host' },
    { end: { kind: 'outside' as const }, label: 'internet' },
  ];
  const found = new Map<string, Path>();
  let front: readonly Reached[] = [{ group: start, hops: [name] }];
  while (front.length > 0) front = front.flatMap((from) => advance(model, from, targets, found));
  return [...found.values()];
}

interface Target {
  readonly end: Parameters<typeof waysBetween>[2];
  readonly label: string;
}

/** Takes in what is reached from here and was not before; answers from where to go on. */
function advance(
  model: Model,
  from: Reached,
  targets: readonly Target[],
  found: Map<string, Path>,
): readonly Reached[] {
  return targets.flatMap(({ end, label }) => {
    const path = found.has(label) ? undefined : step(model, from, end, label);
    if (path === undefined) return [];
    found.set(label, path);
    return 'members' in end ? [{ group: end, hops: path.hops }] : [];
  });
}

interface Reached {
  readonly group: ServiceGroup;
  readonly hops: readonly string[];
}

function step(
  model: Model,
  { group, hops }: Reached,
  to: Parameters<typeof waysBetween>[2],
  label: string,
): Path | undefined {
  const ways = waysBetween(model, group, to);
  const way = ways.find(({ ports }) => ports === 'all') ?? ways[0];
  if (way === undefined) return undefined;
  const all = ways.some(({ ports }) => ports === 'all');
  const ports = all
    ? []
    : ways.flatMap(({ ports: some }) => (some === 'all' ? [] : some)).map(({ port }) => port);
  return {
    to: label,
    hops: [...hops, label],
    via: way.via,
    network: way.network,
    ports: [...new Set(ports)].sort((left, right) => left - right).map(String),
  };
}
