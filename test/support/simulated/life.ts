import type { ObservedHealth } from '../../../src/model/observed.ts';
import type { SimContainer, World } from './world.ts';

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

/** The process is there: what it has read-write it writes into, and whoever ran before is forgotten. */
export function beginToRun(world: World, container: SimContainer): void {
  container.lastProbeAtMs = undefined;
  container.frozenHealth = undefined;
  for (const name of writtenBy(container)) {
    const volume = world.volumes.get(name);
    const others = [...world.containers.values()]
      .filter((other) => other !== container && ['running', 'paused'].includes(other.state))
      .filter((other) => writtenBy(other).includes(name))
      .map((other) => other.id);
    volume?.data.push(container.id);
    if (others.length > 0) volume?.sharings.push({ container: container.id, others });
  }
  world.emitContainer('start', container);
}

const writtenBy = (container: SimContainer): readonly string[] =>
  container.mounts.flatMap((mount) => (mount.name === undefined || mount.readOnly ? [] : [mount.name]));

/** With what code a process ends that is told to stop: 137 where it does not care for the signal. */
export function stopCode(world: World, container: SimContainer, signal = 'SIGTERM'): number {
  return container.traps.get(signal.replace(/^SIG/, '')) ?? world.behaviour(container).stopCode ?? 137;
}

/** Lets a process come to its end at a moment; the restart policy decides what follows. */
export function die(
  world: World,
  container: SimContainer,
  code: number,
  atMs: number,
  byHand: boolean,
): void {
  container.lastProbeAtMs = healthOf(world, container)?.lastProbeAtMs;
  container.state = 'exited';
  container.exitCode = code;
  container.finishedAtMs = atMs;
  container.ports = [];
  for (const endpoint of container.endpoints.values()) endpoint.address = undefined;
  world.emitContainer('die', container);
  if (byHand || !restartsBy(container, code)) return;
  container.state = 'restarting';
  container.restartsAtMs = atMs + Math.min(60_000, 1000 * 2 ** container.engineRestarts);
  container.engineRestarts += 1;
}

function restartsBy(container: SimContainer, code: number): boolean {
  const { Name, MaximumRetryCount } = container.restartPolicy;
  if (Name === 'always' || Name === 'unless-stopped') return true;
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
    container.state = 'running';
    container.startedAtMs = container.restartsAtMs ?? now;
    container.restartsAtMs = undefined;
    container.ports = container.wantedPorts;
    beginToRun(world, container);
    return true;
  }
  const { exit } = world.behaviour(container);
  if (container.state !== 'running' || exit === undefined) return false;
  const endsAtMs = (container.startedAtMs ?? now) + exit.afterMs;
  if (endsAtMs > now) return false;
  die(world, container, exit.code, endsAtMs, false);
  return true;
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
