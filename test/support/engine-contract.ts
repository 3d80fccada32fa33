import { describe, onTestFinished } from 'vitest';
import { containerChangeContract } from './contract/container-changes.ts';
import { containerContract } from './contract/containers.ts';
import { endpointContract } from './contract/endpoints.ts';
import { eventContract } from './contract/events.ts';
import { keptAddressContract, networkContract } from './contract/networks.ts';
import { guardContract, ownershipContract } from './contract/ownership.ts';
import { probeContract } from './contract/probes.ts';
import { volumeContract } from './contract/volumes.ts';
import type { ContractWorld } from './contract/world.ts';

/** What every engine behind the port must do, real or simulated. */
export function engineContract(
  name: string,
  make: () => ContractWorld,
  isThere: () => boolean = () => true,
): void {
  const worldOf = (): ContractWorld => {
    const world = make();
    onTestFinished(() => world.dispose());
    return world;
  };
  describe.skipIf(!isThere())(`${name} as an engine`, () => {
    containerContract(worldOf);
    containerChangeContract(worldOf);
    networkContract(worldOf);
    keptAddressContract(worldOf);
    endpointContract(worldOf);
    volumeContract(worldOf);
    ownershipContract(worldOf);
    guardContract(worldOf);
    eventContract(worldOf);
    probeContract(worldOf);
  });
}
