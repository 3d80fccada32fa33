import type { Resources, RestartPolicy } from '../../model/container.ts';
import { COMPOSE, OURS } from '../../model/labels.ts';
import { containerId, imageId, networkId } from '../../model/names.ts';
import type {
  ObservedAttachment,
  ObservedContainer,
  ObservedHealth,
  ObservedMount,
  Owned,
  PublishedPort,
} from '../../model/observed.ts';
import { explained } from './failures.ts';
import { ownerOf } from './ownership.ts';
import type {
  WireContainer,
  WireEndpoint,
  WireHostConfig,
  WireImage,
  WirePortMap,
  WireState,
} from './wire.ts';
import { containerState, filled, hasTest, integer, timeMs, withoutSlash } from './wire-values.ts';

const MAX_HEALTH_OUTPUT_CHARS = 300;
/** The engine's own defaults for a healthcheck that names none (Engine API, HealthConfig). */
const DEFAULT_HEALTH_MS = 30_000;
const NS_PER_MS = 1e6;

/** What is known of a container besides its inspect. */
export interface ContainerContext {
  readonly instance: string;
  readonly imageConfig: NonNullable<WireImage['Config']>;
  readonly imageDigests: readonly string[];
  readonly staleBinds: readonly string[];
}

/** An inspected container in the model's words, with the differences between engine versions taken out. */
export function observedContainer(wire: WireContainer, context: ContainerContext): ObservedContainer {
  const host = wire.HostConfig ?? {};
  return {
    ...identity(wire, context),
    ...life(wire, wire.State ?? {}),
    ...healthcheck(wire),
    ...namespaces(host),
    attachments: attachments(wire),
    mounts: mounts(wire),
    resources: resources(host),
    restartPolicy: restartPolicy(host),
    ports: publishedPorts(wire.NetworkSettings?.Ports),
    wantedPorts: publishedPorts(host.PortBindings),
    staleBinds: context.staleBinds,
    imageDigests: context.imageDigests,
    madeFrom: {
      config: wire.Config ?? {},
      host,
      image: context.imageConfig,
    },
  };
}

type Identity = 'id' | 'name' | 'service' | 'ordinal' | 'specHash' | 'imageRef' | 'imageId' | 'labels';

function identity(wire: WireContainer, context: ContainerContext): Owned & Pick<ObservedContainer, Identity> {
  const labels = wire.Config?.Labels ?? {};
  return {
    ...ownerOf(labels, context.imageConfig.Labels ?? {}, context.instance),
    id: containerId(wire.Id),
    name: withoutSlash(wire.Name ?? ''),
    service: labels[OURS.service] ?? labels[COMPOSE.service],
    ordinal: integer(labels[OURS.ordinal] ?? labels[COMPOSE.containerNumber]),
    specHash: labels[OURS.specHash],
    imageRef: wire.Config?.Image ?? '',
    imageId: imageId(wire.Image ?? ''),
    labels,
  };
}

type Life =
  | 'restartCount'
  | 'state'
  | 'exitCode'
  | 'error'
  | 'oomKilled'
  | 'createdAtMs'
  | 'startedAtMs'
  | 'finishedAtMs';

function life(wire: WireContainer, state: WireState): Pick<ObservedContainer, Life> {
  return {
    state: containerState(state.Status),
    exitCode: state.ExitCode ?? 0,
    error: explained(state.Error ?? ''),
    oomKilled: state.OOMKilled ?? false,
    createdAtMs: timeMs(wire.Created) ?? 0,
    startedAtMs: timeMs(state.StartedAt),
    finishedAtMs: timeMs(state.FinishedAt),
    restartCount: wire.RestartCount ?? 0,
  };
}

type Healthcheck = 'health' | 'healthIntervalMs' | 'healthTimeoutMs' | 'hasHealthcheck';

function healthcheck(wire: WireContainer): Pick<ObservedContainer, Healthcheck> {
  const check = wire.Config?.Healthcheck;
  return {
    health: health(wire.State ?? {}),
    healthIntervalMs: durationMs(check?.Interval),
    healthTimeoutMs: durationMs(check?.Timeout),
    hasHealthcheck: hasTest(check?.Test),
  };
}

type Namespaces = 'networkMode' | 'ipcMode' | 'pidMode' | 'volumesFrom';

