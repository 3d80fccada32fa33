import type { ComposeNetwork } from '../compose/model.ts';
import type { DesiredNetwork, IpamPool } from '../model/desired.ts';
import { canonicalAddress, canonicalSubnet } from './addresses.ts';
import { isAtLeast } from './api-version.ts';
import type { ResolveRequest } from './context.ts';
import { nonEmptyText, sortedBy } from './defined.ts';
import { checkDriverOptions } from './driver-options.ts';
import { canonicalJson, specHash } from './hash.ts';
import { checkName, ownLabels } from './names.ts';
import type { Report } from './report.ts';

/** The engine's own; they exist, and cannot be made or changed. */
const PREDEFINED_NAMES: readonly string[] = ['bridge', 'host', 'none'];

/** The networks of a stack, sorted by key: those that the Compose room left, attached to or not. */
export function resolveNetworks(request: ResolveRequest, report: Report): readonly DesiredNetwork[] {
  const networks = sortedBy(Object.entries(request.project.networks), ([key]) => key).map(([key, network]) =>
    resolveNetwork(request, report, { key, network }),
  );
  checkNames(networks, report);
  return networks;
}

interface NamedNetwork {
  readonly key: string;
  readonly network: ComposeNetwork;
}

function resolveNetwork(
  request: ResolveRequest,
  report: Report,
  { key, network }: NamedNetwork,
): DesiredNetwork {
  const path = `networks.${key}`;
  const driver = nonEmptyText(network.driver) ?? 'bridge';
  const options = network.driver_opts ?? {};
  const pools = sortedBy((network.ipam?.config ?? []).map(toPool), canonicalJson);
  const resolved = {
    driver,
    options,
    internal: network.internal ?? false,
    attachable: network.attachable ?? false,
    // IPv4 is on unless told otherwise, on every engine.
    enableIPv4: network.enable_ipv4 === false ? false : undefined,
    enableIPv6: network.enable_ipv6 ?? false,
    ipamDriver: nonEmptyText(network.ipam?.driver) ?? 'default',
    ipamOptions: network.ipam?.options ?? {},
    pools,
    labels: ownLabels(network.labels, `${path}.labels`, report),
  };
  const external = network.external === true;
  checkName(network.name, { path: `${path}.name`, report, strict: false });
  if (!external) {
    checkDriver(request, report, { key, network });
    checkDriverOptions(driver, options, { path: `${path}.driver_opts`, engine: request.engine, report });
    checkIPv6(request, report, path, resolved);
  }
  return {
    key,
    name: network.name,
    external,
    ...resolved,
    specHash: specHash(external ? { external, name: network.name } : resolved),
  };
}

function toPool(config: NonNullable<NonNullable<ComposeNetwork['ipam']>['config']>[number]): IpamPool {
  return {
    subnet: canonicalSubnet(nonEmptyText(config.subnet)),
    ipRange: canonicalSubnet(nonEmptyText(config.ip_range)),
    gateway: canonicalAddress(nonEmptyText(config.gateway)),
    auxAddresses: config.aux_addresses ?? {},
  };
}

/** What cannot be made on this host. */
function checkDriver(request: ResolveRequest, report: Report, { key, network }: NamedNetwork): void {
  const path = `networks.${key}`;
  const driver = network.driver ?? 'bridge';
  if (PREDEFINED_NAMES.includes(network.name)) {
    report.error(`${path}.name`, {
      code: 'ReservedName',
      message: `${network.name} is the engine's own network and cannot be made`,
      hint: 'add external: true to use it, or choose another name',
    });
  }
  if (driver === 'host' || driver === 'none' || driver === 'null') {
    report.error(`${path}.driver`, {
      code: 'Unsupported',
      message: `the engine has one ${driver} network of its own and makes no other`,
      hint: `use network_mode: ${driver === 'host' ? 'host' : 'none'}, or external: true with name: ${driver === 'host' ? 'host' : 'none'}`,
    });
  }
  if (driver === 'overlay' && !request.engine.swarmActive) {
    report.error(`${path}.driver`, {
      code: 'Unsupported',
      message: 'overlay networks join several hosts of a Swarm, and this engine is in none',
      hint: 'use the bridge driver: on one host it does the same',
    });
  }
  if (driver === 'overlay' && request.engine.swarmActive && network.attachable !== true) {
    report.error(`${path}.attachable`, {
      code: 'Unsupported',
      message: 'only an attachable overlay network takes containers that are not Swarm services',
      hint: 'add attachable: true',
    });
  }
}

/** Before Docker 27.0 the engine finds no IPv6 subnet by itself (404 on 20.10, measured). */
function checkIPv6(
  request: ResolveRequest,
  report: Report,
  path: string,
  network: Pick<DesiredNetwork, 'enableIPv6' | 'pools'>,
): void {
  const hasSubnet = network.pools.some(({ subnet }) => subnet?.includes(':'));
  if (!network.enableIPv6 || hasSubnet || isAtLeast(request.engine.apiVersion, '1.46')) return;
  report.error(`${path}.enable_ipv6`, {
    code: 'UnsupportedByEngine',
    message: `enable_ipv6 without an IPv6 subnet needs Engine API 1.46, and this engine speaks ${request.engine.apiVersion}`,
    hint: 'declare an IPv6 subnet under ipam.config, such as fd00:1::/64',
  });
}

function checkNames(networks: readonly DesiredNetwork[], report: Report): void {
  const keys = new Map<string, string>();
  for (const { key, name } of networks) {
    const other = keys.get(name);
    if (other !== undefined) {
      report.error(`networks.${key}.name`, {
        code: 'DuplicateName',
        message: `networks ${other} and ${key} are both called ${name}`,
        hint: 'give one of them another name, or use one key for both',
      });
    }
    keys.set(name, key);
  }
}
