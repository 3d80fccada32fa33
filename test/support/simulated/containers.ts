import type { ContainerRequest } from '../../../src/engine/engine.ts';
import type { MountConfig, Resources, RestartPolicy } from '../../../src/model/container.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import type { ObservedImage, ObservedMount, PublishedPort } from '../../../src/model/observed.ts';
import { die } from './life.ts';
import { connectNetwork, joinNetworks } from './networks.ts';
import type { SimContainer, World } from './world.ts';

const isUp = (container: SimContainer) => ['running', 'paused', 'restarting'].includes(container.state);

/** `POST /containers/create`. A network that is missing shows only at the start. */
export function createContainer(world: World, request: ContainerRequest): ContainerId {
  const { container } = request;
  const holder = world.container(request.name);
  if (holder !== undefined) {
    const words = `Conflict. The container name "/${request.name}" is already in use by container "${holder.id}"`;
    throw new Failure('conflict', words, { status: 409 });
  }
  const image = world.images.get(container.config.Image);
  if (image === undefined)
    throw new Failure('gone', `No such image: ${container.config.Image}`, { status: 404 });
  if (world.profile === '20.10' && request.endpoints.length > 1) {
    throw new Failure('invalid', 'Container cannot be connected to network endpoints', { status: 400 });
  }
  const shared = [request.networkContainer, request.ipcContainer, request.pidContainer];
  for (const id of [...shared, ...request.volumesFrom.map((from) => from.container)]) {
    if (id !== undefined && !world.containers.has(id)) {
      throw new Failure('gone', `No such container: ${id}`, { status: 404 });
    }
  }
  const made: SimContainer = {
    id: world.newContainerId(),
    name: request.name,
    labels: { ...image.labels, ...container.config.Labels, ...request.labels },
    imageRef: container.config.Image,
    imageId: image.id,
    state: 'created',
    exitCode: 0,
    error: '',
    createdAtMs: world.now(),
    startedAtMs: undefined,
    finishedAtMs: undefined,
    healthcheck: healthcheckOf(request, image),
    lastProbeAtMs: undefined,
    networkMode: networkModeOf(request),
    ipcMode: request.ipcContainer === undefined ? 'private' : `container:${request.ipcContainer}`,
    pidMode: request.pidContainer === undefined ? '' : `container:${request.pidContainer}`,
    volumesFrom: request.volumesFrom.map((from) => `${from.container}${from.readOnly ? ':ro' : ''}`),
    endpoints: new Map(),
    mounts: mountsOf(world, request, image),
    resources: container.resources,
    restartPolicy: container.restartPolicy,
    wantedPorts: wantedPorts(request),
    ports: [],
    staleBinds: [],
    files: new Map(),
    restartsAtMs: undefined,
    engineRestarts: 0,
    goneAtMs: undefined,
  };
  for (const { networkName, settings } of request.endpoints) {
    const found = world.networksNamed(networkName);
    if (found.length === 1) connectNetwork(world, networkName, made, settings);
    else made.endpoints.set(networkName, { networkId: undefined, networkName, settings, address: undefined });
  }
  world.containers.set(made.id, made);
  world.emitContainer('create', made);
  return made.id;
}

/** `POST /containers/{id}/start`. A failed one leaves the state as it was, with the engine's words. */
export function startContainer(world: World, container: SimContainer): void {
  if (container.state === 'running' || container.state === 'restarting') return;
  if (container.state === 'paused')
    throw new Failure('conflict', 'cannot start a paused container', { status: 409 });
  if (container.state === 'dead' || container.state === 'removing') {
    throw new Failure('gone', 'container is marked for removal and cannot be started', { status: 409 });
  }
  try {
    refuseToStart(world, container);
    joinNetworks(world, container);
  } catch (thrown) {
    container.error = thrown instanceof Error ? thrown.message : String(thrown);
    container.exitCode = 128;
    throw thrown;
  }
  container.error = '';
  container.exitCode = 0;
  container.state = 'running';
  container.startedAtMs = world.now();
  container.engineRestarts = 0;
  container.lastProbeAtMs = undefined;
  container.staleBinds = [];
  container.ports = container.wantedPorts.map((port) =>
    port.hostPort === '' ? { ...port, hostPort: String(32_768 + (world.count() % 20_000)) } : port,
  );
  world.emitContainer('start', container);
}

/** `POST /containers/{id}/stop`; also of a paused one. */
export function stopContainer(world: World, container: SimContainer): void {
  if (!isUp(container)) return;
  container.restartsAtMs = undefined;
  die(world, container, world.behaviour(container).stopCode ?? 137, world.now(), true);
  world.emitContainer('stop', container);
}

export function restartContainer(world: World, container: SimContainer): void {
  stopContainer(world, container);
  startContainer(world, container);
}

export function pauseContainer(container: SimContainer, lastProbeAtMs: number | undefined): void {
  if (container.state !== 'running')
    throw new Failure('conflict', 'container is not running', { status: 409 });
  container.lastProbeAtMs = lastProbeAtMs;
  container.state = 'paused';
}

export function unpauseContainer(world: World, container: SimContainer): void {
  if (container.state !== 'paused') throw new Failure('refused', 'container is not paused', { status: 500 });
  container.state = 'running';
  world.emitContainer('unpause', container);
}

