import { canonicalJson } from '../../src/desired/hash.ts';
import { differences, type Json } from './corpus.ts';

/**
 * Compares what engines show of two objects that should be the same, when they were made by different programs and
 * on different days: identifiers, times and paths were masked in the expected one (`<*>`, `<ID64>`, `<short-id>`),
 * each program has labels of its own, some lists have no order, and binds may have been asked for as mounts.
 */
export function inspectDifferences(kind: 'container' | 'network' | 'volume', expected: Json, actual: Json) {
  const comparable = { container: comparableContainer, network: comparableNetwork, volume: comparableVolume }[
    kind
  ];
  const wanted = comparable(expected);
  return differences(wanted, unmask(wanted, comparable(actual)));
}

/** Decided by the machine, by the engine's version, or by the masks. */
const NOT_COMPARED = new Set([
  'Args',
  'Path',
  'Driver',
  'Platform',
  'RestartCount',
  'HostConfig.CgroupnsMode',
  'HostConfig.MaskedPaths',
  'HostConfig.ReadonlyPaths',
]);

function comparableContainer(container: Json): Json {
  const config = part(container, 'Config');
  const host = part(container, 'HostConfig');
  const networks = part(part(container, 'NetworkSettings'), 'Networks');
  return {
    Name: container['Name'],
    Config: {
      ...set(config, 'Config'),
      Env: sorted(config['Env']),
      Labels: comparableLabels(config['Labels']),
      // Anonymous volumes become named ones; the mounts tell whether they are there.
      Volumes: undefined,
    },
    HostConfig: {
      ...set(host, 'HostConfig'),
      ...lists(host),
      Binds: undefined,
      Mounts: undefined,
      Links: undefined,
    },
    Mounts: mountsOf(container, host),
    Networks: Object.fromEntries(
      Object.entries(networks).map(([name, endpoint]) => [name, comparableEndpoint(endpoint as Json)]),
    ),
  };
}

function lists(host: Json): Json {
  const orderless = ['CapAdd', 'CapDrop', 'SecurityOpt', 'GroupAdd', 'ExtraHosts', 'DeviceCgroupRules'];
  const records = ['Ulimits', 'Devices', 'BlkioWeightDevice', 'DeviceRequests'];
  const throttles = ['ReadBps', 'ReadIOps', 'WriteBps', 'WriteIOps'].map((each) => `BlkioDevice${each}`);
  return Object.fromEntries(
    [...orderless, ...records, ...throttles].map((key) => [key, sorted(nullWhenEmpty(host[key]))]),
  );
}

/** `Binds` and `Mounts` are two ways to ask for the same; of both the engine makes one list. */
function mountsOf(container: Json, host: Json): unknown {
  const binds = (host['Binds'] as string[] | null | undefined) ?? [];
  const asked = (host['Mounts'] as Json[] | null | undefined) ?? [];
  const shown = (container['Mounts'] as Json[] | null | undefined) ?? [];
  return {
    asked: sorted([...binds.map(fromBind), ...asked.map(fromMount)]),
    shown: sorted(
      shown.map(({ Type, Name, Source, Destination, RW }) => ({
        Type,
        Destination,
        RW,
        ...(Type === 'volume' ? { Name: isMadeUp(Name) ? undefined : Name } : { Source }),
      })),
    ),
  };
}

function fromBind(bind: string): Json {
  const [source = '', target = '', mode = ''] = bind.split(':');
  const isPath = /^[/$<]/.test(source);
  const options = mode.split(',').filter((option) => option !== '' && option !== 'rw');
  return { type: isPath ? 'bind' : 'volume', source: source.replace(/(.)\/$/, '$1'), target, options };
}

function fromMount(mount: Json): Json {
  const of = (key: string) => part(mount, key);
  const said: Readonly<Record<string, unknown>> = {
    ro: mount['ReadOnly'],
    [`${of('BindOptions')['Propagation']}`]: of('BindOptions')['Propagation'],
    nocopy: of('VolumeOptions')['NoCopy'],
    [`subpath=${of('VolumeOptions')['Subpath'] ?? of('ImageOptions')['Subpath']}`]:
      of('VolumeOptions')['Subpath'] ?? of('ImageOptions')['Subpath'],
    [`size=${of('TmpfsOptions')['SizeBytes']}`]: of('TmpfsOptions')['SizeBytes'],
    [`mode=${of('TmpfsOptions')['Mode']}`]: of('TmpfsOptions')['Mode'],
  };
  const options = Object.keys(said).filter((option) => said[option]);
  const source = isMadeUp(mount['Source']) ? undefined : mount['Source'];
  return { type: mount['Type'], source, target: mount['Target'], options };
}

