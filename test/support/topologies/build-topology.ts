import type Docker from 'dockerode';
import { OURS } from '../../../src/model/labels.ts';
import type { ContainerPlan, NetworkPlan, TopologyPlan } from './random-topology.ts';

/** Whose objects they are, so that they are found again. */
export interface Builder {
  readonly docker: Docker;
  readonly instance: string;
  readonly stack: string;
  readonly image: string;
}

/** Makes the networks and starts the containers of a plan; the networks' names on the engine. */
export async function buildTopology(builder: Builder, plan: TopologyPlan): Promise<readonly string[]> {
  // One at a time: 20.10 gives two that are made at once the same subnet.
  for (const network of plan.networks) await makeNetwork(builder, network);
  const owners = plan.containers.filter(
    ({ namespace }) => typeof namespace !== 'object' || 'length' in namespace,
  );
  const guests = plan.containers.filter((each) => !owners.includes(each));
  await Promise.all(owners.map((each) => makeContainer(builder, plan, each)));
  await Promise.all(guests.map((each) => makeContainer(builder, plan, each)));
  return plan.networks.map(({ name }) => nameOf(builder, name));
}

/** Removes what `buildTopology` made, and whatever hangs on it. */
export async function removeTopology(builder: Builder): Promise<void> {
  const filters = { label: [`${OURS.instance}=${builder.instance}`] };
  const containers = await builder.docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(({ Id }) => builder.docker.getContainer(Id).remove({ force: true, v: true })),
  );
  const networks = await builder.docker.listNetworks({ filters });
  await Promise.all(networks.map(({ Id }) => builder.docker.getNetwork(Id).remove()));
}

const nameOf = ({ stack }: Builder, name: string): string => `${stack}_${name}`;

function labelsOf({ instance, stack }: Builder, service?: string): Record<string, string> {
  const who = { [OURS.instance]: instance, [OURS.stack]: stack };
  return service === undefined ? who : { ...who, [OURS.service]: service, [OURS.ordinal]: '1' };
}

async function makeNetwork(builder: Builder, network: NetworkPlan): Promise<void> {
  const prefix = 'com.docker.network.bridge';
  await builder.docker.createNetwork({
    Name: nameOf(builder, network.name),
    CheckDuplicate: true,
    Internal: network.internal,
    Labels: labelsOf(builder),
    Options: {
      ...(network.icc ? {} : { [`${prefix}.enable_icc`]: 'false' }),
      ...(network.masquerade ? {} : { [`${prefix}.enable_ip_masquerade`]: 'false' }),
      ...(network.gatewayMode === undefined ? {} : { [`${prefix}.gateway_mode_ipv4`]: network.gatewayMode }),
    },
    ...(network.ipv6 === undefined
      ? {}
      : { EnableIPv6: true, IPAM: { Driver: 'default', Config: [{ Subnet: `${network.ipv6}/64` }] } }),
  });
}

async function makeContainer(builder: Builder, plan: TopologyPlan, container: ContainerPlan): Promise<void> {
  const { docker, image } = builder;
  const { namespace } = container;
  const isOwn = Array.isArray(namespace);
  const networks = isOwn ? namespace.map((index) => networkOf(builder, plan, index)) : [];
  const [first] = networks;
  // Whoever shares a network stack listens on a port of its own there.
  const port = portOf(plan, container);
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { hostIp, hostPort, protocol } of container.publications) {
    bindings[`${port}/${protocol}`] = [{ HostIp: hostIp, HostPort: String(hostPort) }];
  }
  const created = await docker.createContainer({
    name: nameOf(builder, container.name),
    Image: image,
    Cmd: ['httpd', '-f', '-p', String(port), '-h', '/srv'],
    Labels: labelsOf(builder, container.name),
    StopSignal: 'SIGKILL',
    // Whoever shares a network stack may expose nothing.
    ...(isOwn ? { ExposedPorts: { [`${port}/tcp`]: {}, [`${port}/udp`]: {} } } : {}),
    HostConfig: { NetworkMode: modeOf(builder, plan, container, first?.name), PortBindings: bindings },
    ...(first === undefined || first.name === 'bridge'
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [first.name]: endpointOf(container, plan, first) } } }),
  });
  for (const network of networks.slice(1)) {
    await docker
      .getNetwork(network.name)
      .connect({ Container: created.id, EndpointConfig: endpointOf(container, plan, network) });
  }
  await created.start();
}

/** What a container listens on. */
export function portOf(plan: TopologyPlan, container: ContainerPlan): number {
  return plan.port + plan.containers.indexOf(container);
}

interface NetworkName {
  readonly name: string;
  readonly ipv6: string | undefined;
}

function networkOf(builder: Builder, plan: TopologyPlan, index: number): NetworkName {
  const network = plan.networks[index];
  return network === undefined
    ? { name: 'bridge', ipv6: undefined }
    : { name: nameOf(builder, network.name), ipv6: network.ipv6 };
}

/** With an address of its own in IPv6: the engine tells only those that were asked for. */
function endpointOf(container: ContainerPlan, plan: TopologyPlan, { ipv6 }: NetworkName) {
  const index = plan.containers.indexOf(container);
  return {
    Aliases: [`alias-${container.name}`],
    ...(ipv6 === undefined ? {} : { IPAMConfig: { IPv6Address: `${ipv6}${(index + 16).toString(16)}` } }),
  };
}

function modeOf(
  builder: Builder,
  plan: TopologyPlan,
  { namespace }: ContainerPlan,
  first: string | undefined,
): string {
  if (typeof namespace === 'string') return namespace;
  if ('sharedWith' in namespace)
    return `container:${nameOf(builder, plan.containers[namespace.sharedWith]?.name ?? '')}`;
  return first ?? 'none';
}
