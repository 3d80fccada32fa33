import type { DesiredContainer, DesiredStack, IpamPool } from '../../src/model/desired.ts';
import { OURS } from '../../src/model/labels.ts';
import type { SimContainer, SimEndpoint } from './simulated/objects.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

/**
 * What stands on an engine against what a stack wants, found without the planner: an independent judge of
 * convergence. Each line says what is wrong; none: all is as the manifest says.
 */
export function differences(engine: SimulatedEngine, desired: DesiredStack): readonly string[] {
  const containers = desired.services.flatMap((service) =>
    service.containers.flatMap((replica) => {
      const live = engine.world.container(replica.name);
      if (live === undefined) return [`${replica.name} is missing`];
      const isJobDone = service.isJob && live.state === 'exited' && live.exitCode === 0;
      const state = isJobDone || live.state === 'running' ? [] : [`${replica.name} is ${live.state}`];
      return [
        ...state,
        ...wrongMake(engine, replica, live),
        ...wrongMounts(replica, live),
        ...wrongNetworks(engine, desired, replica, live),
      ];
    }),
  );
  return [
    ...containers,
    ...wrongOrder(engine, desired),
    ...wrongNetworkSpecs(engine, desired),
    ...strays(engine, desired),
  ];
}

function wrongMake(
  engine: SimulatedEngine,
  replica: DesiredContainer,
  live: SimContainer,
): readonly string[] {
  const wanted = {
    spec: replica.specHash,
    env: [...(replica.config.Env ?? [])].sort(),
    image: engine.world.images.get(replica.config.Image)?.id ?? live.imageId,
    memory: replica.resources.Memory,
    restart: replica.restartPolicy.Name,
    files: Object.fromEntries(replica.files.map((file) => [file.target, file.content])),
    staleBinds: [],
  };
  const found = {
    spec: live.labels[OURS.specHash],
    env: [...(live.request.container.config.Env ?? [])].sort(),
    image: live.imageId,
    memory: live.resources.Memory,
    restart: live.restartPolicy.Name,
    files: Object.fromEntries(live.files),
    staleBinds: live.staleBinds,
  };
  return difference(replica.name, wanted, found);
}

/** Each mount that is wanted is there, and from the right volume where it has a name. */
function wrongMounts(replica: DesiredContainer, live: SimContainer): readonly string[] {
  const wanted = [
    ...(replica.host.Mounts ?? []).map((mount) => ({ target: mount.Target, source: mount.Source })),
    ...replica.anonymousVolumes.map((target) => ({ target, source: undefined })),
  ];
  return wanted
    .filter(({ target, source }) => {
      const found = live.mounts.find((mount) => mount.target === target);
      return found === undefined || (source !== undefined && ![found.name, found.source].includes(source));
    })
    .map(({ target }) => `${replica.name}: nothing, or another thing, is mounted at ${target}`);
}

function wrongNetworks(
  engine: SimulatedEngine,
  desired: DesiredStack,
  replica: DesiredContainer,
  live: SimContainer,
): readonly string[] {
  const mode = replica.networkMode;
  if (mode.kind === 'shared' && mode.with.kind === 'service') {
    const owner = engine.world.container(`${desired.project}-${mode.with.service}-1`);
    return difference(replica.name, { mode: `container:${owner?.id}` }, { mode: live.networkMode });
  }
  const wanted = replica.endpoints.map((endpoint) => {
    const name = desired.networks.find((network) => network.key === endpoint.network)?.name ?? '';
    return { name, aliases: endpoint.aliases, address: endpoint.ipv4Address, exists: true };
  });
  // Where containers hand over to one another, the one that stands may have an address that nobody asked for.
  const order = desired.services.find(({ name }) => name === replica.service)?.update.order;
  const isKept = (name: string) =>
    order === 'start-first' && wanted.some((each) => each.name === name && each.address === undefined);
  const found = [...live.endpoints.values()].map((endpoint) => ({
    name: endpoint.networkName,
    aliases: [...endpoint.settings.aliases].sort(),
    address: isKept(endpoint.networkName) ? undefined : endpoint.settings.ipv4Address,
    exists: isThere(engine, live, endpoint),
  }));
  const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
  return difference(replica.name, wanted.sort(byName), found.sort(byName));
}

/** One that was attached while it was stopped has a network by its name only, until it is started. */
function isThere({ world }: SimulatedEngine, live: SimContainer, endpoint: SimEndpoint): boolean {
  const { networkId, networkName } = endpoint;
  if (networkId !== undefined) return world.networks.has(networkId);
  return live.state !== 'running' && world.networksNamed(networkName).length > 0;
}

/** Who is to be restarted with another runs no longer than it. */
function wrongOrder(engine: SimulatedEngine, desired: DesiredStack): readonly string[] {
  const startedAt = (name: string) => engine.world.container(name)?.startedAtMs ?? 0;
  return desired.services.flatMap((service) =>
    service.dependsOn
      .filter((dependency) => dependency.restart)
      .flatMap((dependency) => {
        const owner = desired.services.find((each) => each.name === dependency.service);
        const owners = (owner?.containers ?? []).filter(
          (each) => engine.world.container(each.name)?.state === 'running',
        );
        const latest = Math.max(0, ...owners.map((each) => startedAt(each.name)));
        return service.containers
          .filter((replica) => engine.world.container(replica.name)?.state === 'running')
          .filter((replica) => startedAt(replica.name) < latest)
          .map((replica) => `${replica.name} was started before ${dependency.service}`);
      }),
  );
}

function wrongNetworkSpecs(engine: SimulatedEngine, desired: DesiredStack): readonly string[] {
  return desired.networks
    .filter((each) => !each.external)
    .flatMap((network) => {
      const found = engine.world.networksNamed(network.name);
      const wanted = [
        { internal: network.internal, options: network.options, pools: network.pools, owner: desired.name },
      ];
      const seen = found.map((each) => ({
        internal: each.spec.internal,
        options: each.spec.options,
        pools:
          network.pools.length === 0 ? [] : each.pools.map((pool, at) => asWanted(pool, network.pools[at])),
        owner: each.labels[OURS.stack],
      }));
      return difference(network.name, wanted, seen);
    });
}

/** A gateway that nobody asked for is the engine's: it shows it after its next start. */
function asWanted(pool: IpamPool, wanted: IpamPool | undefined): IpamPool {
  const { gateway: _, ...rest } = pool;
  return wanted?.gateway === undefined ? rest : pool;
}

function strays(engine: SimulatedEngine, desired: DesiredStack): readonly string[] {
  const wanted = new Set(
    desired.services.flatMap((service) => service.containers.map((replica) => replica.name)),
  );
  return [...engine.world.containers.values()]
    .filter((live) => live.labels[OURS.stack] === desired.name && !wanted.has(live.name))
    .map((live) => `${live.name} is there and not wanted`);
}

function difference(what: string, wanted: unknown, found: unknown): readonly string[] {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  return a === b ? [] : [`${what}: ${a} instead of ${b}`];
}
