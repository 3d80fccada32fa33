import { compareText, sortedSet } from '../desired/defined.ts';
import type { Observed, ObservedContainer, ObservedNetwork, PublishedPort } from '../model/observed.ts';
import { memberId } from './declared.ts';
import { traitsOf } from './network-traits.ts';
import { hostPortOf, knownPorts, portRef, portsInCommand } from './ports.ts';
import type {
  Attachment,
  KnownPort,
  Member,
  Namespace,
  NetworkNode,
  Publication,
  Topology,
} from './topology.ts';

export interface ObservedInput {
  /** Of the whole engine: every container inspected. */
  readonly observed: Observed;
  /** `metadata.labels` of the stacks that are known, by name. */
  readonly stackLabels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Who can talk to whom on an engine, as it shows itself. */
export function observedTopology({ observed, stackLabels }: ObservedInput): Topology {
  const ids = idsOf(observed.containers);
  const members = observed.containers.map((container): Member => {
    const namespace = namespaceOf(container, observed.containers, ids);
    const isOwn = namespace.kind === 'own';
    return {
      id: ids.get(container.id) ?? container.name,
      name: container.name,
      stack: stackOf(container),
      service: stackOf(container) === undefined ? undefined : container.service,
      ordinal: container.ordinal ?? 1,
      labels: { ...stackLabels[stackOf(container) ?? ''], ...container.labels },
      containerId: container.id,
      state: container.state === 'running' || container.state === 'paused' ? 'running' : 'stopped',
      health: container.health?.status,
      namespace,
      attachments: isOwn ? attachmentsOf(container) : [],
      publications: isOwn ? publicationsOf(container) : [],
      listens: listensOf(container),
    };
  });
  const { apiVersion } = observed.engine;
  return {
    origin: 'observed',
    engine: { apiVersion },
    members: members.sort((left, right) => compareText(left.id, right.id)),
    networks: uniqueNetworks(observed.networks)
      .map((network) => networkOf(network, apiVersion))
      .sort((left, right) => compareText(left.name, right.name)),
  };
}

/** A project of docker compose is a stack to whoever looks; what is nobody's has no stack. */
const stackOf = ({ stack, project, service }: ObservedContainer): string | undefined =>
  service === undefined ? undefined : (stack ?? project);

/** While a container is replaced, two have the same place: the second is called by its own name. */
function idsOf(containers: readonly ObservedContainer[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const ids = new Map<string, string>();
  for (const container of containers.toSorted((left, right) => compareText(left.name, right.name))) {
    const stack = stackOf(container);
    const place =
      stack === undefined || container.service === undefined
        ? container.name
        : memberId(stack, container.service, container.ordinal ?? 1);
    const id = taken.has(place) ? container.name : place;
    taken.add(id);
    ids.set(container.id, id);
  }
  return ids;
}

function namespaceOf(
  { networkMode }: ObservedContainer,
  containers: readonly ObservedContainer[],
  ids: ReadonlyMap<string, string>,
): Namespace {
  if (networkMode === 'host' || networkMode === 'none') return { kind: networkMode };
  const other = /^container:(.+)$/.exec(networkMode)?.[1];
  if (other === undefined) return { kind: 'own' };
  const owner = containers.find(({ id, name }) => id === other || name === other);
  return { kind: 'shared', with: owner === undefined ? undefined : ids.get(owner.id) };
}

function attachmentsOf(container: ObservedContainer): readonly Attachment[] {
  const links = container.madeFrom.host['Links'];
  return container.attachments.map((attachment) => ({
    network: attachment.networkName,
    addresses: [attachment.address, attachment.ipv6Address].filter((address) => address !== undefined),
    aliases: sortedSet([...attachment.aliases, container.name]),
    gwPriority: attachment.gwPriority ?? 0,
    links: attachment.networkName === 'bridge' && Array.isArray(links) ? links.map(linkName) : [],
  }));
}

/** The engine tells a link as `/db:/web/alias`. */
function linkName(link: unknown): string {
  const [target = '', alias = target] = String(link).split(':');
  const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  return `${last(target)}:${last(alias)}`;
}

/** What is published now; of a container that does not run what it will publish. */
function publicationsOf({ state, ports, wantedPorts }: ObservedContainer): readonly Publication[] {
  const isUp = state === 'running' || state === 'paused';
  // A gateway that does not translate has no port on the host: 28 tells it as port 0.
  const told = isUp ? ports.filter(({ hostPort }) => hostPort !== '0' && hostPort !== '') : wantedPorts;
  const missing = isUp
    ? wantedPorts.filter((wanted) => !told.some((port) => isSameTarget(port, wanted)))
    : [];
  return [...told, ...missing].map(({ hostIp, hostPort, containerPort, protocol }) => ({
    hostIp,
    hostPort: hostPortOf(hostPort),
    containerPort,
    protocol,
  }));
}

const isSameTarget = (left: PublishedPort, right: PublishedPort): boolean =>
  left.containerPort === right.containerPort && left.protocol === right.protocol;

function listensOf({ madeFrom: { config }, wantedPorts }: ObservedContainer): readonly KnownPort[] {
  const exposed = Object.keys(asRecord(config['ExposedPorts']));
  return knownPorts([
    ...wantedPorts.map(({ containerPort: port, protocol }) => ({
      port,
      protocol,
      source: 'published' as const,
    })),
    ...exposed.flatMap((key) => {
      const port = portRef(key);
      return port === undefined ? [] : [{ ...port, source: 'exposed' as const }];
    }),
    ...portsInCommand(textsOf(asRecord(config['Healthcheck'])['Test']), 'healthcheck'),
    ...portsInCommand([...textsOf(config['Entrypoint']), ...textsOf(config['Cmd'])], 'command'),
  ]);
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

/** 20.10 can have several networks of one name; the newest is the one that was meant. */
function uniqueNetworks(networks: readonly ObservedNetwork[]): readonly ObservedNetwork[] {
  const byName = new Map<string, ObservedNetwork>();
  for (const network of networks.toSorted((left, right) => left.createdAtMs - right.createdAtMs)) {
    byName.set(network.name, network);
  }
  return [...byName.values()];
}

function networkOf(network: ObservedNetwork, apiVersion: string): NetworkNode {
  return {
    name: network.name,
    stack: network.stack ?? network.project,
    keys: network.key === undefined ? [] : [network.key],
    labels: network.labels,
    driver: network.driver,
    isDefaultBridge: network.name === 'bridge' && network.driver === 'bridge',
    internal: network.internal,
    ...traitsOf(network.driver, network.options, apiVersion),
    enableIPv6: network.enableIPv6,
    attachable: network.attachable,
    subnets: network.pools.flatMap(({ subnet }) => subnet ?? []),
    gateways: network.pools.flatMap(({ gateway }) => gateway ?? []),
    isGuessed: false,
  };
}
