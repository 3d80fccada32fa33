/**
 * What the Engine API answers, as far as we read it. Every field may be missing: engines from 20.10 to 29
 * leave out different ones, and what is not there must never become a crash. Field names are the API's.
 */
export interface WireVersion {
  readonly Version?: string;
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
}

export interface WireInfo {
  readonly ID?: string;
  readonly DockerRootDir?: string;
  readonly DefaultAddressPools?: readonly { readonly Base?: string; readonly Size?: number }[] | null;
  readonly Swarm?: { readonly LocalNodeState?: string } | null;
}

type Labels = Readonly<Record<string, string>> | null;

export interface WirePort {
  readonly IP?: string;
  readonly PrivatePort?: number;
  readonly PublicPort?: number;
  readonly Type?: string;
}

export interface WireMount {
  readonly Type?: string;
  readonly Name?: string;
  readonly Source?: string;
  readonly Destination?: string;
  readonly RW?: boolean;
}

export interface WireContainerSummary {
  readonly Id: string;
  readonly Names?: readonly string[] | null;
  readonly ImageID?: string;
  readonly State?: string;
  /** For people: `Up 5 minutes (healthy)`. */
  readonly Status?: string;
  readonly Labels?: Labels;
  readonly Ports?: readonly WirePort[] | null;
  readonly Mounts?: readonly WireMount[] | null;
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, unknown>> | null } | null;
}

export interface WireEndpoint {
  readonly NetworkID?: string;
  readonly IPAddress?: string;
  readonly MacAddress?: string;
  readonly Aliases?: readonly string[] | null;
  readonly DriverOpts?: Labels;
  readonly GwPriority?: number;
  readonly IPAMConfig?: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: readonly string[] | null;
  } | null;
}

export type WirePortMap = Readonly<
  Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
>;

export interface WireState {
  readonly Status?: string;
  readonly Running?: boolean;
  readonly Restarting?: boolean;
  readonly Paused?: boolean;
  readonly Pid?: number;
  readonly ExitCode?: number;
  readonly Error?: string;
  readonly OOMKilled?: boolean;
  readonly StartedAt?: string;
  readonly FinishedAt?: string;
  readonly Health?: {
    readonly Status?: string;
    readonly FailingStreak?: number;
    readonly Log?: readonly { readonly End?: string; readonly Output?: string }[] | null;
  } | null;
}

/** `HostConfig` as it reads back: only what is compared or needed to call again. */
export interface WireHostConfig {
  readonly NetworkMode?: string;
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly VolumesFrom?: readonly string[] | null;
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number } | null;
  readonly PortBindings?: WirePortMap | null;
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
  readonly PidsLimit?: number | null;
  readonly BlkioWeight?: number;
  readonly [field: string]: unknown;
}

export interface WireContainer {
  readonly Id: string;
  readonly RestartCount?: number;
  readonly Name?: string;
  readonly Created?: string;
  /** The image's id; the reference it was made from is `Config.Image`. */
  readonly Image?: string;
  readonly State?: WireState | null;
  readonly Config?: {
    readonly Image?: string;
    readonly Labels?: Labels;
    readonly Tty?: boolean;
    readonly StopSignal?: string;
    readonly Healthcheck?: {
      readonly Test?: readonly string[] | null;
      readonly Interval?: number;
      readonly Timeout?: number;
    } | null;
    readonly [field: string]: unknown;
  } | null;
  readonly HostConfig?: WireHostConfig | null;
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, WireEndpoint>> | null;
    readonly Ports?: WirePortMap | null;
  } | null;
  readonly Mounts?: readonly WireMount[] | null;
}

export interface WireNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Created?: string;
  readonly Scope?: string;
  readonly Driver?: string;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6?: boolean;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly Options?: Labels;
  readonly Labels?: Labels;
  readonly Containers?: Readonly<Record<string, unknown>> | null;
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Options?: Labels;
    readonly Config?:
      | readonly {
          readonly Subnet?: string;
          readonly IPRange?: string;
          readonly Gateway?: string;
          readonly AuxiliaryAddresses?: Labels;
        }[]
      | null;
  } | null;
}

export interface WireVolume {
  readonly Name: string;
  readonly Driver?: string;
  readonly Options?: Labels;
  readonly Labels?: Labels;
}

export interface WireImage {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
  readonly Created?: string;
  readonly Config?: {
    readonly Labels?: Labels;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null;
    readonly [field: string]: unknown;
  } | null;
}

/** One line of the event stream. */
export interface WireEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Labels } | null;
  readonly time?: number;
  readonly timeNano?: number;
}