function namespaces(host: WireHostConfig): Pick<ObservedContainer, Namespaces> {
  return {
    // 20.10 says `default`, 28 says `bridge`: the same network.
    networkMode: host.NetworkMode === 'default' ? 'bridge' : (host.NetworkMode ?? ''),
    ipcMode: host.IpcMode ?? '',
    pidMode: host.PidMode ?? '',
    volumesFrom: host.VolumesFrom ?? [],
  };
}

function health(state: WireState): ObservedHealth | undefined {
  const status = state.Health?.Status;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return undefined;
  const last = state.Health?.Log?.at(-1);
  return {
    status,
    failingStreak: state.Health?.FailingStreak ?? 0,
    lastProbeAtMs: timeMs(last?.End),
    output: (last?.Output ?? '').trim().slice(0, MAX_HEALTH_OUTPUT_CHARS),
  };
}

function attachments(wire: WireContainer): ObservedAttachment[] {
  return Object.entries(wire.NetworkSettings?.Networks ?? {})
    .map(([name, endpoint]) => attachment(wire.Id, name, endpoint))
    .sort((left, right) => (left.networkName < right.networkName ? -1 : 1));
}

function attachment(ownId: string, networkName: string, endpoint: WireEndpoint): ObservedAttachment {
  const ipam = endpoint.IPAMConfig ?? {};
  // Up to API 1.44 the engine adds the container's own short id to its aliases.
  const aliases = (endpoint.Aliases ?? []).filter((alias) => alias !== ownId.slice(0, 12));
  return {
    networkId: filled(endpoint.NetworkID) ? networkId(endpoint.NetworkID) : undefined,
    networkName,
    address: filled(endpoint.IPAddress) ? endpoint.IPAddress : undefined,
    aliases: [...new Set(aliases)].sort(),
    linkLocalIps: ipam.LinkLocalIPs ?? [],
    driverOpts: endpoint.DriverOpts ?? {},
    ...(filled(ipam.IPv4Address) ? { ipv4Address: ipam.IPv4Address } : {}),
    ...(filled(ipam.IPv6Address) ? { ipv6Address: ipam.IPv6Address } : {}),
    ...(filled(endpoint.MacAddress) ? { macAddress: endpoint.MacAddress } : {}),
    ...(endpoint.GwPriority === undefined || endpoint.GwPriority === 0
      ? {}
      : { gwPriority: endpoint.GwPriority }),
  };
}

function mounts(wire: WireContainer): ObservedMount[] {
  return (wire.Mounts ?? []).map((mount) => ({
    type: mount.Type ?? '',
    name: filled(mount.Name) ? mount.Name : undefined,
    source: mount.Source ?? '',
    target: mount.Destination ?? '',
    readOnly: mount.RW === false,
  }));
}

const RESOURCES = [
  'Memory',
  'MemoryReservation',
  'MemorySwap',
  'NanoCpus',
  'CpuShares',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'PidsLimit',
  'BlkioWeight',
] as const satisfies readonly (keyof Resources)[];

/** Only what is limited: 0, empty and null read back for what was never set; -1 pids are no limit either. */
function resources(host: WireHostConfig): Resources {
  const set = RESOURCES.flatMap((field) => {
    const value = host[field];
    const unset = value === undefined || value === null || value === 0 || value === '';
    return unset || (field === 'PidsLimit' && value === -1) ? [] : [[field, value] as const];
  });
  return Object.fromEntries(set);
}

/** 20.10 reads back "" for a policy that was never given, 28 reads back "no". */
function restartPolicy(host: WireHostConfig): RestartPolicy {
  const name = host.RestartPolicy?.Name;
  const known = name === 'always' || name === 'unless-stopped' || name === 'on-failure' ? name : 'no';
  return { Name: known, MaximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0 };
}

function publishedPorts(map: WirePortMap | null | undefined): PublishedPort[] {
  return Object.entries(map ?? {}).flatMap(([key, bindings]) => {
    const [port = '', protocol = 'tcp'] = key.split('/');
    return (bindings ?? []).map((binding) => ({
      hostIp: binding.HostIp ?? '',
      hostPort: binding.HostPort ?? '',
      containerPort: Number(port),
      protocol,
    }));
  });
}

function durationMs(ns: number | undefined): number {
  return ns === undefined || ns === 0 ? DEFAULT_HEALTH_MS : ns / NS_PER_MS;
}