/** The name of an anonymous volume: the engine's, masked, or ours. */
function isMadeUp(name: unknown): boolean {
  return typeof name === 'string' && /^(<ID64>|[0-9a-f]{64}|.+_\d+_[0-9a-f]{8})$/.test(name);
}

function comparableEndpoint(endpoint: Json): Json {
  const aliases = ((endpoint['Aliases'] as string[] | null) ?? []).filter(
    (alias) => !/^(<.*>|[0-9a-f]{12})$/.test(alias),
  );
  const links = ((endpoint['Links'] as string[] | null) ?? []).filter((link) => {
    const [name, alias] = link.split(':');
    return name !== alias;
  });
  return {
    Aliases: sorted([...new Set(aliases)]),
    Links: sorted([...new Set(links)]),
    IPAMConfig: compact(endpoint['IPAMConfig']),
    DriverOpts: compact(endpoint['DriverOpts']),
    GwPriority: compact(endpoint['GwPriority']),
    MacAddress: compact(endpoint['MacAddress']),
  };
}

function comparableNetwork(network: Json): Json {
  const ipam = part(network, 'IPAM');
  const chosen = ipam['Config'] === '<auto>';
  return {
    ...set(network, ''),
    Labels: withoutHash(comparableLabels(network['Labels'])),
    Driver: network['Driver'],
    IPAM: { ...set(ipam, 'IPAM'), Config: chosen ? '<*>' : sorted(ipam['Config']) },
    ...nothing(['Id', 'Created', 'Containers', 'Status']),
  };
}

function comparableVolume(volume: Json): Json {
  return {
    ...set(volume, ''),
    Driver: volume['Driver'],
    Labels: withoutHash(comparableLabels(volume['Labels'])),
    ...nothing(['CreatedAt', 'Mountpoint', 'Status', 'UsageData']),
  };
}

/** With one that is not its own, docker compose would make a network anew; volumes it would ask to lose. */
function withoutHash(labels: Json): Json {
  const { 'com.docker.compose.config-hash': _hash, ...rest } = labels;
  return rest;
}

/** Without ours. docker compose lists dependencies in no order. */
function comparableLabels(labels: unknown): Json {
  const theirs = Object.entries((labels as Readonly<Record<string, string>> | null) ?? {}).filter(
    ([key]) => !key.startsWith('io.stackctl.'),
  );
  return Object.fromEntries(
    theirs.map(([key, value]) => [key, key.endsWith('.depends_on') ? sorted(value.split(',')) : value]),
  );
}

/** The fields that are set; null, empty, zero and false are the same to an engine. */
function set(value: Json, path: string): Json {
  const fields = Object.entries(value).map(([key, field]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return [key, NOT_COMPARED.has(at) ? undefined : compact(field)] as const;
  });
  return Object.fromEntries(fields);
}

function compact(value: unknown): unknown {
  if (value === null || value === '' || value === 0 || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (typeof value !== 'object') return value;
  const fields = Object.entries(value as Json).map(([key, field]) => [key, compact(field)] as const);
  const kept = fields.filter(([, field]) => field !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function nullWhenEmpty(value: unknown): unknown {
  return Array.isArray(value) ? value.map(compact) : undefined;
}

function sorted(value: unknown): unknown {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const keyed = value.map((item) => ({ item, key: canonicalJson(item) }));
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ item }) => item);
}

function part(value: Json | undefined, key: string): Json {
  return (value?.[key] as Json | null | undefined) ?? {};
}

const nothing = (keys: readonly string[]): Json => Object.fromEntries(keys.map((key) => [key, undefined]));

/** Puts the masks of the expected value over the actual one, where the rest of the text is the same. */
function unmask(expected: unknown, actual: unknown): unknown {
  if (typeof expected === 'string' && typeof actual === 'string')
    return matches(expected, actual) ? expected : actual;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return actual.map((item, index) => unmask(expected[index], item));
  }
  if (!isRecord(expected) || !isRecord(actual)) return expected === '<*>' ? expected : actual;
  return Object.fromEntries(
    Object.entries(actual).map(([key, value]) => [key, unmask(expected[key], value)]),
  );
}

function matches(expected: string, actual: string): boolean {
  if (!/<(\*|ID64|short-id)>/.test(expected)) return expected === actual;
  const pattern = expected
    .split(/<(?:\*|ID64|short-id)>/)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`, 's').test(actual);
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
