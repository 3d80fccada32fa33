import { compareText, sortedSet } from '../desired/defined.ts';
import type { DesiredContainer, DesiredNetwork, DesiredStack } from '../model/desired.ts';
import { traitsOf } from './network-traits.ts';
import { hostPortOf, knownPorts, portRef, portsInCommand } from './ports.ts';
import type {
  Attachment,
  EngineTraits,
  KnownPort,
  Member,
  Namespace,
  NetworkNode,
  Publication,
  Topology,
} from './topology.ts';

/** A stack as it is wanted, with what its manifest says about it as a whole. */
export interface DeclaredMembership {
  readonly desired: DesiredStack;
  /** `metadata.labels`. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface DeclaredInput {
  readonly stacks: readonly DeclaredMembership[];
  /**
   * What else is on the engine, from `observedTopology`: external networks as they are, and containers that belong to
   * none of the stacks. Undefined: nothing is known of it.
   */
  readonly surroundings: Topology | undefined;
  readonly engine: EngineTraits;
}

/** Who could talk to whom if all of these stacks ran as their manifests say. */
export function declaredTopology({ stacks, surroundings, engine }: DeclaredInput): Topology {
  const names = new Set<string>(stacks.map(({ desired }) => desired.name));
  const foreign = (surroundings?.members ?? []).filter(
    ({ stack }) => stack === undefined || !names.has(stack),
  );
  const own = stacks.flatMap((stack) => membersOf(stack, stacks));
  return {
    origin: 'declared',
    engine,
    members: [...own, ...foreign].sort((left, right) => compareText(left.id, right.id)),
    networks: networksOf(stacks, surroundings, { own, engine }),
  };
}

/** How a container of a stack is called in a topology. */
export const memberId = (stack: string, service: string, ordinal: number): string =>
  `${stack}/${service}/${ordinal}`;

function membersOf(
  { desired, labels }: DeclaredMembership,
  stacks: readonly DeclaredMembership[],
): readonly Member[] {
  const names = new Map(desired.networks.map(({ key, name }) => [key, name]));
  return desired.services.flatMap(({ name: service, containers }) =>
    containers.map(
      (container): Member => ({
        id: memberId(desired.name, service, container.ordinal),
        name: container.name,
        stack: desired.name,
        service,
        ordinal: container.ordinal,
        labels: { ...labels, ...container.config.Labels },
        containerId: undefined,
        state: 'running',
        health: undefined,
        namespace: namespaceOf(container, desired, stacks),
        attachments: attachmentsOf(container, names),
        publications: publicationsOf(container),
        listens: listensOf(container),
      }),
    ),
  );
}

function namespaceOf(
  { networkMode: mode, ordinal }: DesiredContainer,
  desired: DesiredStack,
  stacks: readonly DeclaredMembership[],
): Namespace {
  if (mode.kind === 'host' || mode.kind === 'none') return { kind: mode.kind };
  if (mode.kind !== 'shared') return { kind: 'own' };
  const { with: other } = mode;
  if (other.kind === 'service') {
    const there = desired.services.find(({ name }) => name === other.service)?.containers ?? [];
    const one = there.find((each) => each.ordinal === ordinal) ?? there[0];
    const id = one === undefined ? undefined : memberId(desired.name, other.service, one.ordinal);
    return { kind: 'shared', with: id };
  }
  for (const { desired: stack } of stacks) {
    for (const { name, containers } of stack.services) {
      const one = containers.find((each) => each.name === other.name);
      if (one !== undefined) return { kind: 'shared', with: memberId(stack.name, name, one.ordinal) };
    }
  }
  // A container of nobody's is called by its name.
  return { kind: 'shared', with: other.name };
}

function attachmentsOf(
  { networkMode, endpoints, name, host }: DesiredContainer,
  names: ReadonlyMap<string, string>,
): readonly Attachment[] {
  if (networkMode.kind === 'bridge') {
    return [{ network: 'bridge', addresses: [], aliases: [name], gwPriority: 0, links: host.Links ?? [] }];
  }
  return endpoints.map((endpoint) => ({
    network: names.get(endpoint.network) ?? endpoint.network,
    addresses: [endpoint.ipv4Address, endpoint.ipv6Address].filter((address) => address !== undefined),
    aliases: sortedSet([...endpoint.aliases, name]),
    gwPriority: endpoint.gwPriority ?? 0,
    links: [],
  }));
}

