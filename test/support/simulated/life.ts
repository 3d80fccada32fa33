import type { ObservedHealth } from '../../../src/model/observed.ts';
import { leaveNetworks } from './joining.ts';
import type { SimContainer } from './objects.ts';
import { run, tellOfVolumes } from './starting.ts';
import type { World } from './world.ts';

/** The engine's own doing: processes end, restart policies start them again, removals finish. */
export function settle(world: World): void {
  if (world.isDown) return;
  for (const container of [...world.containers.values()]) {
    for (let rounds = 0; rounds < 100; rounds += 1) if (!step(world, container)) break;
  }
}

/** When something changes by itself next; undefined: nothing will. */
export function nextChangeAtMs(world: World): number | undefined {
  const times = [...world.containers.values()].flatMap((container) => changesOf(world, container));
  const future = times.filter((atMs) => atMs > world.now());
  return future.length === 0 ? undefined : Math.min(...future);
}

/** What the engine says about the health of a container now (reliability 1.6: paused and stopped ones too). */
export function healthOf(world: World, container: SimContainer): ObservedHealth | undefined {
  const { healthcheck, startedAtMs } = container;
  if (healthcheck === undefined || startedAtMs === undefined || container.state === 'created')
    return undefined;
  const say = (status: ObservedHealth['status'], lastProbeAtMs: number | undefined): ObservedHealth => ({
    status,
    failingStreak: status === 'unhealthy' ? 3 : 0,
    lastProbeAtMs,
    output: '',
  });
  if (container.state !== 'running') return say('unhealthy', container.lastProbeAtMs);
  if (container.frozenHealth !== undefined) return container.frozenHealth;
  const { healthyAfterMs = 1000, unhealthyAfterMs = Number.POSITIVE_INFINITY } = world.behaviour(container);
  const age = world.now() - startedAtMs;
  const probe = startedAtMs + Math.floor(age / healthcheck.intervalMs) * healthcheck.intervalMs;
  if (age >= unhealthyAfterMs) return say('unhealthy', Math.max(probe, startedAtMs + unhealthyAfterMs));
  if (age >= healthyAfterMs) return say('healthy', Math.max(probe, startedAtMs + healthyAfterMs));
  return say('starting', undefined);
}

/** With what code a process ends that is told to stop: 137 where it does not care for the signal. */
export function stopCode(world: World, container: SimContainer, signal = 'SIGTERM'): number {
  return container.traps.get(signal.replace(/^SIG/, '')) ?? world.behaviour(container).stopCode ?? 137;
}

/** Lets a process come to its end at a moment; the restart policy decides what follows, unless it is final. */
export function die(
  world: World,
  container: SimContainer,
  code: number,
  atMs: number,
  isFinal: boolean,
): void {
  const ranMs = atMs - (container.startedAtMs ?? atMs);
  // Of one whose process has ended already, and that waits to be started again, nothing is left to end.
  const isWaiting = container.state === 'restarting';
  container.lastProbeAtMs = healthOf(world, container)?.lastProbeAtMs;
  container.saidHealth = 'unhealthy';
  container.state = 'exited';
  container.exitCode = code;
  container.finishedAtMs = atMs;
  container.ports = [];
  if (!isWaiting) {
    leaveNetworks(world, container);
    tellOfVolumes(world, container, 'unmount');
  }
  world.emitContainer('die', container);
  if (isFinal || container.isRestartCanceled || !restartsBy(container, code)) return;
  const isSteady = container.engineRestarts === 0 || ranMs >= STEADY_MS;
  container.restartDelayMs = isSteady
    ? FIRST_DELAY_MS
    : Math.min(LONGEST_DELAY_MS, container.restartDelayMs * 2);
  container.state = 'restarting';
  container.restartsAtMs = atMs + container.restartDelayMs;
  container.engineRestarts += 1;
}

/** Of the engine's restart manager (reliability 5). */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
const STEADY_MS = 10_000;

function restartsBy(container: SimContainer, code: number): boolean {
  const { Name, MaximumRetryCount } = container.restartPolicy;
  if (Name === 'always') return true;
  if (Name === 'unless-stopped') return !container.isStoppedByHand;
  if (Name !== 'on-failure' || code === 0) return false;
  return MaximumRetryCount === 0 || container.engineRestarts < MaximumRetryCount;
}

function step(world: World, container: SimContainer): boolean {
  const now = world.now();
  if (container.state === 'removing' && container.goneAtMs !== undefined && container.goneAtMs <= now) {
    world.containers.delete(container.id);
    world.emitContainer('destroy', container);
    return false;
  }
  if (container.state === 'restarting' && (container.restartsAtMs ?? now) <= now) {
    startAgain(world, container, container.restartsAtMs ?? now);
    return true;
  }
  sayHealth(world, container);
  const { exit } = world.behaviour(container);
  if (container.state !== 'running' || exit === undefined) return false;
  const endsAtMs = (container.startedAtMs ?? now) + exit.afterMs;
  if (endsAtMs > now) return false;
  die(world, container, exit.code, endsAtMs, false);
  return true;
}

function startAgain(world: World, container: SimContainer, atMs: number): void {
  container.restartsAtMs = undefined;
  try {
    run(world, container, atMs);
  } catch {
    // The container says why.
    container.state = 'exited';
    return;
  }
  world.emitContainer('start', container);
}

/** The monitor tells of each change that a probe found; that a paused one is called unhealthy it keeps to itself. */
function sayHealth(world: World, container: SimContainer): void {
  const status = container.state === 'running' ? healthOf(world, container)?.status : undefined;
  if (status === undefined || status === container.saidHealth) return;
  container.saidHealth = status;
  if (status !== 'starting') world.emitContainer(`health_status: ${status}`, container);
}

function changesOf(world: World, container: SimContainer): readonly number[] {
  if (container.state === 'removing') return container.goneAtMs === undefined ? [] : [container.goneAtMs];
  if (container.state === 'restarting') return [container.restartsAtMs ?? world.now()];
  if (container.state !== 'running') return [];
  const startedAtMs = container.startedAtMs ?? world.now();
  const { exit, healthyAfterMs = 1000, unhealthyAfterMs } = world.behaviour(container);
  const health =
    container.healthcheck === undefined ? [] : [healthyAfterMs, unhealthyAfterMs ?? healthyAfterMs];
  return [...health, ...(exit === undefined ? [] : [exit.afterMs])]
    .filter(Number.isFinite)
    .map((afterMs) => startedAtMs + afterMs);
}
