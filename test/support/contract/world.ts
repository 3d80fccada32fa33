import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import type { Engine } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import type { Observed, ObservedContainer } from '../../../src/model/observed.ts';
import { containerRequest, desiredNetwork, type Owner, ownerLabels } from '../engine-requests.ts';

export interface ForeignOptions {
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly network?: string;
  /** Published from port 80. */
  readonly hostPorts?: readonly number[];
}

/** What a person does on the engine while stackctld is not looking. */
export interface Outside {
  /** Makes and starts a container that sleeps. */
  runForeign(name: string, options?: ForeignOptions): Promise<ContainerId>;
  createForeignNetwork(name: string, labels?: Readonly<Record<string, string>>): Promise<string>;
  createForeignVolume(name: string): Promise<void>;
  pause(container: ContainerId): Promise<void>;
  kill(container: ContainerId): Promise<void>;
  remove(container: ContainerId): Promise<void>;
  /** An image with the container's labels, as `docker commit` makes it. */
  commit(container: ContainerId, ref: string): Promise<void>;
  isRunning(container: ContainerId): Promise<boolean>;
}

/** A corner of an engine for one test. */
export interface ContractWorld extends Owner {
  readonly engine: Engine;
  readonly outside: Outside;
  /** Another stackctld on the same engine. */
  engineAs(instance: string): Engine;
  dispose(): Promise<void>;
}

/** Of a caller who does not give up. */
export const signal = (): AbortSignal => new AbortController().signal;

/** A /24 that hardly any test shares with another. */
export function randomSubnet(): { subnet: string; gateway: string; at(host: number): string } {
  const prefix = `10.${randomInt(150, 250)}.${randomInt(0, 256)}`;
  return { subnet: `${prefix}.0/24`, gateway: `${prefix}.1`, at: (host) => `${prefix}.${host}` };
}

export function randomPort(): number {
  return randomInt(34_000, 39_000);
}

export async function look(world: ContractWorld, networkNames: readonly string[] = []): Promise<Observed> {
  return world.engine.observe(
    { stack: world.stack, project: world.stack, networkNames, imageRefs: [world.image] },
    signal(),
  );
}

export async function lookAt(world: ContractWorld, id: ContainerId): Promise<ObservedContainer> {
  const found = (await look(world)).containers.find((container) => container.id === id);
  if (found === undefined) throw new Error(`container ${id} is not among the observed`);
  return found;
}

export async function create(world: ContractWorld, change?: Parameters<typeof containerRequest>[1]) {
  return world.engine.createContainer(containerRequest(world, change), signal());
}

export async function createStarted(world: ContractWorld, change?: Parameters<typeof containerRequest>[1]) {
  const id = await create(world, change);
  await world.engine.startContainer(id, signal());
  return id;
}

export async function createNetwork(world: ContractWorld, change?: Parameters<typeof desiredNetwork>[1]) {
  const name = change?.name ?? `${world.stack}_net`;
  const id = await world.engine.createNetwork(desiredNetwork(name, change), ownerLabels(world), signal());
  return { id, name };
}

/** The failure that a call ends with; a call that succeeds fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Failure);
  return thrown as Failure;
}