function publicationsOf({ host }: DesiredContainer): readonly Publication[] {
  return Object.entries(host.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const port = portRef(key);
    if (port === undefined) return [];
    return bindings.map(({ HostIp, HostPort }) => ({
      hostIp: HostIp,
      hostPort: hostPortOf(HostPort),
      containerPort: port.port,
      protocol: port.protocol,
    }));
  });
}

function listensOf({ config, host }: DesiredContainer): readonly KnownPort[] {
  const published = Object.keys(host.PortBindings ?? {});
  const exposed = Object.keys(config.ExposedPorts ?? {});
  const of = (keys: readonly string[], source: KnownPort['source']) =>
    keys.flatMap((key) => {
      const port = portRef(key);
      return port === undefined ? [] : [{ ...port, source }];
    });
  return knownPorts([
    ...of(published, 'published'),
    ...of(exposed, 'exposed'),
    ...portsInCommand(config.Healthcheck?.Test ?? [], 'healthcheck'),
    ...portsInCommand([...(config.Entrypoint ?? []), ...(config.Cmd ?? [])], 'command'),
  ]);
}

interface Found {
  readonly own: readonly Member[];
  readonly engine: EngineTraits;
}

/** Those that a stack makes, those that are there already, and a guess for what nobody has said anything about. */
function networksOf(
  stacks: readonly DeclaredMembership[],
  surroundings: Topology | undefined,
  { own, engine }: Found,
): readonly NetworkNode[] {
  const keys = keysOf(stacks);
  const needed = new Set([
    ...keys.keys(),
    ...own.flatMap((member) => member.attachments.map((each) => each.network)),
  ]);
  const declared = stacks.flatMap(({ desired }) =>
    desired.networks
      .filter(({ external }) => !external)
      .map((network) => declaredNetwork(network, desired, engine)),
  );
  const declaring = new Set<string>(stacks.map(({ desired }) => desired.name));
  // What a stack made and wants no more is of no account, unless somebody refers to it.
  const there = (surroundings?.networks ?? []).filter(
    ({ name, stack }) => stack === undefined || !declaring.has(stack) || needed.has(name),
  );
  const guessed = [...needed].map((name) => guessedNetwork(name, engine));
  const found = new Map([...guessed, ...there, ...declared].map((network) => [network.name, network]));
  return [...found.values()]
    .map((network) => ({ ...network, keys: sortedSet([...network.keys, ...(keys.get(network.name) ?? [])]) }))
    .sort((left, right) => compareText(left.name, right.name));
}

/** What manifests call each network, by the engine's name of it. */
function keysOf(stacks: readonly DeclaredMembership[]): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { name, key } of stacks.flatMap(({ desired }) => desired.networks)) {
    keys.set(name, (keys.get(name) ?? new Set()).add(key));
  }
  return keys;
}

function declaredNetwork(
  network: DesiredNetwork,
  { name: stack }: DesiredStack,
  engine: EngineTraits,
): NetworkNode {
  return {
    name: network.name,
    stack,
    keys: [network.key],
    labels: network.labels,
    driver: network.driver,
    isDefaultBridge: false,
    internal: network.internal,
    ...traitsOf(network.driver, network.options, engine.apiVersion),
    enableIPv6: network.enableIPv6,
    attachable: network.attachable,
    subnets: network.pools.flatMap(({ subnet }) => subnet ?? []),
    gateways: network.pools.flatMap(({ gateway }) => gateway ?? []),
    isGuessed: false,
  };
}

function guessedNetwork(name: string, engine: EngineTraits): NetworkNode {
  return {
    name,
    stack: undefined,
    keys: [],
    labels: {},
    driver: 'bridge',
    isDefaultBridge: name === 'bridge',
    internal: false,
    ...traitsOf('bridge', {}, engine.apiVersion),
    enableIPv6: false,
    attachable: false,
    subnets: [],
    gateways: [],
    isGuessed: name !== 'bridge',
  };
}
