import { baseline, type Refusal, restricted } from './refusal.ts';

/** The part of a create body's HostConfig that the gate reads; whatever else it has must be in `HARMLESS`. */
export interface WireHostConfig {
  readonly Privileged?: boolean;
  readonly NetworkMode?: string;
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly UTSMode?: string;
  readonly UsernsMode?: string;
  readonly CgroupnsMode?: string;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly WireMount[];
  readonly VolumeDriver?: string;
  readonly VolumesFrom?: readonly string[];
  readonly Devices?: readonly unknown[];
  readonly DeviceCgroupRules?: readonly unknown[];
  readonly DeviceRequests?: readonly { readonly Driver?: string }[];
  readonly SecurityOpt?: readonly string[];
  readonly MaskedPaths?: readonly string[] | null;
  readonly ReadonlyPaths?: readonly string[] | null;
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly CgroupParent?: string;
  readonly Runtime?: string;
  readonly LogConfig?: { readonly Type?: string };
  readonly OomKillDisable?: boolean;
  readonly OomScoreAdj?: number;
  readonly Isolation?: string;
}

export interface WireMount {
  readonly Type?: string;
  readonly Source?: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: string };
  readonly VolumeOptions?: {
    readonly DriverConfig?: {
      readonly Name?: string;
      readonly Options?: Readonly<Record<string, string>>;
    };
  };
}

/** Fields that give nothing of the host. One that is in neither list is refused: a new one has to be thought about. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...[
    'Annotations',
    'BlkioDeviceReadBps',
    'BlkioDeviceReadIOps',
    'BlkioDeviceWriteBps',
    'BlkioDeviceWriteIOps',
  ],
  ...[
    'BlkioWeight',
    'BlkioWeightDevice',
    'CpuCount',
    'CpuPercent',
    'CpuPeriod',
    'CpuQuota',
    'CpuRealtimePeriod',
  ],
  ...[
    'CpuRealtimeRuntime',
    'CpuShares',
    'CpusetCpus',
    'Dns',
    'DnsOptions',
    'DnsSearch',
    'ExtraHosts',
    'GroupAdd',
  ],
  ...[
    'Init',
    'Links',
    'Memory',
    'MemoryReservation',
    'MemorySwap',
    'MemorySwappiness',
    'NanoCpus',
    'PidsLimit',
  ],
  ...['PortBindings', 'PublishAllPorts', 'ReadonlyRootfs', 'RestartPolicy', 'ShmSize', 'StorageOpt', 'Tmpfs'],
  'Ulimits',
]);
const JUDGED: Readonly<Record<keyof WireHostConfig, true>> = {
  Privileged: true,
  NetworkMode: true,
  IpcMode: true,
  PidMode: true,
  UTSMode: true,
  UsernsMode: true,
  CgroupnsMode: true,
  CapAdd: true,
  CapDrop: true,
  Binds: true,
  Mounts: true,
  VolumeDriver: true,
  VolumesFrom: true,
  Devices: true,
  DeviceCgroupRules: true,
  DeviceRequests: true,
  SecurityOpt: true,
  MaskedPaths: true,
  ReadonlyPaths: true,
  Sysctls: true,
  CgroupParent: true,
  Runtime: true,
  LogConfig: true,
  OomKillDisable: true,
  OomScoreAdj: true,
  Isolation: true,
};

/** What of a container's settings the policy forbids; its mounts are judged apart. */
export function hostConfigRefusals(host: WireHostConfig): readonly Refusal[] {
  return [
    ...unknownFields(host),
    ...namespaces(host),
    ...rights(host),
    ...securityOptions(host),
    ...features(host),
  ];
}

function unknownFields(host: WireHostConfig): readonly Refusal[] {
  return Object.entries(host).flatMap(([field, value]) =>
    value === undefined || field in JUDGED || HARMLESS.has(field)
      ? []
      : [baseline('unknown-field', `HostConfig.${field} is not known to this level`)],
  );
}

const when = (isSo: boolean, refusal: Refusal): readonly Refusal[] => (isSo ? [refusal] : []);
const isContainer = (mode: string): boolean => mode.startsWith('container:');

function namespaces(host: WireHostConfig): readonly Refusal[] {
  const { NetworkMode = '', IpcMode = '', PidMode = '', UTSMode = '', UsernsMode = '' } = host;
  const { CgroupnsMode = '' } = host;
  const told = (field: string) => baseline('host-namespaces', `${field} is not the container's own`);
  return [
    ...when(NetworkMode.trim().toLowerCase() === 'host', told('NetworkMode')),
    ...when(
      !['', 'none', 'private', 'shareable'].includes(IpcMode) && !isContainer(IpcMode),
      told('IpcMode'),
    ),
    ...when(PidMode !== '' && !isContainer(PidMode), told('PidMode')),
    ...when(UTSMode !== '', told('UTSMode')),
    ...when(UsernsMode !== '', told('UsernsMode')),
    ...when(CgroupnsMode !== '' && CgroupnsMode !== 'private', told('CgroupnsMode')),
  ];
}

