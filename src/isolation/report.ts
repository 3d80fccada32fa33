import type { AddressPool } from './subnets.ts';
import type { Topology } from './topology.ts';

/** All that a daemon knows about who can talk to whom on its engine. */
export interface NetworkingReport {
  /** As the manifests want it, with external networks and strangers as they are. */
  readonly declared: Topology;
  /** As the engine shows it. */
  readonly observed: Topology;
  /** CIDR; what the host's own addresses and routes take. */
  readonly hostSubnets: readonly string[];
  /** Undefined: the engine does not tell of any, and uses its own. */
  readonly pools: readonly AddressPool[] | undefined;
}
