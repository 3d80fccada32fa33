import type { ContainerRequest, ExecResult } from '../../../src/engine/engine.ts';
import type { MountConfig, Resources, RestartPolicy } from '../../../src/model/container.ts';
import type { Hook } from '../../../src/model/hooks.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import type { ObservedImage, ObservedMount, PublishedPort } from '../../../src/model/observed.ts';
import { beginToRun, die, stopCode } from './life.ts';
import { connectNetwork, joinNetworks } from './networks.ts';
import { refusal, wordsOf } from './refusal.ts';
import type { SimContainer, World } from './world.ts';

const isUp = (container: SimContainer) => ['running', 'paused', 'restarting'].includes(container.state);

/** `POST /containers/create`. A network that is missing shows only at the start. */
export function createContainer(world: World, request: ContainerRequest): ContainerId {
  const { container } = request;
  const holder = world.container(request.name);
  if (holder !== undefined) {
    const words = `Conflict. The container name "/${request.name}" is already in use by container "${holder.id}"`;
    throw refusal(409, words);
  }
  const image = world.image(container.config.Image);
  if (image === undefined) throw refusal(404, `No such image: ${container.config.Image}`);
  if (world.profile === '20.10' && request.endpoints.length > 1) {
    throw refusal(400, 'Container cannot be connected to network endpoints');
  }
  const shared = [request.networkContainer, request.ipcContainer, request.pidContainer];
  for (const id of [...shared, ...request.volumesFrom.map((from) => from.container)]) {
    if (id !== undefined && !world.containers.has(id)) {
      throw refusal(404, `No such container: ${id}`);
    }
  }
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
    traps: trapsOf(container.config.Cmd ?? []),
    restartsAtMs: undefined,
    engineRestarts: 0,
    goneAtMs: undefined,
    isStoppedByHand: false,
    frozenHealth: undefined,
  };
  const isPredefined = ['bridge', 'host', 'none'].includes(made.networkMode);
  if (isPredefined && request.endpoints.length === 0) joinPredefined(made);
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
  if (container.state === 'paused') throw refusal(409, 'cannot start a paused container');
  if (container.state === 'dead' || container.state === 'removing') {
    throw refusal(409, 'container is marked for removal and cannot be started');
  }
  try {
    refuseToStart(world, container);
    joinNetworks(world, container);
  } catch (thrown) {
    container.error = wordsOf(thrown);
    container.exitCode = 128;
    throw thrown;
  }
  container.error = '';
  container.exitCode = 0;
  container.state = 'running';
  container.startedAtMs = world.now();
  container.engineRestarts = 0;
  container.isStoppedByHand = false;
  container.staleBinds = [];
  container.ports = container.wantedPorts.map((port) =>
    port.hostPort === '' ? { ...port, hostPort: String(32_768 + (world.count() % 20_000)) } : port,
  );
  beginToRun(world, container);
}

/** `POST /containers/{id}/stop`; also of a paused one. */
export function stopContainer(world: World, container: SimContainer, signal = 'SIGTERM'): void {
  if (!isUp(container)) return;
  container.restartsAtMs = undefined;
  container.isStoppedByHand = true;
  die(world, container, stopCode(world, container, signal), world.now(), true);
  world.emitContainer('stop', container);
}

export function restartContainer(world: World, container: SimContainer): void {
  stopContainer(world, container);
  startContainer(world, container);
}

/** `POST /containers/{id}/exec` to its end. Of a shell's words only `exit N` and `echo WORDS` are understood. */
export function exec(world: World, container: SimContainer, hook: Hook): ExecResult {
  if (container.state !== 'running') throw refusal(409, `Container ${container.id} is not running`);
  const words = hook.command.join(' ');
  world.execs.push(`${container.name}: ${words}`);
  const exitCode = world.behaviour(container).execCode ?? Number(/exit (\d+)/.exec(words)?.[1] ?? 0);
  return { exitCode, output: /echo ([^;]*)/.exec(words)?.[1]?.trim() ?? '' };
}

export function pauseContainer(container: SimContainer, lastProbeAtMs: number | undefined): void {
  if (container.state !== 'running') throw refusal(409, 'container is not running');
  container.lastProbeAtMs = lastProbeAtMs;
  container.state = 'paused';
}

export function unpauseContainer(world: World, container: SimContainer): void {
  if (container.state !== 'paused') throw refusal(500, 'container is not paused');
  container.state = 'running';
  world.emitContainer('unpause', container);
}

export function renameContainer(world: World, container: SimContainer, newName: string): void {
  const holder = world.container(newName);
  if (holder !== undefined) {
    const words = `Conflict. The container name "/${newName}" is already in use by container "${holder.id}"`;
    throw refusal(409, words);
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
    throw refusal(409, `cannot remove container ${container.name}: container is running`);
  }
  world.containers.delete(container.id);
  world.emitContainer('destroy', container);
}

function refuseToStart(world: World, container: SimContainer): void {
  const { startError } = world.behaviour(container);
  if (startError !== undefined) throw refusal(400, startError);
  for (const mode of [container.networkMode, container.ipcMode, container.pidMode]) {
    if (!mode.startsWith('container:')) continue;
    const parent = world.container(mode.slice('container:'.length));
    if (parent === undefined) throw refusal(404, `No such container: ${mode.slice(10)}`);
    if (parent.state !== 'running') {
      const words = `cannot join network of a non running container: ${parent.id}`;
      throw refusal(409, words);
    }
  }
  const others = [...world.containers.values()].filter((other) => other !== container && isUp(other));
  for (const port of container.wantedPorts) {
    const isTaken = others.some((other) => other.ports.some((held) => clash(held, port)));
    if (isTaken || world.hostPorts.has(`${port.hostPort}/${port.protocol}`)) {
      const words = `Bind for 0.0.0.0:${port.hostPort} failed: port is already allocated`;
      throw refusal(500, words);
    }
  }
}

const isAny = (ip: string) => ip === '' || ip === '0.0.0.0';
const clash = (a: PublishedPort, b: PublishedPort) =>
  b.hostPort !== '' &&
  a.hostPort === b.hostPort &&
  a.protocol === b.protocol &&
  (a.hostIp === b.hostIp || isAny(a.hostIp) || isAny(b.hostIp));

/** `docker inspect` shows the engine's own networks like any other. */
function joinPredefined(container: SimContainer): void {
  const networkName = container.networkMode;
  const settings = { aliases: [], linkLocalIps: [], driverOpts: {} };
  container.endpoints.set(networkName, { networkId: undefined, networkName, settings, address: undefined });
}

/** The one thing of a shell that the simulated process knows: `trap 'exit 42' USR1`. */
function trapsOf(command: readonly string[]): ReadonlyMap<string, number> {
  const traps = command.join(' ').matchAll(/trap 'exit (\d+)' (\w+)/g);
  return new Map([...traps].map(([, code, signal = '']) => [signal, Number(code)]));
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
  const targets = new Set([...given.map((mount) => mount.Target), ...Object.keys(host.Tmpfs ?? {})]);
  const fromImage = image.volumes
    .filter((path) => !targets.has(path))
    .map((Target): MountConfig => ({ Type: 'volume', Target }));
  const inherited = request.volumesFrom.flatMap((from) =>
    (world.containers.get(from.container)?.mounts ?? []).map((mount) => ({
      ...mount,
      readOnly: from.readOnly || mount.readOnly,
    })),
  );
  const own = [...given, ...fromImage].map((mount) => {
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
  return [...own, ...inherited.filter((mount) => !targets.has(mount.target))];
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
