import type { EndpointSettings, Resources, RestartPolicy } from '../model/container.ts';
import type { DesiredContainer, DesiredNetwork, DesiredVolume, IpamPool } from '../model/desired.ts';
import type {
  ObservedAttachment,
  ObservedContainer,
  ObservedNetwork,
  ObservedVolume,
} from '../model/observed.ts';
import type { FieldChange } from '../model/plan.ts';

/**
 * The closed list of what can differ behind our back, field by field. Only fields that the manifest sets are
 * compared, since the engine fills in the rest (and 20.10 and 28 fill it in differently). What a container is
 * made from cannot change after its creation, so there the spec hash is to be trusted.
 */

const text = (value: unknown): string =>
  value === undefined || value === '' ? '(unset)' : typeof value === 'string' ? value : JSON.stringify(value);

function change(path: string, from: unknown, to: unknown): FieldChange[] {
  const a = text(from);
  const b = text(to);
  return a === b ? [] : [{ path, from: a, to: b }];
}

/** Options that decide who may talk to whom: a surplus one is drift even when our hash is still on the network. */
const ISOLATION_OPTIONS = new Set([
  'com.docker.network.bridge.enable_icc',
  'com.docker.network.bridge.enable_ip_masquerade',
  'com.docker.network.bridge.gateway_mode_ipv4',
  'com.docker.network.bridge.gateway_mode_ipv6',
  'com.docker.network.bridge.inhibit_ipv4',
]);

/** Nothing of a network can be changed after its creation, so each change means replacing it. */
export function networkDrift(desired: DesiredNetwork, live: ObservedNetwork): readonly FieldChange[] {
  const changes = [
    ...change('driver', live.driver, desired.driver),
    ...change('internal', live.internal, desired.internal),
    ...change('attachable', live.attachable, desired.attachable),
    ...change('enable_ipv6', live.enableIPv6, desired.enableIPv6),
    ...(desired.enableIPv4 === undefined ? [] : change('enable_ipv4', live.enableIPv4, desired.enableIPv4)),
    ...optionDrift(desired, live),
    ...(desired.ipamDriver === 'default' ? [] : change('ipam.driver', live.ipamDriver, desired.ipamDriver)),
    ...mapDrift('ipam.options', desired.ipamOptions, live.ipamOptions),
    ...poolDrift(desired.pools, live.pools),
    ...mapDrift('labels', desired.labels, live.labels),
  ];
  if (changes.length > 0 || !sameHashVersion(desired.specHash, live.specHash)) return changes;
  return change('spec', live.specHash, desired.specHash);
}

function optionDrift(desired: DesiredNetwork, live: ObservedNetwork): readonly FieldChange[] {
  const wrong = mapDrift('driver_opts', desired.options, live.options);
  const surplus = Object.keys(live.options)
    .filter((key) => desired.options[key] === undefined && ISOLATION_OPTIONS.has(key))
    .flatMap((key) => change(`driver_opts.${key}`, live.options[key], undefined));
  return [...wrong, ...surplus];
}

function mapDrift(
  path: string,
  desired: Readonly<Record<string, string>>,
  live: Readonly<Record<string, string>>,
): readonly FieldChange[] {
  return Object.keys(desired)
    .sort()
    .flatMap((key) => change(`${path}.${key}`, live[key], desired[key]));
}

function poolDrift(desired: readonly IpamPool[], live: readonly IpamPool[]): readonly FieldChange[] {
  // Without a pool in the manifest the engine chose one, and would choose another next time.
  if (desired.length === 0) return [];
  const changes = desired.flatMap((pool, index) => {
    const twin = live.find((other) => other.subnet === pool.subnet) ?? live[index];
    const at = `ipam.config[${index}]`;
    return [
      ...(pool.subnet === undefined ? [] : change(`${at}.subnet`, twin?.subnet, pool.subnet)),
      ...(pool.gateway === undefined ? [] : change(`${at}.gateway`, twin?.gateway, pool.gateway)),
      ...(pool.ipRange === undefined ? [] : change(`${at}.ip_range`, twin?.ipRange, pool.ipRange)),
      ...mapDrift(`${at}.aux_addresses`, pool.auxAddresses, twin?.auxAddresses ?? {}),
    ];
  });
  const surplus = live.slice(desired.length).filter((pool) => isOfDesiredFamily(pool, desired));
  return [...changes, ...surplus.flatMap((pool) => change('ipam.config', pool.subnet, undefined))];
}

