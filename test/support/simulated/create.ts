import { volumePaths } from '../../../src/engine/docker/responses.ts';
import type { ContainerRequest } from '../../../src/engine/engine.ts';
import { cleanPath } from '../../../src/model/clean-path.ts';
import type { MountConfig, Resources } from '../../../src/model/container.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import type { ObservedImage, ObservedMount, PublishedPort } from '../../../src/model/observed.ts';
import { attachStopped } from './networks.ts';
import type { SimContainer } from './objects.ts';
import { processOf, trapsOf } from './process.ts';
import { refusal } from './refusal.ts';
import { createVolume } from './volumes.ts';
import type { World } from './world.ts';

/** `POST /containers/create`. A network that is missing shows only at the start. */
export function createContainer(world: World, request: ContainerRequest): ContainerId {
  const { container } = request;
  refuseName(world, request.name);
  const image = world.image(container.config.Image);
  if (image === undefined) throw refusal(404, `No such image: ${container.config.Image}`);
  if (world.profile === '20.10' && request.endpoints.length > 1) {
    throw refusal(400, 'Container cannot be connected to network endpoints');
  }
  refuseStrangers(world, request);
  const made: SimContainer = {
    id: world.newContainerId(),
    name: request.name,
    labels: { ...image.labels, ...container.config.Labels, ...request.labels },
    hostname: container.config.Hostname,
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
    ipcMode:
      request.ipcContainer === undefined
        ? (container.host.IpcMode ?? 'private')
        : `container:${request.ipcContainer}`,
    pidMode: request.pidContainer === undefined ? '' : `container:${request.pidContainer}`,
    volumesFrom: request.volumesFrom.map((from) => `${from.container}${from.readOnly ? ':ro' : ''}`),
    endpoints: new Map(),
    mounts: mountsOf(world, request, image),
    inheritedVolumes: inheritedVolumes(world, request),
    resources: withSwap(container.resources),
    restartPolicy: container.restartPolicy,
    wantedPorts: wantedPorts(request),
    ports: [],
    staleBinds: [],
    files: new Map(),
    request,
    process: processOf(container.config.Cmd ?? [], container.config.Healthcheck?.Test),
    traps: trapsOf(container.config.Cmd ?? []),
    stopSignal: container.config.StopSignal,
    isRestartCanceled: false,
    restartsAtMs: undefined,
    restartDelayMs: 0,
    engineRestarts: 0,
    goneAtMs: undefined,
    isStoppedByHand: false,
    frozenHealth: undefined,
    saidHealth: 'starting',
  };
  const isPredefined = ['bridge', 'host', 'none'].includes(made.networkMode);
  if (isPredefined && request.endpoints.length === 0) joinPredefined(made);
  for (const { networkName, settings } of request.endpoints) {
    attachStopped(world, networkName, made, settings);
  }
  world.containers.set(made.id, made);
  world.emitContainer('create', made);
  return made.id;
}

/** A name belongs to one container, whatever its state. */
export function refuseName(world: World, name: string): void {
  const holder = world.container(name);
  if (holder === undefined) return;
  const words = `Conflict. The container name "/${name}" is already in use by container "${holder.id}"`;
  throw refusal(409, words);
}

/** Whose network is shared is looked up at the start; the others have to be there. */
function refuseStrangers(world: World, request: ContainerRequest): void {
  const isMissing = (id: ContainerId | undefined) => id !== undefined && !world.containers.has(id);
  const ofMissing = (id: ContainerId | undefined) => refusal(400, `No such container: ${id}`);
  for (const id of [request.ipcContainer, request.pidContainer]) if (isMissing(id)) throw ofMissing(id);
  const from = request.volumesFrom.find(({ container }) => isMissing(container));
  if (from === undefined) return;
  // This one shows only when the container has been made already.
  world.emit('container', 'destroy', '', request.name, request.stack);
  throw ofMissing(from.container);
}

/** The engine lets as much be swapped as is memory. */
export function withSwap(resources: Resources): Resources {
  const { Memory = 0, MemorySwap = 0 } = resources;
  return Memory > 0 && MemorySwap === 0 ? { ...resources, MemorySwap: 2 * Memory } : resources;
}

/** `docker inspect` shows the engine's own networks like any other. */
function joinPredefined(container: SimContainer): void {
  const networkName = container.networkMode;
  const settings = { aliases: [], linkLocalIps: [], driverOpts: {} };
  container.endpoints.set(networkName, {
    networkId: undefined,
    networkName,
    settings,
    address: undefined,
    hasHostname: false,
  });
}

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
  const places = given.map(({ Target }) => cleanPath(Target));
  const twice = places.find((target, at) => places.indexOf(target) < at);
  if (twice !== undefined) throw refusal(400, `Duplicate mount point: ${twice}`);
  const targets = new Set([...places, ...Object.keys(host.Tmpfs ?? {})]);
  const inherited = request.volumesFrom.flatMap((from) =>
    (world.containers.get(from.container)?.mounts ?? []).map((mount) => ({
      ...mount,
      readOnly: from.readOnly || mount.readOnly,
    })),
  );
  const brought = new Set(inherited.map(({ target }) => target));
  const fromImage = volumePaths(image.volumes)
    .filter((path) => !targets.has(path) && !brought.has(path))
    .map((Target): MountConfig => ({ Type: 'volume', Target }));
  const own = [...given, ...fromImage].map((mount) => {
    const isVolume = mount.Type === 'volume';
    const name = isVolume ? (mount.Source ?? world.nextHex('anonymous')) : undefined;
    if (name !== undefined) createVolume(world, { name, driver: 'local', options: {}, labels: {} });
    return {
      type: mount.Type,
      name,
      source: mount.Source ?? '',
      target: cleanPath(mount.Target),
      readOnly: mount.ReadOnly === true,
    };
  });
  return [...own, ...inherited.filter((mount) => !targets.has(mount.target))];
}

function inheritedVolumes(world: World, { volumesFrom }: ContainerRequest): ReadonlySet<string> {
  const mounts = volumesFrom.flatMap(({ container }) => world.containers.get(container)?.mounts ?? []);
  return new Set(mounts.flatMap(({ name }) => name ?? []));
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
