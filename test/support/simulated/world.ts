import { createHash } from 'node:crypto';
import { volumePaths } from '../../../src/engine/docker/responses.ts';
import type { EngineEvent } from '../../../src/engine/engine.ts';
import { OURS } from '../../../src/model/labels.ts';
import {
  type ContainerId,
  containerId,
  imageId,
  type NetworkId,
  networkId,
  stackName,
} from '../../../src/model/names.ts';
import type { ObservedImage } from '../../../src/model/observed.ts';
import type { VirtualClock } from './clock.ts';
import type {
  Behaviour,
  ImageSpec,
  OwnedVolume,
  Profile,
  SimContainer,
  SimNetwork,
  SimVolume,
} from './objects.ts';

/** Of past events, how many an engine remembers (reliability 1.6). */
const RING = 256;

/** The whole state of a simulated engine. Mutable; only the files beside this one change it. */
export class World {
  readonly clock: VirtualClock;
  readonly profile: Profile;
  readonly containers = new Map<ContainerId, SimContainer>();
  readonly networks = new Map<NetworkId, SimNetwork>();
  readonly volumes = new Map<string, OwnedVolume>();
  readonly images = new Map<string, ObservedImage>();
  readonly registry = new Map<string, ImageSpec>();
  /** Images of it that are still being pulled, for as long as they stand here. */
  readonly slowPulls = new Set<string>();
  readonly behaviours = new Map<string, Behaviour>();
  /** Ports that a process of the host listens on. */
  readonly hostPorts = new Set<string>();
  readonly hostSubnets = new Set<string>();
  /** Every command that was run in a container: `demo-web-1: sh -c true`. */
  readonly execs: string[] = [];
  /** Every volume that there ever was, with its token. */
  readonly volumeHistory: SimVolume[] = [];
  readonly listeners = new Set<(event: EngineEvent) => void>();
  /** The last 256, which an engine that starts again has forgotten. */
  readonly events: EngineEvent[] = [];
  /** dockerd does not run: nobody answers. */
  isDown = false;
  /** A person is at work. */
  isByHand = false;
  readonly #imagesById = new Map<string, ObservedImage>();
  #counter = 0;

  constructor(clock: VirtualClock, profile: Profile) {
    this.clock = clock;
    this.profile = profile;
    for (const [name, driver] of [
      ['bridge', 'bridge'],
      ['host', 'host'],
      ['none', 'null'],
    ] as const) {
      const id = networkId(this.nextHex('network'));
      const pools =
        driver === 'bridge' ? [{ subnet: '172.17.0.0/16', gateway: '172.17.0.1', auxAddresses: {} }] : [];
      const spec = {
        driver,
        options: {},
        internal: false,
        attachable: false,
        enableIPv6: false,
        ipamDriver: 'default',
        ipamOptions: {},
        pools,
        labels: {},
      };
      this.networks.set(id, { id, spec, name, labels: {}, pools, createdAtMs: clock.nowMs() });
    }
  }

  now(): number {
    return this.clock.nowMs();
  }

  count(): number {
    this.#counter += 1;
    return this.#counter;
  }

  /** A new id of 64 hex digits, the same in every run. */
  nextHex(kind: string): string {
    return createHash('sha256').update(`${kind} ${this.count()}`).digest('hex');
  }

  newContainerId(): ContainerId {
    return containerId(this.nextHex('container'));
  }

  behaviour(container: SimContainer): Behaviour {
    const { behaviours } = this;
    return (
      behaviours.get(container.id) ??
      behaviours.get(container.name) ??
      behaviours.get(container.imageId) ??
      behaviours.get(container.imageRef) ??
      container.process
    );
  }

  container(nameOrId: string): SimContainer | undefined {
    const all = [...this.containers.values()];
    return all.find((each) => each.id === nameOrId) ?? all.find((each) => each.name === nameOrId);
  }

  networksNamed(nameOrId: string): readonly SimNetwork[] {
    const byId = this.networks.get(networkId(nameOrId));
    if (byId !== undefined) return [byId];
    return [...this.networks.values()].filter((network) => network.name === nameOrId);
  }

  addVolume(volume: Omit<SimVolume, 'token' | 'data' | 'sharings'>): SimVolume {
    const existing = this.volumes.get(volume.name);
    if (existing !== undefined) return existing;
    const token = this.nextHex('volume').slice(0, 12);
    const made: OwnedVolume = { ...volume, token, data: [], sharings: [] };
    this.volumes.set(volume.name, made);
    this.volumeHistory.push(made);
    this.emit('volume', 'create', volume.name, volume.name, undefined);
    return made;
  }

  /** By reference or id; an image that lost its last reference is still there. */
  image(refOrId: string): ObservedImage | undefined {
    return this.images.get(refOrId) ?? this.#imagesById.get(refOrId);
  }

  /** Puts an image under a reference, as a pull, a build or `docker load` does. */
  addImage(ref: string, spec: ImageSpec = {}): ObservedImage {
    const image = this.putImage(ref, spec);
    this.emit('image', 'pull', ref, ref, undefined);
    return image;
  }

  putImage(ref: string, spec: ImageSpec): ObservedImage {
    const image: ObservedImage = {
      id: imageId(
        `sha256:${createHash('sha256')
          .update(spec.content ?? ref)
          .digest('hex')}`,
      ),
      ref,
      volumes: volumePaths(spec.volumes ?? []),
      hasHealthcheck: spec.hasHealthcheck ?? false,
      exposedPorts: spec.exposedPorts ?? [],
      labels: spec.labels ?? {},
      repoDigests: [],
      createdAtMs: this.now(),
    };
    this.images.set(ref, image);
    this.#imagesById.set(image.id, image);
    return image;
  }

  emit(
    kind: EngineEvent['kind'],
    action: string,
    id: string,
    name: string | undefined,
    stack: string | undefined,
  ) {
    const brand = stack === undefined ? undefined : stackName(stack);
    this.#emit({ kind, action, id, name, stack: brand, atMs: this.now() });
  }

  emitAttachment(action: string, network: { readonly id: string; readonly name: string }, container: string) {
    const { id, name } = network;
    this.#emit({ kind: 'network', action, id, name, stack: undefined, container, atMs: this.now() });
  }

  #emit(event: EngineEvent): void {
    this.events.push(event);
    if (this.events.length > RING) this.events.shift();
    if (!this.isDown) this.tell(event);
  }

  tell(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  emitContainer(action: string, container: SimContainer): void {
    this.emit('container', action, container.id, container.name, container.labels[OURS.stack]);
  }
}
