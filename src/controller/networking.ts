import { declaredTopology } from '../isolation/declared.ts';
import { observedTopology } from '../isolation/observed.ts';
import type { NetworkingReport } from '../isolation/report.ts';
import type { Topology } from '../isolation/topology.ts';
import { stackName } from '../model/names.ts';
import type { Observed } from '../model/observed.ts';
import type { Controller } from './controller.ts';
import { declaredStacks } from './declared-stacks.ts';
import { engineOf } from './push.ts';

/** Who can talk to whom: as all manifests together want it, and as the engine shows it. */
export async function networkingOf(controller: Controller, signal: AbortSignal): Promise<NetworkingReport> {
  const engine = engineOf(controller);
  const observed = await observeAll(controller, signal);
  const stacks = await declaredStacks(controller, engine, signal);
  const seen = observedTopology({ observed, stackLabels: {} });
  const wanted = declaredTopology({ stacks, surroundings: seen, engine: { apiVersion: engine.apiVersion } });
  return {
    declared: withoutLabels(wanted),
    observed: withoutLabels(seen),
    hostSubnets: observed.hostSubnets,
    pools: observed.engine.addressPools,
  };
}

/** The whole engine. No stack has an empty name: nothing but `everything` decides what is seen. */
function observeAll({ ports }: Controller, signal: AbortSignal): Promise<Observed> {
  const query = { stack: stackName(''), project: '', networkNames: [], imageRefs: [], everything: true };
  return ports.engine.observe(query, signal);
}

/** Labels are nobody's business who asks for networks, and strangers may have put anything there. */
function withoutLabels(topology: Topology): Topology {
  return {
    ...topology,
    members: topology.members.map((member) => ({ ...member, labels: {} })),
    networks: topology.networks.map((network) => ({ ...network, labels: {} })),
  };
}
