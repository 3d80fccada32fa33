import { Chance } from '../simulation/chance.ts';

/** A network to make. */
export interface NetworkPlan {
  readonly name: string;
  readonly internal: boolean;
  readonly icc: boolean;
  readonly masquerade: boolean;
  /** Only where the engine knows it. */
  readonly gatewayMode: string | undefined;
  /** A ULA /64, without its length. */
  readonly ipv6: string | undefined;
}

export interface PublicationPlan {
  readonly hostIp: '0.0.0.0' | '127.0.0.1' | '';
  readonly hostPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** A container to make; it listens on `PortPlan.listens` by TCP, and by UDP nowhere, which is told by ICMP. */
export interface ContainerPlan {
  readonly name: string;
  /** On one of its own: which networks, by index; the engine's own bridge is -1. */
  readonly namespace: readonly number[] | 'host' | 'none' | { readonly sharedWith: number };
  readonly publications: readonly PublicationPlan[];
}

export interface TopologyPlan {
  readonly seed: number;
  readonly networks: readonly NetworkPlan[];
  readonly containers: readonly ContainerPlan[];
  /** What every container listens on. */
  readonly port: number;
}

/** One of many topologies; the same for the same seed. Names and ports are told apart by the seed. */
export function randomTopology(seed: number, knows: { readonly gatewayModes: boolean }): TopologyPlan {
  const chance = new Chance(seed);
  const port = 20_000 + chance.int(0, 8_000);
  const networks = Array.from({ length: chance.int(1, 4) }, (_, index) => network(chance, index, knows));
  const containers: ContainerPlan[] = [];
  const count = chance.int(3, 6);
  for (let index = 0; index < count; index += 1)
    containers.push(container(chance, index, { networks, containers }));
  return { seed, networks, containers, port };
}

function network(chance: Chance, index: number, knows: { readonly gatewayModes: boolean }): NetworkPlan {
  const internal = chance.isSo(0.35);
  const modes = ['nat', 'nat-unprotected', 'routed', ...(internal ? ['isolated', 'isolated'] : [])];
  return {
    name: `n${index}`,
    internal,
    icc: !chance.isSo(0.3),
    masquerade: !chance.isSo(0.15),
    gatewayMode: knows.gatewayModes && chance.isSo(0.4) ? chance.pick(modes) : undefined,
    ipv6: chance.isSo(0.25)
      ? `fd${chance.int(16, 255).toString(16)}:${chance.int(1, 65_535).toString(16)}:${chance.int(1, 65_535).toString(16)}:1::`
      : undefined,
  };
}

interface SoFar {
  readonly networks: readonly NetworkPlan[];
  readonly containers: readonly ContainerPlan[];
}

function container(chance: Chance, index: number, { networks, containers }: SoFar): ContainerPlan {
  const name = `c${index}`;
  const isHostTaken = containers.some(({ namespace }) => namespace === 'host');
  const dice = chance.next();
  const owners = containers.flatMap(({ namespace }, each) => (Array.isArray(namespace) ? [each] : []));
  if (dice < 0.07 && !isHostTaken) return { name, namespace: 'host', publications: [] };
  if (dice < 0.12) return { name, namespace: 'none', publications: [] };
  if (dice < 0.24 && owners.length > 0) {
    return { name, namespace: { sharedWith: chance.pick(owners) }, publications: [] };
  }
  if (dice < 0.32) return { name, namespace: [-1], publications: publications(chance, index) };
  const chosen = networks.flatMap((_, each) => (chance.isSo(0.5) ? [each] : []));
  const namespace = chosen.length === 0 ? [chance.int(0, networks.length - 1)] : chosen;
  return { name, namespace, publications: publications(chance, index) };
}

function publications(chance: Chance, index: number): readonly PublicationPlan[] {
  return (['tcp', 'udp'] as const)
    .filter((protocol) => chance.isSo(protocol === 'tcp' ? 0.4 : 0.15))
    .map((protocol) => ({
      hostIp: chance.pick(['0.0.0.0', '127.0.0.1', ''] as const),
      hostPort: 25_000 + chance.int(0, 450) * 10 + index,
      protocol,
    }));
}