/** The engine adds a pool of the other address family by itself (28: a ULA subnet for IPv6). */
function isOfDesiredFamily(pool: IpamPool, desired: readonly IpamPool[]): boolean {
  const family = (subnet: string | undefined) => subnet?.includes(':') ?? false;
  return desired.some((other) => family(other.subnet) === family(pool.subnet));
}

/** A changed definition is reported, never carried out: making the volume again would lose its data. */
export function volumeDrift(desired: DesiredVolume, live: ObservedVolume): readonly FieldChange[] {
  return [
    ...change('driver', live.driver, desired.driver),
    ...mapDrift('driver_opts', desired.options, live.options),
    ...Object.keys(live.options)
      .filter((key) => desired.options[key] === undefined)
      .flatMap((key) => change(`driver_opts.${key}`, live.options[key], undefined)),
  ];
}

/** One attachment against what is wanted of it. */
export function endpointDrift(
  network: string,
  desired: EndpointSettings,
  live: ObservedAttachment,
  container: Pick<DesiredContainer, 'name' | 'service' | 'config'>,
): readonly FieldChange[] {
  const at = `networks.${network}`;
  // Names that an engine (20.10: the hostname, at the start) or docker compose adds by itself mean nothing.
  const implied = new Set([container.name, container.service, container.config.Hostname]);
  const aliases = (list: readonly string[]) => [...new Set(list.filter((name) => !implied.has(name)))].sort();
  const lost = desired.aliases.filter((name) => !live.aliases.includes(name)).sort();
  return [
    ...(lost.length > 0 || aliases(desired.aliases).join() !== aliases(live.aliases).join()
      ? change(`${at}.aliases`, [...live.aliases].sort(), [...desired.aliases].sort())
      : []),
    ...change(`${at}.ipv4_address`, live.ipv4Address, desired.ipv4Address),
    ...change(`${at}.ipv6_address`, live.ipv6Address, desired.ipv6Address),
    ...change(`${at}.link_local_ips`, [...live.linkLocalIps].sort(), [...desired.linkLocalIps].sort()),
    ...mapDrift(`${at}.driver_opts`, desired.driverOpts, live.driverOpts),
    ...(desired.gwPriority === undefined
      ? []
      : change(`${at}.gw_priority`, live.gwPriority ?? 0, desired.gwPriority)),
  ];
}

/** What `docker update` changed, and whether `update` can change it back. */
export interface ResourceDrift {
  readonly changes: readonly FieldChange[];
  /** The engine takes 0 as "leave it" for memory and CPUs: taking such a limit away needs a new container. */
  readonly inPlace: boolean;
}

const CANNOT_UNSET: ReadonlySet<keyof Resources> = new Set([
  'Memory',
  'MemoryReservation',
  'NanoCpus',
  'CpuShares',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'BlkioWeight',
]);

const RESOURCE_FIELDS: readonly (keyof Resources)[] = [
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
];

export function resourceDrift(desired: DesiredContainer, live: ObservedContainer): ResourceDrift {
  const wanted = desired.resources;
  const changes: FieldChange[] = [];
  let inPlace = true;
  for (const field of RESOURCE_FIELDS) {
    const from = normal(field, live.resources, live.resources[field]);
    const to = normal(field, wanted, wanted[field]);
    const found = change(`resources.${field}`, from, to);
    if (found.length === 0) continue;
    changes.push(...found);
    if (to === undefined && CANNOT_UNSET.has(field)) inPlace = false;
    if (field === 'NanoCpus' && live.resources.CpuQuota) inPlace = false;
  }
  changes.push(...restartPolicyDrift(desired.restartPolicy, live.restartPolicy));
  return { changes, inPlace };
}

/** Zero, -1 and unset mean the same for most fields; MemorySwap unset reads back as twice the memory. */
function normal(
  field: keyof Resources,
  all: Resources,
  value: number | string | undefined,
): number | string | undefined {
  if (value === undefined || value === 0 || value === '') return undefined;
  if (field === 'PidsLimit' && value === -1) return undefined;
  if (field === 'MemorySwap' && value === 2 * (all.Memory ?? 0)) return undefined;
  return value;
}

function restartPolicyDrift(desired: RestartPolicy, live: RestartPolicy): readonly FieldChange[] {
  const words = (policy: RestartPolicy) =>
    policy.Name === 'on-failure' && policy.MaximumRetryCount > 0
      ? `on-failure:${policy.MaximumRetryCount}`
      : policy.Name;
  return change('restart', words(live), words(desired));
}

/** Hashes of different versions say nothing about each other: a new release must not restart the world. */
export function sameHashVersion(first: string, second: string | undefined): second is string {
  return second !== undefined && first.split('.', 1)[0] === second.split('.', 1)[0];
}
