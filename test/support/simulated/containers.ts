import type { ExecResult } from '../../../src/engine/engine.ts';
import type { Resources, RestartPolicy } from '../../../src/model/container.ts';
import type { Hook } from '../../../src/model/hooks.ts';
import type { PublishedPort } from '../../../src/model/observed.ts';
import { refuseName, withSwap } from './create.ts';
import { joinNetworks, leaveAfterFailure, refuseToShare } from './joining.ts';
import { beginToRun, die, healthOf, mountInVain, stopCode } from './life.ts';
import { refusal, wordsOf } from './refusal.ts';
import { removeAnonymousVolumes } from './volumes.ts';
import type { SimContainer, World } from './world.ts';

const isUp = (container: SimContainer) => ['running', 'paused', 'restarting'].includes(container.state);

/** `POST /containers/{id}/start`. A failed one leaves the state as it was, with the engine's words. */
export function startContainer(world: World, container: SimContainer): void {
  if (container.state === 'running' || container.state === 'restarting') return;
  if (container.state === 'paused')
    throw refusal(409, 'cannot start a paused container, try unpause instead');
  if (container.state === 'dead' || container.state === 'removing') {
    throw refusal(409, 'container is marked for removal and cannot be started');
  }
  try {
    // 28 makes the process first, 20.10 its networks.
    if (world.profile === '28') makeProcess(world, container);
    joinOrUnmount(world, container);
    if (world.profile === '20.10') makeProcess(world, container);
  } catch (thrown) {
    container.error = wordsOf(thrown);
    if (container.exitCode === 0) container.exitCode = isMissing(container.error) ? 127 : 128;
    throw thrown;
  }
  container.error = '';
  container.exitCode = 0;
  container.state = 'running';
  container.startedAtMs = world.now();
  container.engineRestarts = 0;
  container.isStoppedByHand = false;
  container.isRestartCanceled = false;
  container.staleBinds = [];
  container.ports = publishes(container)
    ? container.wantedPorts.map((port) =>
        port.hostPort === '' ? { ...port, hostPort: String(32_768 + (world.count() % 20_000)) } : port,
      )
    : [];
  beginToRun(world, container);
}

/** `POST /containers/{id}/stop`; also of a paused one. */
export function stopContainer(world: World, container: SimContainer, signal?: string): void {
  if (!isUp(container)) return;
  container.isStoppedByHand = true;
  end(world, container, signal ?? container.stopSignal);
  world.emitContainer('stop', container);
}

/** `POST /containers/{id}/kill`. Only SIGKILL and the container's own stop signal mean that it is to stay down. */
export function killContainer(world: World, container: SimContainer, signal: string): void {
  if (!isUp(container)) throw refusal(409, `container ${container.id} is not running`);
  const isFinal = signal === 'SIGKILL' || signal === (container.stopSignal ?? signal);
  container.isStoppedByHand = true;
  if (isFinal) container.isRestartCanceled = true;
  world.emitContainer('kill', container);
  const code = signal === 'SIGKILL' ? 137 : container.traps.get(signal.replace(/^SIG/, ''));
  if (code !== undefined) die(world, container, code, world.now(), isFinal);
}

/** `POST /containers/{id}/restart`; a start that fails then is always a 500. */
export function restartContainer(world: World, container: SimContainer): void {
  if (isUp(container)) {
    end(world, container, container.stopSignal);
    world.emitContainer('stop', container);
  }
  try {
    startContainer(world, container);
  } catch (thrown) {
    throw refusal(500, `Cannot restart container ${container.name}: ${wordsOf(thrown)}`);
  }
  world.emitContainer('restart', container);
}

function end(world: World, container: SimContainer, signal: string | undefined): void {
  container.restartsAtMs = undefined;
  world.emitContainer('kill', container);
  // It has to run to hear of a signal that it may mind.
  if (container.state === 'paused' && signal !== 'SIGKILL') world.emitContainer('unpause', container);
  die(world, container, stopCode(world, container, signal), world.now(), true);
}

