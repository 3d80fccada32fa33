import { notOurs } from '../../../src/engine/docker/guard.ts';
import { Failure } from '../../../src/model/failure.ts';
import { OURS } from '../../../src/model/labels.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import type { SimContainer } from './objects.ts';
import { ownerOfContainer } from './snapshot.ts';
import type { World } from './world.ts';

type Labels = Readonly<Record<string, string>>;

/** The adapter's last look before a call that changes something: whose is it. */
export class SimGuard {
  readonly world: World;
  readonly instance: string;

  constructor(world: World, instance: string) {
    this.world = world;
    this.instance = instance;
  }

  isOurs(labels: Labels): boolean {
    return labels[OURS.instance] === this.instance && labels[OURS.stack] !== undefined;
  }

  find(id: ContainerId): SimContainer {
    const found = this.world.containers.get(id);
    if (found === undefined) throw new Failure('gone', `there is no container ${id.slice(0, 12)}`);
    return found;
  }

  own(id: ContainerId): SimContainer {
    const found = this.find(id);
    if (!this.isOwn(found)) throw notOurs('simulated', `container ${found.name}`);
    return found;
  }

  isOwn(container: SimContainer): boolean {
    return ownerOfContainer(this.world, this.instance, container).ownership === 'ours';
  }

  /** A container that is ours, or any when the network is ours. */
  attachable(network: string, container: ContainerId): SimContainer {
    const isOurs = this.world.networksNamed(network).some((each) => this.isOurs(each.labels));
    return isOurs ? this.find(container) : this.own(container);
  }
}
