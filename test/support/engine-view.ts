import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { World } from './stackctld.ts';

/** What tells one run of one container from every other. */
export interface Identity {
  readonly id: string;
  readonly startedAt: string;
  readonly pid: number;
}

export async function identityOf(docker: Docker, name: string): Promise<Identity> {
  const wire = await docker.getContainer(name).inspect();
  return { id: wire.Id, startedAt: wire.State.StartedAt, pid: wire.State.Pid };
}

/** Undefined when there is no such container. */
export function inspectOf(docker: Docker, name: string): Promise<ContainerInspectInfo | undefined> {
  return docker
    .getContainer(name)
    .inspect()
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return undefined;
      throw error;
    });
}

/** Names of all that a stack has on the engine, sorted; containers of any state. */
export async function objectsOf(docker: Docker, stack: string) {
  const filters = JSON.stringify({ label: [`io.stackctl.stack=${stack}`] });
  const containers = await docker.listContainers({ all: true, filters });
  const networks = await docker.listNetworks({ filters });
  // By name: an engine that is killed while it makes a volume may have forgotten its labels (seen on 28.5).
  const { Volumes } = await docker.listVolumes();
  const volumes = (Volumes ?? []).map(({ Name }) => Name).filter((name) => name.startsWith(`${stack}_`));
  return {
    containers: containers.flatMap(({ Names }) => Names.map((name) => name.slice(1))).sort(),
    networks: networks.map(({ Name }) => Name).sort(),
    volumes: volumes.sort(),
  };
}

/** Has a stack looked at twice more, and asserts that nothing at all was written on the engine meanwhile. */
export async function expectQuiet(world: World, stack: string): Promise<void> {
  const before = world.proxy.writes().length;
  await look(world, stack);
  await look(world, stack);
  expect(world.proxy.writes().slice(before)).toEqual([]);
}

/** One more pass of a stack, whatever its state. */
export async function look(world: World, stack: string): Promise<void> {
  const passed = (await world.status(stack))?.nextLookAt;
  await world.ctl('reconcile', stack);
  await eventually(
    `a pass of ${stack}`,
    async () => {
      const next = (await world.status(stack))?.nextLookAt;
      return next !== undefined && next !== passed ? true : undefined;
    },
    { withinMs: 60_000, everyMs: 50 },
  );
}
