import type { ContainerRequest } from '../../../src/engine/engine.ts';
import type { Resources } from '../../../src/model/container.ts';
import { Failure } from '../../../src/model/failure.ts';
import { OURS } from '../../../src/model/labels.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import { killContainer, removeContainer, stopContainer } from './containers.ts';
import { createContainer } from './create.ts';
import type { SimGuard } from './guard.ts';
import { settle } from './life.ts';
import type { SimContainer } from './objects.ts';
import type { World } from './world.ts';

const IDENTITY = [OURS.stack, OURS.service, OURS.ordinal, OURS.specHash];

/** What the adapter makes of a creation: of that very spec one may stand there already. */
export function portCreateContainer(guard: SimGuard, request: ContainerRequest): ContainerId {
  const { world } = guard;
  const holder = world.container(request.name);
  if (holder === undefined) return createContainer(world, asSent(world, request));
  const isWhatWasAsked = IDENTITY.every((name) => holder.labels[name] === request.labels[name]);
  if (isWhatWasAsked && guard.isOwn(holder)) {
    throw new Failure('superseded', `container ${request.name}: one stands there already`, { status: 409 });
  }
  throw new Failure('conflict', `container ${holder.id.slice(0, 12)} holds this name`, {
    hint: 'remove or rename it, adopt it (stackctl adopt), or set container_name',
    status: 409,
  });
}

/** Before API 1.44 only one network can be given at creation: the plan attaches the others. */
export function asSent(world: World, request: ContainerRequest): ContainerRequest {
  if (world.profile !== '20.10') return request;
  const mode = request.container.networkMode;
  const primary =
    mode.kind === 'networks'
      ? request.endpoints.find(({ networkName }) => networkName === mode.primary)
      : undefined;
  return { ...request, endpoints: [primary ?? request.endpoints[0]].filter((each) => each !== undefined) };
}

/** Before API 1.42 a stop takes no signal: it is sent, and then what has ended is stopped. */
export function portStopContainer(world: World, container: SimContainer, signal: string | undefined): void {
  const isOwn = signal === undefined || signal === (container.stopSignal ?? 'SIGTERM');
  if (!isOwn && world.profile === '20.10' && ['running', 'paused'].includes(container.state)) {
    killContainer(world, container, signal);
    settle(world);
  }
  stopContainer(world, container, signal);
}

/** The adapter waits until a removal that is under way is over. */
export function portRemoveContainer(guard: SimGuard, id: ContainerId): void {
  const { world } = guard;
  if (!world.containers.has(id)) return;
  const target = guard.own(id);
  if (target.state === 'removing') {
    world.clock.advanceTo(target.goneAtMs ?? 0);
    settle(world);
    if (!world.containers.has(id)) return;
  }
  removeContainer(world, target);
}

/** With memory goes as much swap, or the engine refuses. */
export function asUpdated(resources: Resources): Resources {
  const { Memory = 0, MemorySwap } = resources;
  return Memory > 0 && MemorySwap === undefined ? { ...resources, MemorySwap: 2 * Memory } : resources;
}
