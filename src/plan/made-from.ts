import type { ContainerConfig, HostConfig } from '../model/container.ts';
import type { DesiredContainer } from '../model/desired.ts';
import { COMPOSE_PREFIX, OUR_PREFIX } from '../model/labels.ts';
import type { MadeFrom, ObservedContainer } from '../model/observed.ts';
import type { FieldChange } from '../model/plan.ts';
import { mountChanges } from './made-from-mounts.ts';
import { environmentChanges } from './spec-changes.ts';

/**
 * Compares by meaning what a container was made from with what is wanted: for one that bears no spec hash of ours,
 * made by docker compose or by another version of this program (compose-and-engine 2.3 and 4.1). Not compared: what
 * is compared of every container anyway (image id, limits, restart policy, attachments, shared namespaces), and what
 * an engine decides by itself where the manifest says nothing.
 */
export function madeFromChanges(
  desired: DesiredContainer,
  live: ObservedContainer,
  imageVolumes: readonly string[],
): readonly FieldChange[] {
  return [
    ...configChanges(desired, live),
    ...hostChanges(desired.host, live.madeFrom),
    ...mountChanges(desired, live, imageVolumes),
    ...(desired.networkMode.kind !== 'networks' && live.attachments.length > 1
      ? [{ path: 'networks', from: 'several', to: 'none' }]
      : []),
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function configChanges(desired: DesiredContainer, live: ObservedContainer): readonly FieldChange[] {
  const { config: had, image } = live.madeFrom;
  const wanted = desired.config;
  const either = (field: keyof ContainerConfig) =>
    [had[field], plain(wanted[field]) ?? image[field]] as const;
  const pairs: Readonly<Record<string, readonly [unknown, unknown]>> = {
    ...processPair(wanted, had, image),
    labels: [
      ownLabels(had['Labels']),
      ownLabels({ ...(image['Labels'] as Fields | null), ...wanted.Labels }),
    ],
    expose: [ports(had['ExposedPorts']), exposed(desired, image)],
    hostname: [hostname(live, wanted.Hostname), wanted.Hostname],
    domainname: either('Domainname'),
    user: either('User'),
    working_dir: either('WorkingDir'),
    tty: either('Tty'),
    stdin_open: either('OpenStdin'),
    stop_signal: [had['StopSignal'] ?? 'SIGTERM', wanted.StopSignal ?? image['StopSignal'] ?? 'SIGTERM'],
    healthcheck: [had['Healthcheck'], healthcheck(wanted, image)],
  };
  const hadEnv = (had['Env'] as readonly string[] | null | undefined) ?? [];
  return [...changesOf(pairs), ...environmentChanges(hadEnv, environment(wanted, image))];
}

/** As the engine merges them: an entrypoint of one's own takes the image's command away. */
function processPair(wanted: ContainerConfig, had: Fields, image: Fields) {
  const isOwn = (wanted.Entrypoint ?? []).length > 0;
  const command = plain(wanted.Cmd) ?? (isOwn ? undefined : image['Cmd']);
  return {
    entrypoint: [had['Entrypoint'], plain(wanted.Entrypoint) ?? image['Entrypoint']] as const,
    command: [had['Cmd'], command] as const,
  };
}

/** Where the manifest leaves a variable out, the image's stays. */
function environment({ Env = [] }: ContainerConfig, image: Fields): readonly string[] {
  const nameOf = (entry: string) => entry.split('=', 1)[0] ?? entry;
  const named = new Set(Env.map(nameOf));
  const inherited = ((image['Env'] as readonly string[] | null) ?? []).filter(
    (entry) => !named.has(nameOf(entry)),
  );
  return [...inherited, ...Env];
}

/** Those that say what the container is for; Compose's and ours only say who made it. */
function ownLabels(labels: unknown): unknown {
  const all = Object.entries((labels as Fields | null | undefined) ?? {});
  return Object.fromEntries(
    all.filter(([name]) => !name.startsWith(COMPOSE_PREFIX) && !name.startsWith(OUR_PREFIX)),
  );
}

function exposed(desired: DesiredContainer, image: Fields): unknown {
  if (desired.networkMode.kind === 'shared') return ports(image['ExposedPorts']);
  return ports({
    ...(image['ExposedPorts'] as Fields | null),
    ...desired.config.ExposedPorts,
    ...desired.host.PortBindings,
  });
}

/** Undefined when the engine chose it: the short id, or the host's. One that shares a network bears its owner's. */
function hostname(live: ObservedContainer, wanted: string | undefined): unknown {
  const name = live.madeFrom.config['Hostname'];
  if (live.networkMode.startsWith('container:')) return wanted;
  const isHosts = live.networkMode === 'host' && wanted === undefined;
  return name === live.id.slice(0, 12) || isHosts ? undefined : name;
}

function healthcheck({ Healthcheck: wanted }: ContainerConfig, image: Fields): unknown {
  const inherited = image['Healthcheck'] as Fields | null | undefined;
  if (wanted === undefined) return inherited;
  return { ...(plain(inherited) as Fields | undefined), ...(plain(wanted) as Fields | undefined) };
}

/** Chosen by an engine when nobody asks, differently from engine to engine. */
const ENGINE_CHOOSES: ReadonlySet<string> = new Set([
  'CgroupnsMode',
  'ConsoleSize',
  'ContainerIDFile',
  'IpcMode',
  'Isolation',
  'LogConfig',
  'MaskedPaths',
  'OomKillDisable',
  'ReadonlyPaths',
  'Runtime',
  'ShmSize',
  'PidMode',
]);

/** Compared elsewhere, or not wanted by a manifest at all. */
const NOT_HERE: ReadonlySet<string> = new Set([
  ...['Binds', 'Mounts', 'VolumesFrom', 'NetworkMode', 'RestartPolicy', 'Links', 'VolumeDriver'],
  ...['Memory', 'MemoryReservation', 'MemorySwap', 'NanoCpus', 'CpuShares', 'CpuPeriod', 'CpuQuota'],
  ...['CpuRealtimePeriod', 'CpuRealtimeRuntime', 'CpusetCpus', 'PidsLimit', 'BlkioWeight', 'KernelMemory'],
  ...['KernelMemoryTCP', 'IOMaximumBandwidth', 'IOMaximumIOps', 'Cgroup'],
]);

const WITHOUT_ORDER: ReadonlySet<string> = new Set([
  ...[
    'CapAdd',
    'CapDrop',
    'SecurityOpt',
    'GroupAdd',
    'ExtraHosts',
    'DeviceCgroupRules',
    'Ulimits',
    'Devices',
  ],
  ...['BlkioWeightDevice', 'DeviceRequests', 'BlkioDeviceReadBps', 'BlkioDeviceReadIOps'],
  ...['BlkioDeviceWriteBps', 'BlkioDeviceWriteIOps'],
]);

function hostChanges(desired: HostConfig, madeFrom: MadeFrom): readonly FieldChange[] {
  const wanted = desired as Fields;
  const host: Fields = { ...madeFrom.host, SecurityOpt: securityOptions(desired, madeFrom.host) };
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(host)])].filter(
    (field) => !NOT_HERE.has(field) && !(wanted[field] === undefined && ENGINE_CHOOSES.has(field)),
  );
  const spell = (field: string, value: unknown) => {
    const words = Array.isArray(value) ? value.map((item) => spelled(field, plain(item))) : value;
    return WITHOUT_ORDER.has(field) ? asSet(words) : words;
  };
  return changesOf(
    Object.fromEntries(
      fields.sort().map((field) => [field, [spell(field, host[field]), spell(field, wanted[field])]]),
    ),
  );
}

