import { joinNetworks, leaveAfterFailure, refuseToShare } from './joining.ts';
import type { SimContainer } from './objects.ts';
import { publishedPorts, refuseTakenPorts } from './ports.ts';
import { refusal, wordsOf } from './refusal.ts';
import type { World } from './world.ts';

/** Lets a container run, whoever wants it to. A start that fails leaves the state as it was, with the engine's words. */
export function run(world: World, container: SimContainer, atMs: number): void {
  try {
    // 28 makes the process first, 20.10 its networks.
    if (world.profile === '28') makeProcess(world, container);
    joinNetworks(world, container, () => refuseTakenPorts(world, container));
    if (world.profile === '20.10') makeProcess(world, container);
  } catch (thrown) {
    container.error = wordsOf(thrown);
    if (container.exitCode === 0) container.exitCode = isMissing(container.error) ? 127 : 128;
    // Also those that were never mounted.
    tellOfVolumes(world, container, 'unmount');
    throw thrown;
  }
  container.error = '';
  container.exitCode = 0;
  container.state = 'running';
  container.startedAtMs = atMs;
  container.lastProbeAtMs = undefined;
  container.frozenHealth = undefined;
  container.saidHealth = 'starting';
  container.ports = publishedPorts(world, container);
  writeVolumes(world, container);
}

export function tellOfVolumes(world: World, { mounts }: SimContainer, action: 'mount' | 'unmount'): void {
  for (const { name } of mounts) if (name !== undefined) world.emit('volume', action, name, name, undefined);
}

/** What a process has read-write it writes into. */
function writeVolumes(world: World, container: SimContainer): void {
  for (const name of writtenBy(container)) {
    const volume = world.volumes.get(name);
    const others = [...world.containers.values()]
      .filter((other) => other !== container && ['running', 'paused'].includes(other.state))
      .filter((other) => writtenBy(other).includes(name))
      .map((other) => other.id);
    volume?.data.push(container.id);
    if (others.length > 0 && !world.isByHand) volume?.sharings.push({ container: container.id, others });
  }
}

const writtenBy = (container: SimContainer): readonly string[] =>
  container.mounts.flatMap((mount) => (mount.name === undefined || mount.readOnly ? [] : [mount.name]));

const isMissing = (words: string) => words.includes('no such file or directory');

function makeProcess(world: World, container: SimContainer): void {
  try {
    refuseToShare(world, container);
    refuseNamespaces(world, container);
    tellOfVolumes(world, container, 'mount');
    const { startError } = world.behaviour(container);
    if (startError !== undefined) throw refusal(400, startError);
  } catch (thrown) {
    leaveAfterFailure(world, container);
    throw thrown;
  }
}

function refuseNamespaces(world: World, container: SimContainer): void {
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
