import { hasNoWayOut } from './gateways.ts';
import { endsOf, networksOfGroup, type ServiceGroup, servicesOf, waysBetween } from './services.ts';
import type { NetworkNode, Topology } from './topology.ts';
import type { Endpoint, Extent, Model } from './verdict.ts';

/**
 * How a row reaches a column. `all`: every port. `ports`: published ones alone. `none`: not at all. `self`: the same service
 * with one container, which there is nothing to ask about.
 */
export type Reach = Extent | 'self';

/** Who reaches whom: a row for each source, a column for each target. */
export interface Matrix {
  readonly origin: Topology['origin'];
  /** Services (`STACK/SERVICE`), after `outside` and `host`. */
  readonly rows: readonly string[];
  /** Services, then `host` and `internet`. */
  readonly columns: readonly string[];
  /** By row, by column. */
  readonly cells: readonly (readonly Reach[])[];
}

export interface MatrixOptions {
  /** Only services of these stacks; empty: all. */
  readonly stacks: readonly string[];
  /** With the containers of no stack. */
  readonly strangers: boolean;
}

/** Which service reaches which. */
export function serviceMatrix(model: Model, { stacks, strangers }: MatrixOptions): Matrix {
  const groups = servicesOf(model.topology).filter(({ stack }) =>
    stack === undefined ? strangers : stacks.length === 0 || stacks.includes(stack),
  );
  const ends = groups.map(endsOf);
  const outside: readonly Endpoint[] = [{ kind: 'outside' }];
  const host: readonly Endpoint[] = [{ kind: 'host' }];
  const sources = [outside, host, ...ends];
  const targets = [...ends, host, outside];
  return {
    origin: model.topology.origin,
    rows: ['outside', 'host', ...groups.map(({ name }) => name)],
    columns: [...groups.map(({ name }) => name), 'host', 'internet'],
    cells: sources.map((from) =>
      targets.map((to) => {
        if (from === to && from.length === 1) return 'self';
        return isElsewhere(from) && isElsewhere(to) ? 'self' : extentBetween(model, from, to);
      }),
    ),
  };
}

/** What stands outside of this program: the host and the world, of which nobody asks between themselves. */
const isElsewhere = ([end]: readonly Endpoint[]): boolean => end?.kind !== 'member';

/** The widest of all pairs; replicas of one service are asked about each other. */
function extentBetween(model: Model, from: readonly Endpoint[], to: readonly Endpoint[]): Extent {
  let widest: Extent = 'none';
  for (const source of from) {
    for (const target of to) {
      if (source === target) continue;
      const extent = model.extent({ from: source, to: target });
      if (extent === 'all') return 'all';
      if (extent === 'ports') widest = 'ports';
    }
  }
  return widest;
}

/** What one network lets another do. */
export interface NetworkCell {
  readonly reach: 'all' | 'some' | 'none';
  /** The services that reach across, by their networks or a published port, or that are reached (`outside`). */
  readonly by: readonly string[];
}

export interface NetworkMatrix {
  readonly origin: Topology['origin'];
  /** `outside`, then networks. */
  readonly rows: readonly string[];
  /** Networks, then `internet`. */
  readonly columns: readonly string[];
  readonly cells: readonly (readonly NetworkCell[])[];
}

/**
 * Which network's services reach which other network's, over that network: whoever is on both does, and whoever gets to
 * a port published there. A network to itself says whether its containers may talk to each other.
 */
export function networkMatrix(model: Model, { stacks, strangers }: MatrixOptions): NetworkMatrix {
  const { topology } = model;
  const groups = servicesOf(topology).filter(({ stack }) => strangers || stack !== undefined);
  const on = new Map<string, ServiceGroup[]>();
  for (const group of groups) {
    for (const name of networksOfGroup(group, topology)) on.set(name, [...(on.get(name) ?? []), group]);
  }
  const shown = topology.networks.filter(
    ({ name, stack }) =>
      (on.has(name) || stack !== undefined) &&
      (stacks.length === 0 ||
        (on.get(name) ?? []).some((group) => stacks.includes(group.stack ?? '')) ||
        stacks.includes(stack ?? '')),
  );
  const names = shown.map(({ name }) => name);
  const crossing = crossingsOf(model);
  return {
    origin: topology.origin,
    rows: ['outside', ...names],
    columns: [...names, 'internet'],
    cells: [
      [...shown.map((to) => reached(model, on.get(to.name) ?? [], to)), { reach: 'none', by: [] }],
      ...shown.map((from) => [
        ...shown.map((to) => across(crossing, { from, to, on })),
        outward(model, from, on.get(from.name) ?? []),
      ]),
    ],
  };
}

function reached(model: Model, there: readonly ServiceGroup[], to: NetworkNode): NetworkCell {
  const by = there.filter((group) =>
    waysBetween(model, { kind: 'outside' }, group).some(({ network }) => network === to.name),
  );
  return cell(by, there);
}

/** Over which networks one service reaches another. */
type Crossing = (source: ServiceGroup, target: ServiceGroup) => ReadonlySet<string | undefined>;

/** Each pair is asked about once, on however many networks the two are. */
function crossingsOf(model: Model): Crossing {
  const bySource = new Map<ServiceGroup, Map<ServiceGroup, ReadonlySet<string | undefined>>>();
  return (source, target) => {
    const found = bySource.get(source) ?? new Map<ServiceGroup, ReadonlySet<string | undefined>>();
    bySource.set(source, found);
    const over =
      found.get(target) ?? new Set(waysBetween(model, source, target).map(({ network }) => network));
    found.set(target, over);
    return over;
  };
}

interface Across {
  readonly from: NetworkNode;
  readonly to: NetworkNode;
  readonly on: ReadonlyMap<string, readonly ServiceGroup[]>;
}

function across(crossing: Crossing, { from, to, on }: Across): NetworkCell {
  if (from === to) return { reach: from.icc ? 'all' : 'none', by: [] };
  const sources = on.get(from.name) ?? [];
  const targets = on.get(to.name) ?? [];
  const by = sources.filter((source) =>
    targets.some((target) => target !== source && crossing(source, target).has(to.name)),
  );
  return cell(by, sources);
}

function outward(model: Model, from: NetworkNode, there: readonly ServiceGroup[]): NetworkCell {
  if (there.length === 0) return { reach: hasNoWayOut(from) || !from.masquerade ? 'none' : 'all', by: [] };
  const by = there.filter((group) =>
    waysBetween(model, group, { kind: 'outside' }).some(({ network }) => network === from.name),
  );
  return cell(by, there);
}

function cell(by: readonly ServiceGroup[], all: readonly ServiceGroup[]): NetworkCell {
  if (by.length === 0) return { reach: 'none', by: [] };
  return { reach: by.length === all.length ? 'all' : 'some', by: by.map(({ name }) => name) };
}