const WITHIN_DEFAULT =
  /^(CAP_)?(AUDIT_WRITE|CHOWN|DAC_OVERRIDE|FOWNER|FSETID|KILL|MKNOD|NET_BIND_SERVICE|NET_RAW|SETFCAP|SETGID|SETPCAP|SETUID|SYS_CHROOT)$/;
const BIND_SERVICE = /^(CAP_)?NET_BIND_SERVICE$/;

function rights({ Privileged, CapAdd = [], CapDrop = [] }: WireHostConfig): readonly Refusal[] {
  return [
    ...when(Privileged === true, baseline('privileged-container', 'Privileged is set')),
    ...CapAdd.filter((name) => !WITHIN_DEFAULT.test(name)).map((name) =>
      baseline('capabilities', `CapAdd has ${name}`),
    ),
    ...CapAdd.filter((name) => !BIND_SERVICE.test(name)).map((name) =>
      restricted('drop-capabilities', `CapAdd has ${name}`),
    ),
    ...when(!CapDrop.includes('ALL'), restricted('drop-capabilities', 'CapDrop has no ALL')),
  ];
}

const NO_NEW_PRIVILEGES = /^no-new-privileges([=:](1|t|T|true|TRUE|True))?$/;

function securityOptions(host: WireHostConfig): readonly Refusal[] {
  const { SecurityOpt = [], MaskedPaths, ReadonlyPaths } = host;
  const isUnmasked = (MaskedPaths ?? undefined) !== undefined || (ReadonlyPaths ?? undefined) !== undefined;
  return [
    ...SecurityOpt.flatMap(securityOption),
    ...when(isUnmasked, baseline('proc-mount', 'MaskedPaths or ReadonlyPaths is set')),
    ...when(
      !SecurityOpt.some((option) => NO_NEW_PRIVILEGES.test(option)),
      restricted('privilege-escalation', 'SecurityOpt has no no-new-privileges'),
    ),
  ];
}

function securityOption(option: string): readonly Refusal[] {
  if (NO_NEW_PRIVILEGES.test(option) || /^seccomp[=:]builtin$/.test(option)) return [];
  if (/^apparmor[=:]/.test(option) && !/^apparmor[=:]\s*unconfined\s*$/.test(option)) return [];
  if (/^label[=:](level:|type:container_(init_|kvm_|engine_)?t$)/.test(option)) return [];
  const [key = ''] = option.split(/[:=]/);
  const rules: Readonly<Record<string, string>> = {
    'no-new-privileges': 'no-new-privileges',
    seccomp: 'seccomp',
    apparmor: 'apparmor',
    label: 'selinux',
    systempaths: 'proc-mount',
  };
  return [baseline(rules[key] ?? 'security-opt', `SecurityOpt has another ${key} than the engine's own`)];
}

const SAFE_SYSCTL =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_local_reserved_ports|ip_unprivileged_port_start|ping_group_range|tcp_fin_timeout|tcp_keepalive_(intvl|probes|time)|tcp_syncookies))$/;
const KNOWN_LOG_DRIVER = /^(json-file|local|journald|none)?$/;

function features(host: WireHostConfig): readonly Refusal[] {
  const { Devices = [], DeviceCgroupRules = [], DeviceRequests = [], Sysctls = {}, Runtime = '' } = host;
  return [
    ...when(Devices.length > 0, baseline('devices', 'Devices has entries')),
    ...when(DeviceCgroupRules.length > 0, baseline('devices', 'DeviceCgroupRules has entries')),
    ...when(
      DeviceRequests.some(({ Driver }) => Driver === 'cdi'),
      baseline('devices', 'DeviceRequests has a CDI device'),
    ),
    ...Object.keys(Sysctls)
      .filter((name) => !SAFE_SYSCTL.test(name))
      .map((name) => baseline('sysctls', `Sysctls has ${name}`)),
    ...when((host.CgroupParent ?? '') !== '', baseline('cgroup-parent', 'CgroupParent is set')),
    ...when(!isNamedRuntime(Runtime), baseline('runtime', `Runtime is ${Runtime}`)),
    ...when(
      !KNOWN_LOG_DRIVER.test(host.LogConfig?.Type ?? ''),
      baseline('log-driver', `LogConfig is ${host.LogConfig?.Type}`),
    ),
    ...when(host.OomKillDisable === true, baseline('oom-score', 'OomKillDisable is set')),
    ...when((host.OomScoreAdj ?? 0) < 0, baseline('oom-score', 'OomScoreAdj is below 0')),
    ...when(!['', 'default'].includes(host.Isolation ?? ''), baseline('security-opt', 'Isolation is set')),
    ...when(
      !['', 'local'].includes(host.VolumeDriver ?? ''),
      baseline('volume-driver', 'VolumeDriver is set'),
    ),
  ];
}

/** A name that is in the engine's own configuration; a path or a shim of containerd is any program. */
function isNamedRuntime(runtime: string): boolean {
  if (runtime === 'io.containerd.runc.v2') return true;
  return /^[\w-]*$/.test(runtime);
}
