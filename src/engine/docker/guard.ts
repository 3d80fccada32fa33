import { Failure } from '../../model/failure.ts';
import type { Owned } from '../../model/observed.ts';
import type { Connection } from './connection.ts';
import type { ImageConfigs } from './image-configs.ts';
import { ownerOf } from './ownership.ts';
import { inspectContainer } from './reads.ts';
import type { WireContainer } from './wire.ts';

/** Whether a Compose project was adopted: its objects bear no labels of ours, and are ours to change. */
export type IsAdopted = (project: string) => boolean;

/**
 * The last look before a call that changes something. The plan may be seconds old and the Docker API knows
 * no preconditions, so each such call is by id, right after an inspect that shows the object to be ours.
 */
export class Guard {
  readonly #connection: Connection;
  readonly #imageConfigs: ImageConfigs;
  readonly #instance: string;
  readonly #isAdopted: IsAdopted;

  constructor(connection: Connection, imageConfigs: ImageConfigs, instance: string, isAdopted: IsAdopted) {
    this.#connection = connection;
    this.#imageConfigs = imageConfigs;
    this.#instance = instance;
    this.#isAdopted = isAdopted;
  }

  /** A container of ours, freshly inspected; undefined when it is gone. Throws `conflict` when it is another's. */
  async findContainer(id: string, what: string): Promise<WireContainer | undefined> {
    const wire = await inspectContainer(this.#connection, id);
    if (wire === undefined) return undefined;
    if (wire.Id === id && (await this.isOurContainer(wire))) return wire;
    throw notOurs(what, `container ${(wire.Name ?? id).replace(/^\//, '')}`);
  }

  /** The same where a container that is gone is a failure: `gone`. */
  async requireContainer(id: string, what: string): Promise<WireContainer> {
    const wire = await this.findContainer(id, what);
    if (wire === undefined) throw new Failure('gone', `${what}: there is no container ${id.slice(0, 12)}`);
    return wire;
  }

  async isOurContainer(wire: WireContainer): Promise<boolean> {
    const image = await this.#imageConfigs.of(wire.Image ?? '');
    return this.#mayChange(ownerOf(wire.Config?.Labels ?? {}, image.Labels ?? {}, this.#instance));
  }

  /** Of networks and volumes, which inherit no labels. */
  isOurs(labels: Readonly<Record<string, string>> | null | undefined): boolean {
    return this.#mayChange(ownerOf(labels ?? {}, {}, this.#instance));
  }

  #mayChange(owner: Owned): boolean {
    if (owner.ownership === 'ours') return true;
    return owner.ownership === 'compose' && owner.project !== undefined && this.#isAdopted(owner.project);
  }
}

export function notOurs(what: string, object: string): Failure {
  return new Failure('conflict', `${what}: ${object} does not belong to this stackctld, left as it is`, {
    hint: 'remove or rename it, or adopt it (stackctl adopt)',
  });
}
