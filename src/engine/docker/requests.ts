import type {
  ContainerConfig,
  EndpointSettings,
  HostConfig,
  MountConfig,
  Resources,
  RestartPolicy,
} from '../../model/container.ts';
import type { DesiredNetwork, DesiredVolume, IpamPool } from '../../model/desired.ts';
import type { ContainerRequest } from '../engine.ts';
import { compareApiVersions } from './api-version.ts';

/** Bodies of the Engine API's POSTs, made from model types for the negotiated API version. All pure. */
type Body = Readonly<Record<string, unknown>>;

/** `POST /containers/create`. Name and platform travel in the query. */
export function containerBody(request: ContainerRequest, apiVersion: string): Body {
  const { config, host, resources, restartPolicy } = request.container;
  const severalEndpoints = compareApiVersions(apiVersion, '1.44') >= 0;
  const primary = primaryEndpoint(request);
  const endpoints = severalEndpoints ? request.endpoints : primary === undefined ? [] : [primary];
  const primaryMac = primary?.settings.macAddress;
  const mounts = [...(host.Mounts ?? []), ...anonymousMounts(request)];
  return {
    // As docker compose sends it; they say who listens while it is created, and nobody does.
    AttachStdout: true,
    AttachStderr: true,
    ...config,
    Labels: { ...config.Labels, ...request.labels },
    ...exposedPorts(config, host),
    // Below 1.44 an endpoint's own MAC is dropped in silence; the container's goes to the primary one.
    ...(!severalEndpoints && primaryMac !== undefined ? { MacAddress: primaryMac } : {}),
    HostConfig: {
      ...host,
      ...capabilities(host),
      ...resourcesBody(resources),
      // Left out, as docker compose does it: an engine without one to keep has nothing to show either.
      ...(restartPolicy.Name === 'no' ? {} : { RestartPolicy: restartPolicyBody(restartPolicy) }),
      NetworkMode: networkModeOf(request),
      ...(request.ipcContainer === undefined ? {} : { IpcMode: `container:${request.ipcContainer}` }),
      ...(request.pidContainer === undefined ? {} : { PidMode: `container:${request.pidContainer}` }),
      ...(mounts.length === 0 ? {} : { Mounts: mounts }),
      ...(request.volumesFrom.length === 0
        ? {}
        : {
            VolumesFrom: request.volumesFrom.map(
              ({ container, readOnly }) => `${container}${readOnly ? ':ro' : ''}`,
            ),
          }),
    },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        endpoints.map(({ networkName, settings }) => [networkName, endpointBody(settings, apiVersion, true)]),
      ),
    },
  };
}

/** In the kernel's spelling, as docker compose sends them: the engine takes both and shows what it was sent. */
function capabilities({ CapAdd, CapDrop }: HostConfig): Pick<HostConfig, 'CapAdd' | 'CapDrop'> {
  const spell = (names: readonly string[]) => names.map((name) => (name === 'ALL' ? name : `CAP_${name}`));
  return {
    ...(CapAdd === undefined ? {} : { CapAdd: spell(CapAdd) }),
    ...(CapDrop === undefined ? {} : { CapDrop: spell(CapDrop) }),
  };
}

/** A binding of a port that is not exposed as well is ignored without a word (measured on 20.10 and 28.5). */
function exposedPorts(config: ContainerConfig, host: HostConfig): Pick<ContainerConfig, 'ExposedPorts'> {
  const bound = Object.keys(host.PortBindings ?? {}).map((port) => [port, {}] as const);
  const all = { ...Object.fromEntries(bound), ...config.ExposedPorts };
  return Object.keys(all).length === 0 ? {} : { ExposedPorts: all };
}

/** `EndpointConfig` of connect and create. `atCreate`: a MAC address is honoured only there (1.44 to 1.53). */
export function endpointBody(settings: EndpointSettings, apiVersion: string, atCreate: boolean): Body {
  const macHonoured = compareApiVersions(apiVersion, atCreate ? '1.44' : '1.54') >= 0;
  const ipam = {
    ...(settings.ipv4Address === undefined ? {} : { IPv4Address: settings.ipv4Address }),
    ...(settings.ipv6Address === undefined ? {} : { IPv6Address: settings.ipv6Address }),
    ...(settings.linkLocalIps.length === 0 ? {} : { LinkLocalIPs: settings.linkLocalIps }),
  };
  return {
    Aliases: settings.aliases,
    ...(settings.links === undefined || settings.links.length === 0 ? {} : { Links: settings.links }),
    ...(Object.keys(ipam).length === 0 ? {} : { IPAMConfig: ipam }),
    ...(Object.keys(settings.driverOpts).length === 0 ? {} : { DriverOpts: settings.driverOpts }),
    ...(macHonoured && settings.macAddress !== undefined ? { MacAddress: settings.macAddress } : {}),
    ...(settings.gwPriority !== undefined && compareApiVersions(apiVersion, '1.48') >= 0
      ? { GwPriority: settings.gwPriority }
      : {}),
  };
}

