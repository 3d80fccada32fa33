import type { DesiredNetwork, DesiredVolume } from '../model/desired.ts';
import type { Observed } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import type { NetworkStatus, VolumeStatus } from '../model/status.ts';

const ICC_OPTION = 'com.docker.network.bridge.enable_icc';

/** The networks of a manifest as they are on the engine. */
export function networkStatuses(
  networks: readonly DesiredNetwork[],
  observed: Observed,
  plan: Plan,
): readonly NetworkStatus[] {
  return networks.map((desired) => {
    const live = observed.networks.find((network) => network.name === desired.name);
    const inspected = observed.containers.filter((container) =>
      container.attachments.some((attachment) => attachment.networkName === desired.name),
    );
    const listed = observed.others.filter((other) => other.networks.includes(desired.name));
    return {
      name: desired.name,
      key: desired.key,
      driver: live?.driver ?? desired.driver,
      subnets: (live?.pools ?? desired.pools).flatMap((pool) => pool.subnet ?? []),
      internal: live?.internal ?? desired.internal,
      icc: (live?.options ?? desired.options)[ICC_OPTION] !== 'false',
      external: desired.external,
      state:
        live === undefined ? 'Missing' : isTouched(plan, 'network', desired.name) ? 'Drifted' : 'Present',
      attached: inspected.length + listed.length,
    };
  });
}

/** The volumes of a manifest as they are on the engine. */
export function volumeStatuses(
  volumes: readonly DesiredVolume[],
  observed: Observed,
  plan: Plan,
): readonly VolumeStatus[] {
  return volumes.map((desired) => {
    const live = observed.volumes.find((volume) => volume.name === desired.name);
    return {
      name: desired.name,
      key: desired.key,
      driver: live?.driver ?? desired.driver,
      external: desired.external,
      state: live === undefined ? 'Missing' : isTouched(plan, 'volume', desired.name) ? 'Drifted' : 'Present',
    };
  });
}

function isTouched(plan: Plan, kind: 'network' | 'volume', name: string): boolean {
  return [...plan.steps, ...(plan.withheld ?? []), ...plan.blockers].some(
    (each) => each.target.kind === kind && each.target.name === name,
  );
}
