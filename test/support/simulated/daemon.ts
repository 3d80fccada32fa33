import ipaddr from 'ipaddr.js';
import type { EngineEvent } from '../../../src/engine/engine.ts';
import { startContainer } from './containers.ts';
import { die, healthOf, settle, stopCode } from './life.ts';
import type { SimContainer, SimNetwork } from './objects.ts';
import type { World } from './world.ts';

export interface StopOptions {
  /** The engine leaves its containers running when it ends, and finds them again. Default false. */
  readonly liveRestore?: boolean;
  /** SIGKILL: nothing is stopped first, and no event tells of it. Default false. */
  readonly crash?: boolean;
}

const isUp = (container: SimContainer) => ['running', 'paused', 'restarting'].includes(container.state);

/** dockerd ends. Without live-restore no process of a container outlives it, or its next start at the latest. */
export function stopEngine(world: World, { liveRestore = false, crash = false }: StopOptions = {}): void {
  settle(world);
  const end = () => {
    for (const container of world.containers.values()) {
      if (liveRestore ? container.state === 'restarting' : isUp(container)) endWithEngine(world, container);
      else if (container.state === 'running') freezeHealth(world, container);
    }
  };
  if (!crash) end();
  world.isDown = true;
  world.tell(streamEvent(world, 'disconnected'));
  if (crash) end();
  world.events.length = 0;
}

/** dockerd starts: it knows no event of before, and restart policies start what they cover (reliability 1.6). */
export function startEngine(world: World): void {
  if (!world.isDown) return;
  for (const network of world.networks.values()) world.networks.set(network.id, withGateways(network));
  for (const container of world.containers.values()) {
    if (container.state === 'removing') {
      container.state = 'dead';
      container.goneAtMs = undefined;
    }
    if (container.state !== 'exited' || !isStartedAgain(container)) continue;
    try {
      startContainer(world, container);
    } catch {
      // The container says why.
    }
  }
  world.isDown = false;
  world.tell(streamEvent(world, 'connected'));
}

/** An engine that reads its networks again shows the gateways that it has given to them. */
function withGateways(network: SimNetwork): SimNetwork {
  const pools = network.pools.map((pool) =>
    pool.gateway === undefined && pool.subnet !== undefined && ipaddr.IPv4.isValidCIDR(pool.subnet)
      ? { ...pool, gateway: pool.subnet.replace(/\.\d+\/\d+$/, '.1') }
      : pool,
  );
  return { ...network, pools };
}

export function streamEvent(world: World, kind: 'connected' | 'disconnected'): EngineEvent {
  return { kind, action: kind, id: '', name: undefined, stack: undefined, atMs: world.now() };
}

function endWithEngine(world: World, container: SimContainer): void {
  container.restartsAtMs = undefined;
  if (container.state === 'restarting') container.state = 'exited';
  else die(world, container, stopCode(world, container), world.now(), true);
}

/** Before 23.0 nobody watches the health of a container that was live-restored, until it is started again. */
function freezeHealth(world: World, container: SimContainer): void {
  if (world.profile === '20.10') container.frozenHealth = healthOf(world, container);
}

function isStartedAgain(container: SimContainer): boolean {
  const { Name, MaximumRetryCount } = container.restartPolicy;
  if (Name === 'always') return true;
  if (Name === 'unless-stopped') return !container.isStoppedByHand;
  if (Name !== 'on-failure' || container.exitCode === 0) return false;
  return MaximumRetryCount === 0 || container.engineRestarts < MaximumRetryCount;
}
