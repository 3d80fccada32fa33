import type { PublishedPort } from '../../../src/model/observed.ts';
import type { SimContainer } from './objects.ts';
import { refusal } from './refusal.ts';
import type { World } from './world.ts';

/** Ports need a network of one's own. */
const publishes = ({ networkMode, endpoints }: SimContainer) =>
  endpoints.size > 0 &&
  networkMode !== 'none' &&
  networkMode !== 'host' &&
  !networkMode.startsWith('container:');

/** What a container publishes that can; a port that was left open is the engine's choice. */
export function publishedPorts(world: World, container: SimContainer): readonly PublishedPort[] {
  if (!publishes(container)) return [];
  return container.wantedPorts.map((port) =>
    port.hostPort === '' ? { ...port, hostPort: String(32_768 + (world.count() % 20_000)) } : port,
  );
}

/** A port belongs to one container that runs, or to a process of the host. */
export function refuseTakenPorts(world: World, container: SimContainer): void {
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

const isUp = (container: SimContainer) => ['running', 'paused', 'restarting'].includes(container.state);
/** All addresses, or all of one family (measured on 28.5). */
const covers = (all: string, one: string) =>
  all === '' ||
  all === one ||
  (all === '0.0.0.0' && !one.includes(':')) ||
  (all === '::' && one.includes(':'));
const clash = (a: PublishedPort, b: PublishedPort) =>
  b.hostPort !== '' &&
  a.hostPort === b.hostPort &&
  a.protocol === b.protocol &&
  (covers(a.hostIp, b.hostIp) || covers(b.hostIp, a.hostIp));
