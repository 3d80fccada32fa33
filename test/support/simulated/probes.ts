import { Failure } from '../../../src/model/failure.ts';
import type { Probe, ProbeRequest, ProbeResult } from '../../../src/model/probe.ts';
import { usersOf } from './networks.ts';
import type { SimContainer, SimNetwork } from './objects.ts';
import type { World } from './world.ts';

const isUp = ({ state }: SimContainer) => state === 'running' || state === 'paused';
const iccIsOff = ({ spec }: SimNetwork) => spec.options['com.docker.network.bridge.enable_icc'] === 'false';
const result = (outcome: ProbeResult['outcome'], addresses: readonly string[] = []): ProbeResult => ({
  outcome,
  addresses,
  detail: '',
});

/** Nothing listens in a simulated container: what can be reached refuses. */
export function probe(world: World, source: SimContainer | undefined, request: ProbeRequest): ProbeResult[] {
  if (source !== undefined && !isUp(source)) {
    throw new Failure('conflict', `probe from container ${source.name}: it does not run`, { status: 409 });
  }
  if (request.image !== undefined && world.image(request.image) === undefined) {
    throw new Failure('invalid', `the engine does not have the probe image ${request.image}`, {
      status: 404,
    });
  }
  return request.probes.map((each) => ask(world, source, each));
}

function ask(world: World, source: SimContainer | undefined, each: Probe): ProbeResult {
  switch (each.kind) {
    case 'tcp':
    case 'udp':
      return result(reaches(world, source, each.host) ? 'refused' : 'timeout');
    case 'name':
      return resolve(world, source, each.name);
    case 'route':
      return route(world, source, each.family);
  }
}

const networksOf = (world: World, container: SimContainer): readonly SimNetwork[] =>
  [...world.networks.values()].filter((network) => usersOf(world, network).includes(container));

function reaches(world: World, source: SimContainer | undefined, host: string): boolean {
  if (host === '127.0.0.1' || host === '::1' || source === undefined) return true;
  return networksOf(world, source).some(
    (network) =>
      network.pools.some(({ gateway }) => gateway === host) ||
      usersOf(world, network).some(
        (user) =>
          isUp(user) &&
          user.endpoints.get(network.name)?.address === host &&
          (user === source || !iccIsOff(network)),
      ),
  );
}

function resolve(world: World, source: SimContainer | undefined, name: string): ProbeResult {
  if (source === undefined) return result('no-such-name');
  const addresses = networksOf(world, source)
    .filter((network) => network.name !== 'bridge')
    .flatMap((network) =>
      usersOf(world, network)
        .filter(isUp)
        .flatMap((user) => {
          const endpoint = user.endpoints.get(network.name);
          const isIt = user.name === name || endpoint?.settings.aliases.includes(name) === true;
          return isIt ? (endpoint?.address ?? []) : [];
        }),
    );
  return addresses.length === 0 ? result('no-such-name') : result('resolved', addresses);
}

/** 20.10 gives one to containers of internal networks too (compose-and-engine 4.4). */
function route(world: World, source: SimContainer | undefined, family: 4 | 6): ProbeResult {
  if (source === undefined || family === 6) return result(source === undefined ? 'route' : 'no-route');
  const ways = networksOf(world, source)
    .filter(({ spec }) => !spec.internal || world.profile === '20.10')
    .flatMap(({ pools }) => pools.flatMap(({ gateway }) => gateway ?? []));
  return ways[0] === undefined ? result('no-route') : result('route', [ways[0]]);
}
