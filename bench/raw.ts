import pLimit from 'p-limit';
import type { Bench } from './bench.ts';
import { composeDocument, IMAGE, networkName, type StackShape, serviceName } from './stacks.ts';

/** The best that was found on two cores; STACKCTL_BENCH_PARALLEL tries another. */
const PARALLEL = Number(process.env['STACKCTL_BENCH_PARALLEL'] ?? 4);

/** A container of a service, as both stackctl and compose would ask the engine for it. */
export async function createContainer(
  { docker }: Bench,
  shape: StackShape,
  index: number,
  name = `${shape.name}-${serviceName(index)}-1`,
): Promise<string> {
  const network = `${shape.name}_${networkName(index % shape.networks)}`;
  const container = await docker.createContainer({
    name,
    Image: IMAGE,
    Cmd: ['sleep', '100000'],
    StopSignal: 'SIGKILL',
    Labels: { 'bench.stack': shape.name },
    HostConfig: { NetworkMode: network, RestartPolicy: { Name: 'no' } },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [serviceName(index)] } } },
  });
  return container.id;
}

/** The same creates and starts as of a first apply, and nothing else. */
export async function createStack(bench: Bench, shape: StackShape): Promise<void> {
  const { docker } = bench;
  const limit = pLimit(PARALLEL);
  const networks = Object.keys(composeDocument(shape)['networks'] as object);
  await Promise.all(
    networks.map((key) =>
      limit(() => docker.createNetwork({ Name: `${shape.name}_${key}`, Driver: 'bridge' })),
    ),
  );
  await Promise.all(
    Array.from({ length: shape.services }, (_, index) =>
      limit(async () => {
        const id = await createContainer(bench, shape, index);
        await docker.getContainer(id).start();
      }),
    ),
  );
}

/** Stops and removes containers, then networks, by name. */
export async function removeStack({ docker }: Bench, shape: StackShape): Promise<void> {
  const limit = pLimit(PARALLEL);
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`bench.stack=${shape.name}`] },
  });
  await Promise.all(
    containers.map(({ Id }) =>
      limit(async () => {
        const container = docker.getContainer(Id);
        await container.stop({ t: 0 });
        await container.remove({ v: true });
      }),
    ),
  );
  const networks = await docker.listNetworks({ filters: { name: [`${shape.name}_`] } });
  await Promise.all(networks.map(({ Id }) => limit(() => docker.getNetwork(Id).remove())));
}

/** What a look at a stack costs at least: the lists, and each container of it. */
export async function lookAtStack({ docker }: Bench, prefix: string): Promise<void> {
  const limit = pLimit(8);
  const [containers] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  const own = containers.filter(({ Names }) => Names.some((name) => name.startsWith(`/${prefix}`)));
  await Promise.all(own.map(({ Id }) => limit(() => docker.getContainer(Id).inspect())));
}