export function renameContainer(world: World, container: SimContainer, newName: string): void {
  const holder = world.container(newName);
  if (holder !== undefined) {
    const words = `Conflict. The container name "/${newName}" is already in use by container "${holder.id}"`;
    throw new Failure('conflict', words, { status: 409 });
  }
  container.name = newName;
  world.emitContainer('rename', container);
}

/** `POST /containers/{id}/update`: zero is "leave it" for memory and CPUs, -1 pids are no limit. */
export function updateContainer(
  world: World,
  container: SimContainer,
  resources: Resources,
  restartPolicy: RestartPolicy | undefined,
): void {
  const given = Object.entries(resources).filter(
    ([, value]) => value !== undefined && value !== 0 && value !== '',
  );
  container.resources = { ...container.resources, ...Object.fromEntries(given) };
  if (restartPolicy !== undefined) container.restartPolicy = restartPolicy;
  world.emitContainer('update', container);
}

/** `DELETE /containers/{id}?v=0`: volumes stay, also the ones nobody named. */
export function removeContainer(world: World, container: SimContainer): void {
  if (isUp(container)) {
    throw new Failure('conflict', `cannot remove container ${container.name}: container is running`, {
      status: 409,
    });
  }
  world.containers.delete(container.id);
  world.emitContainer('destroy', container);
}

function refuseToStart(world: World, container: SimContainer): void {
  const { startError } = world.behaviour(container);
  if (startError !== undefined) throw new Failure('invalid', startError, { status: 400 });
  for (const mode of [container.networkMode, container.ipcMode, container.pidMode]) {
    if (!mode.startsWith('container:')) continue;
    const parent = world.container(mode.slice('container:'.length));
    if (parent === undefined)
      throw new Failure('gone', `No such container: ${mode.slice(10)}`, { status: 404 });
    if (parent.state !== 'running') {
      const words = `cannot join network of a non running container: ${parent.id}`;
      throw new Failure('refused', words, { status: 409 });
    }
  }
  const others = [...world.containers.values()].filter((other) => other !== container && isUp(other));
  for (const port of container.wantedPorts) {
    const isTaken = others.some((other) => other.ports.some((held) => clash(held, port)));
    if (isTaken || world.hostPorts.has(`${port.hostPort}/${port.protocol}`)) {
      const words = `Bind for 0.0.0.0:${port.hostPort} failed: port is already allocated`;
      throw new Failure('conflict', words, { status: 500 });
    }
  }
}

const isAny = (ip: string) => ip === '' || ip === '0.0.0.0';
const clash = (a: PublishedPort, b: PublishedPort) =>
  b.hostPort !== '' &&
  a.hostPort === b.hostPort &&
  a.protocol === b.protocol &&
  (a.hostIp === b.hostIp || isAny(a.hostIp) || isAny(b.hostIp));

function healthcheckOf(request: ContainerRequest, image: ObservedImage): SimContainer['healthcheck'] {
  const own = request.container.config.Healthcheck;
  const isOff = own?.Test?.[0] === 'NONE';
  if (isOff || (own?.Test === undefined && !image.hasHealthcheck)) return undefined;
  return { intervalMs: (own?.Interval ?? 30e9) / 1e6, timeoutMs: (own?.Timeout ?? 30e9) / 1e6 };
}

function networkModeOf(request: ContainerRequest): string {
  const mode = request.container.networkMode;
  switch (mode.kind) {
    case 'networks':
      return (
        (request.endpoints.find((each) => each.networkName === mode.primary) ?? request.endpoints[0])
          ?.networkName ?? 'none'
      );
    case 'shared':
      return `container:${request.networkContainer ?? ''}`;
    default:
      return mode.kind;
  }
}

/** Volumes that are missing are made on the way, without labels; also those that only the image declares. */
function mountsOf(world: World, request: ContainerRequest, image: ObservedImage): readonly ObservedMount[] {
  const { host } = request.container;
  const given: MountConfig[] = [
    ...(host.Mounts ?? []),
    ...Object.entries(request.anonymousVolumes).map(([Target, Source]) => ({
      Type: 'volume' as const,
      Source,
      Target,
    })),
  ];
  const targets = new Set([...given.map((mount) => mount.Target), ...Object.keys(host.Tmpfs ?? {})]);
  const fromImage = image.volumes
    .filter((path) => !targets.has(path))
    .map((Target): MountConfig => ({ Type: 'volume', Target }));
  return [...given, ...fromImage].map((mount) => {
    const isVolume = mount.Type === 'volume';
    const name = isVolume ? (mount.Source ?? world.nextHex('anonymous')) : undefined;
    if (name !== undefined) world.addVolume({ name, driver: 'local', options: {}, labels: {} });
    return {
      type: mount.Type,
      name,
      source: mount.Source ?? '',
      target: mount.Target,
      readOnly: mount.ReadOnly === true,
    };
  });
}

function wantedPorts(request: ContainerRequest): readonly PublishedPort[] {
  return Object.entries(request.container.host.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const [port = '0', protocol = 'tcp'] = key.split('/');
    return bindings.map((binding) => ({
      hostIp: binding.HostIp,
      hostPort: binding.HostPort,
      containerPort: Number(port),
      protocol,
    }));
  });
}