/** `POST /networks/create`. CheckDuplicate is needed up to API 1.43 and ignored after. */
export function networkBody(
  network: DesiredNetwork,
  labels: Readonly<Record<string, string>>,
  apiVersion: string,
): Body {
  return {
    Name: network.name,
    CheckDuplicate: true,
    Driver: network.driver,
    Internal: network.internal,
    Attachable: network.attachable,
    ...(network.enableIPv4 !== undefined && compareApiVersions(apiVersion, '1.48') >= 0
      ? { EnableIPv4: network.enableIPv4 }
      : {}),
    EnableIPv6: network.enableIPv6,
    IPAM: {
      Driver: network.ipamDriver,
      ...(Object.keys(network.ipamOptions).length === 0 ? {} : { Options: network.ipamOptions }),
      Config: network.pools.map(poolBody),
    },
    Options: network.options,
    Labels: { ...network.labels, ...labels },
  };
}

/** `POST /volumes/create`. */
export function volumeBody(volume: DesiredVolume, labels: Readonly<Record<string, string>>): Body {
  return {
    Name: volume.name,
    Driver: volume.driver,
    DriverOpts: volume.options,
    Labels: { ...volume.labels, ...labels },
  };
}

/**
 * `POST /containers/{id}/update`. With a memory limit alone the engine refuses any that exceeds the swap limit it has,
 * which it set itself to twice the old memory at creation, and each one where swap is unlimited (409, measured on 20.10
 * and 28.5). So the engine's own default for the new limit goes along.
 */
export function updateBody(resources: Resources, restartPolicy: RestartPolicy | undefined): Body {
  const memory = resources.Memory ?? 0;
  const isSwapOpen = memory > 0 && resources.MemorySwap === undefined;
  return {
    ...resourcesBody(resources),
    ...(isSwapOpen ? { MemorySwap: 2 * memory } : {}),
    ...(restartPolicy === undefined ? {} : { RestartPolicy: restartPolicyBody(restartPolicy) }),
  };
}

function resourcesBody(resources: Resources): Body {
  return Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== undefined));
}

function restartPolicyBody(policy: RestartPolicy): Body {
  return {
    Name: policy.Name,
    MaximumRetryCount: policy.Name === 'on-failure' ? policy.MaximumRetryCount : 0,
  };
}

/**
 * NetworkMode is the primary network's name, not its id: it is kept when that network is made again under
 * the same name.
 */
function networkModeOf(request: ContainerRequest): string {
  const mode = request.container.networkMode;
  switch (mode.kind) {
    case 'networks':
      return primaryEndpoint(request)?.networkName ?? 'none';
    case 'shared':
      return `container:${request.networkContainer ?? ''}`;
    case 'host':
    case 'none':
    case 'bridge':
      return mode.kind;
  }
}

/** The endpoint that NetworkMode names, and the only one given at creation below API 1.44. */
function primaryEndpoint(request: ContainerRequest): ContainerRequest['endpoints'][number] | undefined {
  const mode = request.container.networkMode;
  const named =
    mode.kind === 'networks' && request.endpoints.find((endpoint) => endpoint.networkName === mode.primary);
  return named || request.endpoints[0];
}

/** Volumes that nobody named, under the names the plan gave them: a recreate then keeps their data. */
function anonymousMounts(request: ContainerRequest): MountConfig[] {
  return Object.entries(request.anonymousVolumes).map(([target, source]) => ({
    Type: 'volume',
    Source: source,
    Target: target,
  }));
}

function poolBody(pool: IpamPool): Body {
  return {
    ...(pool.subnet === undefined ? {} : { Subnet: pool.subnet }),
    ...(pool.ipRange === undefined ? {} : { IPRange: pool.ipRange }),
    ...(pool.gateway === undefined ? {} : { Gateway: pool.gateway }),
    ...(Object.keys(pool.auxAddresses).length === 0 ? {} : { AuxiliaryAddresses: pool.auxAddresses }),
  };
}
