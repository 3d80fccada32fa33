import { cleanPath } from '../../model/clean-path.ts';
import type { IpamPool } from '../../model/desired.ts';
import { COMPOSE, OURS } from '../../model/labels.ts';
import { containerId, imageId, networkId } from '../../model/names.ts';
import type { ObservedImage, ObservedNetwork, ObservedVolume, OtherContainer } from '../../model/observed.ts';
import { ownerOf } from './ownership.ts';
import type { WireContainerSummary, WireImage, WireNetwork, WireVolume } from './wire.ts';
import { containerState, filled, hasTest, timeMs, withoutSlash } from './wire-values.ts';

type Labels = Readonly<Record<string, string>>;

/** A container as the list shows it: as far as it can be in the way. */
export function otherContainer(
  wire: WireContainerSummary,
  instance: string,
  imageLabels: Labels,
): OtherContainer {
  const ports = (wire.Ports ?? []).filter((port) => port.PublicPort !== undefined);
  return {
    ...ownerOf(wire.Labels ?? {}, imageLabels, instance),
    id: containerId(wire.Id),
    name: ownName(wire.Names ?? []),
    state: containerState(wire.State),
    ports: ports.map((port) => ({
      hostIp: port.IP ?? '',
      hostPort: String(port.PublicPort),
      containerPort: port.PrivatePort ?? 0,
      protocol: port.Type ?? 'tcp',
    })),
    networks: Object.keys(wire.NetworkSettings?.Networks ?? {}),
    volumes: (wire.Mounts ?? []).flatMap((mount) =>
      mount.Type === 'volume' && mount.Name !== undefined ? [mount.Name] : [],
    ),
    mountTargets: (wire.Mounts ?? []).flatMap(({ Destination }) => Destination ?? []),
  };
}

/** A network of the list, whoever made it. */
export function observedNetwork(wire: WireNetwork, instance: string): ObservedNetwork {
  const labels = wire.Labels ?? {};
  return {
    ...ownerOf(labels, {}, instance),
    id: networkId(wire.Id),
    name: wire.Name,
    key: labels[COMPOSE.network],
    driver: wire.Driver ?? '',
    scope: wire.Scope ?? 'local',
    options: wire.Options ?? {},
    internal: wire.Internal ?? false,
    attachable: wire.Attachable ?? false,
    // Not told before API 1.48, where every network has IPv4.
    enableIPv4: wire.EnableIPv4 ?? true,
    enableIPv6: wire.EnableIPv6 ?? false,
    ipamDriver: wire.IPAM?.Driver ?? 'default',
    ipamOptions: wire.IPAM?.Options ?? {},
    pools: (wire.IPAM?.Config ?? []).map(
      (pool): IpamPool => ({
        ...(filled(pool.Subnet) ? { subnet: pool.Subnet } : {}),
        ...(filled(pool.IPRange) ? { ipRange: pool.IPRange } : {}),
        ...(filled(pool.Gateway) ? { gateway: withoutPrefixLength(pool.Gateway) } : {}),
        auxAddresses: pool.AuxiliaryAddresses ?? {},
      }),
    ),
    labels,
    specHash: labels[OURS.specHash],
    createdAtMs: timeMs(wire.Created) ?? 0,
  };
}

/** A volume of the list, whoever made it. */
export function observedVolume(wire: WireVolume, instance: string): ObservedVolume {
  const labels = wire.Labels ?? {};
  return {
    ...ownerOf(labels, {}, instance),
    name: wire.Name,
    key: labels[COMPOSE.volume],
    driver: wire.Driver ?? 'local',
    options: wire.Options ?? {},
    labels,
    specHash: labels[OURS.specHash],
  };
}

/** An inspected image, under the reference that it was asked for by. */
export function observedImage(wire: WireImage, ref: string): ObservedImage {
  return {
    id: imageId(wire.Id),
    ref,
    volumes: volumePaths(Object.keys(wire.Config?.Volumes ?? {})),
    hasHealthcheck: hasTest(wire.Config?.Healthcheck?.Test),
    exposedPorts: Object.keys(wire.Config?.ExposedPorts ?? {}).sort(),
    labels: wire.Config?.Labels ?? {},
    repoDigests: wire.RepoDigests ?? [],
    createdAtMs: timeMs(wire.Created) ?? 0,
  };
}

/**
 * Paths as the engine mounts them, whatever an image's VOLUME lines say: `/data/`, `//data` and `data` are all one
 * (measured on 28.5, where the last one can be mounted on by no other spelling than `/data`).
 */
export function volumePaths(written: readonly string[]): readonly string[] {
  return [...new Set(written.map((path) => cleanPath(`/${path}`)))].sort();
}

/** A container that others link to has further names with two slashes. */
function ownName(names: readonly string[]): string {
  const own = names.find((name) => !name.slice(1).includes('/')) ?? names[0] ?? '';
  return withoutSlash(own);
}

/** IPv6 gateways that the engine chose itself read back as `fd00::1/64` on 20.10. */
function withoutPrefixLength(address: string): string {
  return address.split('/', 1)[0] ?? address;
}
