import type { ExecResult } from '../../../src/engine/engine.ts';
import type { Resources, RestartPolicy } from '../../../src/model/container.ts';
import type { Hook } from '../../../src/model/hooks.ts';
import { refuseName, withSwap } from './create.ts';
import { die, healthOf, stopCode } from './life.ts';
import type { SimContainer } from './objects.ts';
import { refusal, wordsOf } from './refusal.ts';
import { run } from './starting.ts';
import { removeAnonymousVolumes } from './volumes.ts';
import type { World } from './world.ts';

const isUp = (container: SimContainer) => ['running', 'paused', 'restarting'].includes(container.state);

/** `POST /containers/{id}/start`. A failed one leaves the state as it was, with the engine's words. */
export function startContainer(world: World, container: SimContainer): void {
  if (container.state === 'running' || container.state === 'restarting') return;
  if (container.state === 'paused')
    throw refusal(409, 'cannot start a paused container, try unpause instead');
  if (container.state === 'dead' || container.state === 'removing') {
    throw refusal(409, 'container is marked for removal and cannot be started');
  }
  run(world, container, world.now());
  container.engineRestarts = 0;
  container.isStoppedByHand = false;
  container.isRestartCanceled = false;
  container.staleBinds = [];
  world.emitContainer('start', container);
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