/** Without what the engine adds by itself to those that see the whole host. */
function securityOptions({ SecurityOpt = [] }: HostConfig, host: Fields): unknown {
  const had = (host['SecurityOpt'] as readonly string[] | null | undefined) ?? [];
  const seesAll = host['Privileged'] === true || host['IpcMode'] === 'host' || host['PidMode'] === 'host';
  return had.filter((option) => option !== 'label=disable' || !seesAll || SecurityOpt.includes(option));
}

/** One spelling of what may be written in two ways. */
function spelled(field: string, item: unknown): unknown {
  if (typeof item !== 'string') return item;
  if (field === 'CapAdd' || field === 'CapDrop') return item.toUpperCase().replace(/^CAP_/, '');
  return field === 'SecurityOpt' && !item.includes('=') ? item.replace(':', '=') : item;
}

function changesOf(pairs: Readonly<Record<string, readonly [unknown, unknown]>>): readonly FieldChange[] {
  return Object.entries(pairs).flatMap(([path, [had, wanted]]) => {
    const [from, to] = [text(plain(had)), text(plain(wanted))];
    if (from === to) return [];
    return MAY_HOLD_SECRETS.has(path)
      ? [{ path, from: '(a value)', to: '(another value)' }]
      : [{ path, from, to }];
  });
}

/** Never shown: passwords stand in command lines, labels and options of log drivers too, by way of variables. */
const MAY_HOLD_SECRETS: ReadonlySet<string> = new Set([
  'command',
  'entrypoint',
  'healthcheck',
  'labels',
  'Annotations',
  'LogConfig',
]);

/** Null, empty, zero and false say the same as nothing at all. */
function plain(value: unknown): unknown {
  if (value === null || value === '' || value === 0 || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (typeof value !== 'object') return value;
  const fields = Object.entries(value as Fields)
    .map(([name, field]) => [name, plain(field)] as const)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function asSet(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const words = value.map((item) => ({ item, word: JSON.stringify(plain(item)) }));
  return words.sort((one, other) => (one.word < other.word ? -1 : 1)).map(({ item }) => item);
}

/** `80`, `80/tcp` and `80-81` as single ports with their protocol; docker compose leaves ranges to the engine. */
function ports(exposedPorts: unknown): unknown {
  const all = Object.keys((exposedPorts as Fields | null | undefined) ?? {}).flatMap((words) => {
    const [range = '', protocol = 'tcp'] = words.split('/');
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
  });
  return [...new Set(all)].sort();
}

const text = (value: unknown): string =>
  value === undefined ? '(unset)' : typeof value === 'string' ? value : JSON.stringify(value);
