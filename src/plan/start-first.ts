import type { DesiredContainer, DesiredEndpoint, DesiredService } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { ObservedAttachment, ObservedContainer } from '../model/observed.ts';
import { chooseAddress, keepsAddresses } from './addresses.ts';
import { anonymousPaths } from './anonymous-volumes.ts';
import { fixedPorts } from './port-index.ts';
import type { NetworkState, Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/** What a replacement with `order: start-first` takes for granted of containers and networks. */

/** Two containers side by side must not fight for a port, an address or a volume. */
export function mayStartFirst(
  scope: Scope,
  { container, service }: Pick<Slot, 'container' | 'service'>,
): boolean {
  const hasAddress = container.endpoints.some(
    (endpoint) => endpoint.ipv4Address !== undefined || endpoint.ipv6Address !== undefined,
  );
  return (
    service.update.order === 'start-first' &&
    fixedPorts(container).length === 0 &&
    !hasAddress &&
    container.networkMode.kind === 'networks' &&
    !writesVolumes(scope, service, container)
  );
}

/** Its volumes are those of the container before it, the ones without a name too. */
function writesVolumes(scope: Scope, { image }: DesiredService, container: DesiredContainer): boolean {
  const known = scope.observed.images[image];
  return (
    (container.host.Mounts ?? []).some(({ Type, ReadOnly }) => Type === 'volume' && ReadOnly !== true) ||
    container.volumesFrom.some(({ readOnly }) => !readOnly) ||
    anonymousPaths(scope, container, known).length > 0 ||
    (known === undefined && hasVolumeFromImage(scope, container))
  );
}

/** What an image declared that is gone meanwhile is seen at the containers that were made from it. */
function hasVolumeFromImage(scope: Scope, container: DesiredContainer): boolean {
  const made = scope.slots.get(slotName(container.service, container.ordinal)) ?? [];
  return made
    .filter(({ specHash }) => specHash === container.specHash)
    .some(({ mounts }) => mounts.some(({ type, readOnly }) => type === 'volume' && !readOnly));
}

/**
 * Whether the names that others call lead to one container after the other: to the new one from when it is good, and to
 * the old one no more before it is stopped. That needs a network where an attachment can be made anew unnoticed.
 */
export function canHandOver(scope: Scope, slot: Pick<Slot, 'container' | 'service'>): boolean {
  const { container, service } = slot;
  // Attached again, it would be published on another port of the host.
  const isPublished =
    Object.keys(container.host.PortBindings ?? {}).length > 0 || container.host.PublishAllPorts === true;
  if (!mayStartFirst(scope, slot) || service.isJob || isPublished) return false;
  return container.endpoints.some((endpoint) => isHandedOver(scope, endpoint));
}

/** A MAC address, links and link-local addresses are not given back by every engine. */
function isHandedOver(scope: Scope, endpoint: DesiredEndpoint): boolean {
  const network = scope.networks.get(endpoint.network);
  if (network === undefined || !keepsAddresses(network)) return false;
  return (
    endpoint.macAddress === undefined &&
    endpoint.linkLocalIps.length === 0 &&
    (endpoint.links ?? []).length === 0
  );
}

/** As it is made: nobody calls it yet, and it has an address that it can keep. */
export function asUncalled(scope: Scope, container: DesiredContainer): DesiredContainer {
  const endpoints = container.endpoints.map((endpoint) => {
    const network = scope.networks.get(endpoint.network);
    if (network === undefined || !isHandedOver(scope, endpoint)) return endpoint;
    return { ...endpoint, aliases: [], ipv4Address: chooseAddress(scope, network) };
  });
  return { ...container, endpoints };
}

/** The attachments by which others call a container, in networks where they can be handed over. */
export function calledBy(
  scope: Scope,
  { container }: Pick<Slot, 'container'>,
  live: ObservedContainer,
): readonly ObservedAttachment[] {
  return handedOverOf(scope, container, live).filter((attachment) => isCalledBy(live, attachment));
}

/** True for one that runs and that others do not call any more, or not yet. */
export function isUncalled(
  scope: Scope,
  slot: Pick<Slot, 'container' | 'service'>,
  live: ObservedContainer,
): boolean {
  if (!canHandOver(scope, slot) || live.state !== 'running') return false;
  const found = handedOverOf(scope, slot.container, live);
  return found.length > 0 && found.every((attachment) => !isCalledBy(live, attachment));
}

/** Its hostname leads to every container of a service from its start, and cannot be taken away. */
const isCalledBy = (live: ObservedContainer, { aliases }: ObservedAttachment): boolean =>
  aliases.some((alias) => alias !== live.madeFrom.config['Hostname']);

function handedOverOf(
  scope: Scope,
  container: DesiredContainer,
  live: ObservedContainer,
): readonly ObservedAttachment[] {
  const networks: readonly NetworkState[] = container.endpoints
    .filter((endpoint) => isHandedOver(scope, endpoint))
    .flatMap((endpoint) => scope.networks.get(endpoint.network) ?? []);
  return live.attachments.filter(({ networkId }) =>
    networks.some((network) => networkId !== undefined && network.live?.id === networkId),
  );
}
