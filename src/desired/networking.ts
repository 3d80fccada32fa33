import type { ComposeServiceNetwork } from '../compose/model.ts';
import type { HostConfig } from '../model/container.ts';
import type { DesiredEndpoint, NetworkMode } from '../model/desired.ts';
import { ownValue } from '../model/own-value.ts';
import { canonicalAddress } from './addresses.ts';
import { isAtLeast } from './api-version.ts';
import type { ServiceContext } from './context.ts';
import { compareText, nonEmptyText, sortedSet } from './defined.ts';
import { linkTargets } from './links.ts';
import { namespaceRef } from './namespaces.ts';
import { checkFixedAddresses } from './static-addresses.ts';

/** Where an interface's name goes (from API 1.49). */
const INTERFACE_NAME_OPTION = 'com.docker.network.endpoint.ifname';
/** The engine's own networks, which take containers without aliases and addresses. */
const PREDEFINED: Readonly<Record<string, NetworkMode>> = {
  host: { kind: 'host' },
  none: { kind: 'none' },
  bridge: { kind: 'bridge' },
};

export interface NetworkPlan {
  readonly mode: NetworkMode;
  /** The primary one first, then in the order in which they are attached. */
  readonly endpoints: (containerName: string) => readonly DesiredEndpoint[];
  /** Links of the default bridge, the only network where they belong to the container itself. */
  readonly host: Pick<HostConfig, 'Links'>;
}

/** How the containers of a service stand in networks. */
export function networkPlan(context: ServiceContext): NetworkPlan {
  const mode = networkMode(context);
  const links = linkTargets(context);
  if (mode.kind === 'networks') {
    const keys = networkKeys(context);
    checkFixedAddresses(context);
    checkMacAddresses(context, keys);
    return {
      mode,
      endpoints: (name) =>
        keys.map((key, index) => endpoint(context, { key, name, links, isPrimary: index === 0 })),
      host: {},
    };
  }
  checkWithoutNetworks(context, mode);
  return {
    mode,
    endpoints: () => [],
    host: mode.kind === 'bridge' && links.length > 0 ? { Links: links } : {},
  };
}

function networkMode(context: ServiceContext): NetworkMode {
  const { service, path, report, request } = context;
  const given = service.network_mode ?? '';
  if (given === '') return attachedMode(context);
  const shared = namespaceRef(context, `${path}.network_mode`, given);
  if (shared !== undefined) return { kind: 'shared', with: shared };
  const predefined = PREDEFINED[given === 'default' ? 'bridge' : given];
  if (predefined !== undefined) return predefined;
  if (!/^(service|container):/.test(given)) {
    report.error(`${path}.network_mode`, {
      code: 'Unsupported',
      message: `${given} is not a network mode`,
      hint:
        given in request.project.networks
          ? `attach the service with networks: [${given}]`
          : 'use host, none, bridge, service:NAME or container:NAME, or declare a network and attach the service to it',
    });
  }
  return { kind: 'none' };
}

/** An external network that is the engine's own `host`, `none` or `bridge` is a mode and no attachment. */
function attachedMode(context: ServiceContext): NetworkMode {
  const { path, report } = context;
  const keys = networkKeys(context);
  const [first] = keys;
  if (first === undefined) return { kind: 'none' };
  const predefined = keys.filter((key) => Object.hasOwn(PREDEFINED, engineName(context, key)));
  const [own] = predefined;
  if (own === undefined) return { kind: 'networks', primary: engineName(context, first) };
  if (keys.length > 1) {
    report.error(`${path}.networks.${own}`, {
      code: 'Unsupported',
      message: `the engine's ${engineName(context, own)} network cannot be combined with other networks`,
      hint: `attach the service to it alone, or declare a bridge network of your own in its place`,
    });
  }
  return ownValue(PREDEFINED, engineName(context, own)) ?? { kind: 'none' };
}

/** Highest `priority` first, then by key: the order in which docker compose attaches them. */
function networkKeys({ service, request }: ServiceContext): readonly string[] {
  const networks = service.networks ?? {};
  return Object.keys(networks)
    .filter((key) => Object.hasOwn(request.project.networks, key))
    .sort(
      (left, right) =>
        (networks[right]?.priority ?? 0) - (networks[left]?.priority ?? 0) || compareText(left, right),
    );
}

function engineName({ request }: ServiceContext, key: string): string {
  return ownValue(request.project.networks, key)?.name ?? key;
}

interface Place {
  readonly key: string;
  /** The container's own name, by which its peers may know it. */
  readonly name: string;
  readonly links: readonly string[];
  readonly isPrimary: boolean;
}

function endpoint(context: ServiceContext, { key, name, links, isPrimary }: Place): DesiredEndpoint {
  const given: ComposeServiceNetwork = ownValue(context.service.networks, key) ?? {};
  const ifname = given.interface_name;
  return {
    network: key,
    aliases: sortedSet([context.name, name, ...(given.aliases ?? [])]),
    ipv4Address: nonEmptyText(given.ipv4_address),
    ipv6Address: canonicalAddress(nonEmptyText(given.ipv6_address)),
    linkLocalIps: sortedSet(given.link_local_ips ?? []),
    macAddress: (given.mac_address ?? (isPrimary ? context.service.mac_address : undefined))?.toLowerCase(),
    driverOpts: {
      ...given.driver_opts,
      ...(ifname === undefined ? {} : { [INTERFACE_NAME_OPTION]: ifname }),
    },
    // An older engine would show none, whatever it was asked for.
    gwPriority: isAtLeast(context.request.engine.apiVersion, '1.48')
      ? given.gw_priority || undefined
      : undefined,
    ...(links.length > 0 ? { links } : {}),
  };
}

/** Before API 1.44 only the primary network can have an address of the manifest's choosing. */
function checkMacAddresses(
  { service, path, report, request }: ServiceContext,
  keys: readonly string[],
): void {
  if (isAtLeast(request.engine.apiVersion, '1.44')) return;
  for (const key of keys.slice(1)) {
    if (service.networks?.[key]?.mac_address === undefined) continue;
    report.error(`${path}.networks.${key}.mac_address`, {
      code: 'UnsupportedByEngine',
      message: `a MAC address on a further network needs Engine API 1.44, and this engine speaks ${request.engine.apiVersion}`,
      hint: 'give this network the highest priority, or upgrade the engine to Docker 25.0',
    });
  }
}

/** What belongs to the network of another container and cannot be set here (400 by the engine). */
const SET_WHERE_SHARED = ['ports', 'hostname', 'links', 'external_links', 'extra_hosts', 'dns'] as const;

/** What the engine refuses, or drops, without networks of its own. */
function checkWithoutNetworks(context: ServiceContext, mode: NetworkMode): void {
  const { service, path, report } = context;
  const refused =
    mode.kind === 'shared' ? (['mac_address', ...SET_WHERE_SHARED] as const) : (['mac_address'] as const);
  for (const field of refused) {
    if ((service[field] ?? '').length === 0) continue;
    report.error(`${path}.${field}`, {
      code: 'ConflictingAttributes',
      message: `${field} cannot be combined with network_mode ${service.network_mode ?? mode.kind}`,
      hint:
        mode.kind === 'shared'
          ? 'set it on the service whose network is shared'
          : 'attach the service to a network of its own',
    });
  }
  if (mode.kind === 'host' && (service.ports ?? []).length > 0) {
    report.warn(`${path}.ports`, {
      code: 'IgnoredAttribute',
      message: 'ports have no effect on the network of the host',
      hint: 'take ports out: what the process listens on is reachable as it is',
    });
  }
}
