import { createHash } from 'node:crypto';
import type { EngineEvent } from '../../../src/engine/engine.ts';
import type { EndpointSettings, Resources, RestartPolicy } from '../../../src/model/container.ts';
import type { DesiredNetwork, IpamPool } from '../../../src/model/desired.ts';
import { OURS } from '../../../src/model/labels.ts';
import {
  type ContainerId,
  containerId,
  type ImageId,
  imageId,
  type NetworkId,
  networkId,
  stackName,
} from '../../../src/model/names.ts';
import type {
  ContainerState,
  ObservedHealth,
  ObservedImage,
  ObservedMount,
  PublishedPort,
} from '../../../src/model/observed.ts';
import type { VirtualClock } from './clock.ts';

/** What tells the engines apart: 20.10 speaks API 1.41, 28 speaks 1.51. */
export type Profile = '20.10' | '28';

/** What the process in a container does, by image reference, image id, container name or container id. */
export interface Behaviour {
  /** With a healthcheck: from when on it is healthy. Default one second after the start. */
  readonly healthyAfterMs?: number;
  /** From when on it is unhealthy; wins over healthy. */
  readonly unhealthyAfterMs?: number;
  readonly exit?: { readonly afterMs: number; readonly code: number };
  /** Every start fails with these words. */
  readonly startError?: string;
  /** Exit code after a stop: 137, as of a process that does not care for SIGTERM. */
  readonly stopCode?: number;
  /** Exit code of each command that is run in it. */
  readonly execCode?: number;
}

export interface SimEndpoint {
  networkId: NetworkId | undefined;
  readonly networkName: string;
  readonly settings: EndpointSettings;
  address: string | undefined;
  /** Whether 20.10 shows the hostname among its aliases. */
  readonly hasHostname: boolean;
}

export interface SimContainer {
  readonly id: ContainerId;
  name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string | undefined;
  readonly imageRef: string;
  readonly imageId: ImageId;
  state: ContainerState;
  exitCode: number;
  error: string;
  readonly createdAtMs: number;
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
  readonly healthcheck: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
  /** While it is paused or stopped: the last probe before. */
  lastProbeAtMs: number | undefined;
  networkMode: string;
  readonly ipcMode: string;
  readonly pidMode: string;
  readonly volumesFrom: readonly string[];
  /** By network name. */
  readonly endpoints: Map<string, SimEndpoint>;
  readonly mounts: readonly ObservedMount[];
  /** From other containers: only a start claims them. */
  readonly inheritedVolumes: ReadonlySet<string>;
  resources: Resources;
  restartPolicy: RestartPolicy;
  readonly wantedPorts: readonly PublishedPort[];
  ports: readonly PublishedPort[];
  staleBinds: readonly string[];
  readonly files: Map<string, string>;
  /** What its command does, where no test says otherwise. */
  readonly process: Behaviour;
  /** Exit codes by signal, of a process that minds them. */
  readonly traps: ReadonlyMap<string, number>;
  readonly stopSignal: string | undefined;
  /** Its end is wanted: no policy starts it again. */
  isRestartCanceled: boolean;
  /** When the engine's restart policy starts it again, and how often it did. */
  restartsAtMs: number | undefined;
  restartDelayMs: number;
  engineRestarts: number;
  /** While it is being removed: when that is over. */
  goneAtMs: number | undefined;
  /** Somebody stopped it since its last start: `unless-stopped` leaves it so when the engine starts again. */
  isStoppedByHand: boolean;
  /** What its monitor said last, where that ended without the process (20.10 after a live restore). */
  frozenHealth: ObservedHealth | undefined;
  /** The last status that an event told of. */
  saidHealth: ObservedHealth['status'];
}

export interface SimNetwork {
  readonly id: NetworkId;
  readonly spec: Omit<DesiredNetwork, 'key' | 'external' | 'specHash' | 'name'>;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** With what the engine chose where the request left it open. */
  readonly pools: readonly IpamPool[];
  readonly createdAtMs: number;
}

export interface SimVolume {
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Stands for the volume itself: another token is another, empty volume. */
  readonly token: string;
  /** What was written into it: each start of a container that has it read-write appends that one's id. */
  readonly data: readonly ContainerId[];
  /** Each start of a container that has it read-write while others run that have it so too. */
  readonly sharings: readonly { readonly container: ContainerId; readonly others: readonly ContainerId[] }[];
}

/** Only the engine writes into a volume. */
interface OwnedVolume extends SimVolume {
  readonly data: ContainerId[];
  readonly sharings: { readonly container: ContainerId; readonly others: readonly ContainerId[] }[];
}

/** What lies in a registry, or on the engine under a reference. */
export interface ImageSpec {
  /** Other words, other image. */
  readonly content?: string;
  readonly volumes?: readonly string[];
  readonly exposedPorts?: readonly string[];
  readonly hasHealthcheck?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

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
      volumes: spec.volumes ?? [],
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
    const event: EngineEvent = {
      kind,
      action,
      id,
      name,
      stack: stack === undefined ? undefined : stackName(stack),
      atMs: this.now(),
    };
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