/** `POST /containers/{id}/exec` to its end. Of a shell's words only `exit N` and `echo WORDS` are understood. */
export function exec(world: World, container: SimContainer, hook: Hook): ExecResult {
  if (container.state !== 'running') throw refusal(409, `Container ${container.id} is not running`);
  const words = hook.command.join(' ');
  world.execs.push(`${container.name}: ${words}`);
  const exitCode = world.behaviour(container).execCode ?? Number(/exit (\d+)/.exec(words)?.[1] ?? 0);
  return { exitCode, output: /echo ([^;]*)/.exec(words)?.[1]?.trim() ?? '' };
}

/** `PUT /containers/{id}/archive` */
export function putFile(world: World, container: SimContainer, path: string, content: string): void {
  container.files.set(path, content);
  world.emitContainer('extract-to-dir', container);
}

export function pauseContainer(world: World, container: SimContainer): void {
  if (container.state !== 'running') throw refusal(409, `container ${container.id} is not running`);
  container.lastProbeAtMs = healthOf(world, container)?.lastProbeAtMs;
  container.saidHealth = 'unhealthy';
  container.state = 'paused';
  world.emitContainer('pause', container);
}

export function unpauseContainer(world: World, container: SimContainer): void {
  if (container.state !== 'paused') throw refusal(500, `Container ${container.id} is not paused`);
  container.state = 'running';
  world.emitContainer('unpause', container);
}

export function renameContainer(world: World, container: SimContainer, newName: string): void {
  if (container.name === newName)
    throw refusal(400, 'Renaming a container with the same name as its current name');
  refuseName(world, newName);
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
  container.resources = withSwap({ ...container.resources, ...Object.fromEntries(given) });
  if (restartPolicy !== undefined) container.restartPolicy = restartPolicy;
  world.emitContainer('update', container);
}

/** `DELETE /containers/{id}`: volumes stay, also the ones nobody named, unless that is asked for. */
export function removeContainer(
  world: World,
  container: SimContainer,
  { force = false, volumes = false }: { readonly force?: boolean; readonly volumes?: boolean } = {},
): void {
  if (isUp(container)) {
    const words = `cannot remove container "${container.name}": container is ${container.state}: stop it first`;
    if (!force) throw refusal(409, words);
    end(world, container, 'SIGKILL');
  }
  world.containers.delete(container.id);
  if (volumes) removeAnonymousVolumes(world, container);
  world.emitContainer('destroy', container);
}

const isMissing = (words: string) => words.includes('no such file or directory');

/** On 28 the volumes are mounted already when a network cannot be joined. */
function joinOrUnmount(world: World, container: SimContainer): void {
  try {
    joinNetworks(world, container, () => refuseTakenPorts(world, container));
  } catch (thrown) {
    if (world.profile === '28') mountInVain(world, container);
    throw thrown;
  }
}

function makeProcess(world: World, container: SimContainer): void {
  try {
    refuseProcess(world, container);
  } catch (thrown) {
    leaveAfterFailure(world, container);
    throw thrown;
  }
}

function refuseProcess(world: World, container: SimContainer): void {
  refuseToShare(world, container);
  const { startError } = world.behaviour(container);
  if (startError !== undefined) {
    mountInVain(world, container);
    throw refusal(400, startError);
  }
  const isOld = world.profile === '20.10';
  refuseToJoin(world, container.ipcMode, isOld ? 500 : 409, (id) =>
    isOld ? `can't join IPC of container ${id}` : 'failed to join IPC namespace',
  );
  refuseToJoin(world, container.pidMode, 500, () => (isOld ? '' : 'failed to join PID namespace'));
}

function refuseToJoin(world: World, mode: string, status: number, wordsOf: (id: string) => string): void {
  if (!mode.startsWith('container:')) return;
  const parent = world.container(mode.slice('container:'.length));
  if (parent === undefined) throw refusal(404, `No such container: ${mode.slice(10)}`);
  if (parent.state === 'running') return;
  const words = wordsOf(parent.id);
  throw refusal(status, `${words === '' ? '' : `${words}: `}container ${parent.id} is not running`);
}

/** Ports need a network of one's own. */
const publishes = ({ networkMode }: SimContainer) =>
  networkMode !== 'none' && networkMode !== 'host' && !networkMode.startsWith('container:');

function refuseTakenPorts(world: World, container: SimContainer): void {
  if (!publishes(container)) return;
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
