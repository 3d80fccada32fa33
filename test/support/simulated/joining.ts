import { join, refuseAddress, refuseSubnetless, refuseTakenAddress, theOnly } from './networks.ts';
import type { SimContainer, SimEndpoint, SimNetwork } from './objects.ts';
import { refusal } from './refusal.ts';
import type { World } from './world.ts';

/** Joins the networks of a container that is to start, as `publish` does with its ports; throws as the engine does. */
export function joinNetworks(world: World, container: SimContainer, publish: () => void = () => {}): void {
  refuseToShare(world, container);
  if (container.networkMode.startsWith('container:')) return;
  const inOrder = [...container.endpoints.values()].sort(
    (a, b) =>
      Number(b.networkName === container.networkMode) - Number(a.networkName === container.networkMode),
  );
  let hasSandbox = world.profile === '28';
  let isPublished = false;
  try {
    refuseMissingMode(world, container);
    for (const endpoint of inOrder) {
      const network = networkOf(world, endpoint);
      refuseSubnetless(network, endpoint.settings);
      refuseAddress(world, network, endpoint.settings);
      refuseTakenAddress(world, network, container, endpoint.settings);
      container.endpoints.set(endpoint.networkName, join(world, network, endpoint));
      hasSandbox = true;
      if (!isPublished) publish();
      isPublished = true;
      world.emitAttachment('connect', network, container.id);
    }
  } catch (thrown) {
    if (hasSandbox) leaveAfterFailure(world, container);
    throw thrown;
  }
}

/** After a start that failed: all networks are left that are there, also those that were never joined. */
export function leaveAfterFailure(world: World, container: SimContainer): void {
  for (const endpoint of container.endpoints.values()) {
    endpoint.address = undefined;
    const { networkId, networkName } = endpoint;
    const [network] =
      networkId === undefined ? world.networksNamed(networkName) : [world.networks.get(networkId)];
    if (network !== undefined) world.emitAttachment('disconnect', network, container.id);
  }
}

/** The process is gone: nobody has its addresses any more. */
export function leaveNetworks(world: World, container: SimContainer): void {
  for (const endpoint of container.endpoints.values()) {
    endpoint.address = undefined;
    const { networkId, networkName } = endpoint;
    if (networkId !== undefined)
      world.emitAttachment('disconnect', { id: networkId, name: networkName }, container.id);
  }
}

function networkOf(world: World, endpoint: SimEndpoint): SimNetwork {
  const { networkId, networkName } = endpoint;
  const network = networkId === undefined ? theOnly(world, networkName) : world.networks.get(networkId);
  if (network === undefined) throw refusal(404, `network ${networkId ?? networkName} not found`);
  return network;
}

/** Whose network is shared has to run. */
export function refuseToShare(world: World, { networkMode }: SimContainer): void {
  if (!networkMode.startsWith('container:')) return;
  const id = networkMode.slice('container:'.length);
  const parent = world.container(id);
  if (parent === undefined) throw refusal(world.profile === '20.10' ? 404 : 500, `No such container: ${id}`);
  if (parent.state === 'running' || parent.state === 'paused') return;
  throw refusal(409, `cannot join network of a non running container: ${parent.id}`);
}

/** 28.5 looks for the network of the mode at every start, 20.10 does not (compose-and-engine 4.4). */
function refuseMissingMode(world: World, { networkMode: mode, endpoints }: SimContainer): void {
  const isNamed = !mode.startsWith('container:') && mode !== '' && endpoints.size > 0;
  if (world.profile === '28' && isNamed && world.networksNamed(mode).length === 0) {
    const words = `could not find a network matching network mode ${mode}: network ${mode} not found`;
    throw refusal(404, words);
  }
}
