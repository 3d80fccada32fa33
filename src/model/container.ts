/**
 * What a container is made from, in the Engine API's own words (`POST /containers/create`): desired/ writes
 * it, the hash covers it, engine/docker sends it. Only fields that the manifest asks for are present, since
 * the engine fills in the rest differently from version to version.
 */
export interface ContainerConfig {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  /** `NAME=value`, or a bare `NAME`, which unsets the image's value. */
  readonly Env?: readonly string[];
  /** The manifest's own labels; ours and Compose's are added when the container is made. */
  readonly Labels?: Readonly<Record<string, string>>;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StopSignal?: string;
  /** Seconds; for those who stop it beside us (`docker stop`, the engine when it shuts down). Not in the hash. */
  readonly StopTimeout?: number;
  readonly Healthcheck?: HealthcheckConfig;
}

/** Durations in nanoseconds, as the engine wants them. `Test: ["NONE"]` switches the image's own off. */
export interface HealthcheckConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface PortBinding {
  readonly HostIp: string;
  /** Empty: a free port at every start. */
  readonly HostPort: string;
}

export interface MountConfig {
  readonly Type: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: {
    readonly Propagation?: string;
    readonly CreateMountpoint?: boolean;
    readonly NonRecursive?: boolean;
    readonly ReadOnlyNonRecursive?: boolean;
    readonly ReadOnlyForceRecursive?: boolean;
  };
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Subpath?: string;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
  readonly ImageOptions?: { readonly Subpath?: string };
}

export interface Ulimit {
  readonly Name: string;
  readonly Soft: number;
  readonly Hard: number;
}

export interface DeviceRequest {
  readonly Driver?: string;
  readonly Count?: number;
  readonly DeviceIDs?: readonly string[];
  readonly Capabilities?: readonly (readonly string[])[];
  readonly Options?: Readonly<Record<string, string>>;
}

export interface ThrottleDevice {
  readonly Path: string;
  readonly Rate: number;
}

/** The part of HostConfig that only a new container can change. */
export interface HostConfig {
  readonly Annotations?: Readonly<Record<string, string>>;
  /** Only for binds with an SELinux flag, which mounts cannot express: `src:dst:z`. */
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly MountConfig[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[]>>;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly CgroupnsMode?: string;
  readonly CgroupParent?: string;
  readonly Devices?: readonly {
    readonly PathOnHost: string;
    readonly PathInContainer: string;
    readonly CgroupPermissions: string;
  }[];
  readonly DeviceCgroupRules?: readonly string[];
  readonly DeviceRequests?: readonly DeviceRequest[];
  readonly Dns?: readonly string[];
  readonly DnsOptions?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly ExtraHosts?: readonly string[];
  readonly GroupAdd?: readonly string[];
  readonly Init?: boolean;
  /** Plain modes only; `service:x` is in DesiredContainer.namespaces. */
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly UTSMode?: string;
  readonly UsernsMode?: string;
  readonly Isolation?: string;
  readonly Links?: readonly string[];
  readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  /** Empty: mask nothing (docker's `systempaths=unconfined`). */
  readonly MaskedPaths?: readonly string[];
  readonly ReadonlyPaths?: readonly string[];
  readonly MemorySwappiness?: number;
  readonly OomKillDisable?: boolean;
  readonly OomScoreAdj?: number;
  readonly Privileged?: boolean;
  readonly PublishAllPorts?: boolean;
  readonly ReadonlyRootfs?: boolean;
  readonly Runtime?: string;
  readonly SecurityOpt?: readonly string[];
  readonly ShmSize?: number;
  readonly StorageOpt?: Readonly<Record<string, string>>;
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly Ulimits?: readonly Ulimit[];
  readonly VolumeDriver?: string;
  readonly BlkioWeightDevice?: readonly { readonly Path: string; readonly Weight: number }[];
  readonly BlkioDeviceReadBps?: readonly ThrottleDevice[];
  readonly BlkioDeviceReadIOps?: readonly ThrottleDevice[];
  readonly BlkioDeviceWriteBps?: readonly ThrottleDevice[];
  readonly BlkioDeviceWriteIOps?: readonly ThrottleDevice[];
  readonly CpuCount?: number;
  readonly CpuPercent?: number;
}

/**
 * The part of HostConfig that `POST /containers/{id}/update` changes on a running container. It is not in
 * the spec hash: it is compared field by field. Memory in bytes, NanoCpus in 1e-9 CPUs.
 */
export interface Resources {
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly CpuRealtimePeriod?: number;
  readonly CpuRealtimeRuntime?: number;
  readonly CpusetCpus?: string;
  readonly PidsLimit?: number;
  readonly BlkioWeight?: number;
}

export interface RestartPolicy {
  readonly Name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** Only with `on-failure`; 0 is no limit. */
  readonly MaximumRetryCount: number;
}

/** How a container stands in one network: what `connect` takes. */
export interface EndpointSettings {
  /** Without the container's own id, which old engines add. Sorted, unique. */
  readonly aliases: readonly string[];
  readonly ipv4Address?: string | undefined;
  readonly ipv6Address?: string | undefined;
  readonly linkLocalIps: readonly string[];
  /** `container:alias`: names that only this container sees (Compose's `links`). The engine looks them up lazily. */
  readonly links?: readonly string[] | undefined;
  readonly macAddress?: string | undefined;
  readonly driverOpts: Readonly<Record<string, string>>;
  /** From API 1.48. */
  readonly gwPriority?: number | undefined;
}
