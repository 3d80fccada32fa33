import type { EndpointSettings, Resources, RestartPolicy } from '../../../src/model/container.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { ContainerId, NetworkId } from '../../../src/model/names.ts';
import { stackName } from '../../../src/model/names.ts';
import {
  pauseContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
  updateContainer,
} from './containers.ts';
import { createContainer } from './create.ts';
import { type StopOptions, startEngine, stopEngine } from './daemon.ts';
import { die, settle } from './life.ts';
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  type NetworkSpec,
  removeNetwork,
} from './networks.ts';
import type { SimContainer } from './objects.ts';
import type { World } from './world.ts';

/** What `docker run` of a stranger may say. */
export interface StrangerOptions {
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `8080:80` */
  readonly ports?: readonly string[];
  readonly networks?: Readonly<Record<string, Partial<EndpointSettings>>>;
}

/** A person with the docker command line, who does what stackctl does not expect. Names, not ids. */
export class Hands {
  readonly #engine: World;

  constructor(world: World) {
    this.#engine = world;
  }

  get #world(): World {
    if (this.#engine.isDown) throw new Failure('unreachable', 'Cannot connect to the Docker daemon');
    return this.#engine;
  }

  /** dockerd ends: everybody's calls fail until `startEngine`. */
  stopEngine(options: StopOptions = {}): void {
    stopEngine(this.#world, options);
  }

  startEngine(): void {
    startEngine(this.#engine);
  }

  /** Ends dockerd and starts it again, at once or when the clock says so. */
  restartEngine({ downForMs = 0, ...options }: StopOptions & { readonly downForMs?: number } = {}): void {
    this.stopEngine(options);
    if (downForMs === 0) this.startEngine();
    else this.#engine.clock.setTimer(() => this.startEngine(), downForMs);
  }

  /** `docker rm -f` */
  rm(name: string): void {
    removeContainer(this.#world, this.#find(name), { force: true });
  }

  stop(name: string): void {
    stopContainer(this.#world, this.#find(name));
  }

  start(name: string): void {
    this.#byHand(() => startContainer(this.#world, this.#find(name)));
  }

  restart(name: string): void {
    this.#byHand(() => restartContainer(this.#world, this.#find(name)));
  }

  /** The process dies by itself, so that the restart policy counts. */
  crash(name: string, code = 1): void {
    const container = this.#find(name);
    if (container.state !== 'running') throw new Error(`${name} does not run`);
    die(this.#world, container, code, this.#world.now(), false);
  }

  pause(name: string): void {
    pauseContainer(this.#world, this.#find(name));
  }

  unpause(name: string): void {
    unpauseContainer(this.#world, this.#find(name));
  }

  rename(name: string, newName: string): void {
    renameContainer(this.#world, this.#find(name), newName);
  }

  update(name: string, resources: Resources, restartPolicy?: RestartPolicy): void {
    const { Memory = 0, MemorySwap = 2 * Memory } = resources;
    const limits = Memory > 0 ? { ...resources, MemorySwap } : resources;
    updateContainer(this.#world, this.#find(name), limits, restartPolicy);
  }

  connect(network: string, name: string, settings: Partial<EndpointSettings> = {}): void {
    connectNetwork(this.#world, network, this.#find(name), endpoint(settings));
  }

  disconnect(network: string, name: string): void {
    disconnectNetwork(this.#world, network, this.#find(name), true);
  }

  createNetwork(name: string, change: Partial<NetworkSpec> = {}, checkDuplicate = true): NetworkId {
    return createNetwork(this.#world, { ...plainNetwork(name), ...change }, {}, checkDuplicate);
  }

  /** Takes everyone off a network and removes it. */
  rmNetwork(name: string): void {
    for (const container of this.#world.containers.values()) {
      if (container.endpoints.has(name) && ['running', 'paused'].includes(container.state)) {
        disconnectNetwork(this.#world, name, container, true);
      }
    }
    removeNetwork(this.#world, name);
  }

  /** `docker network rm` and `create`, then `connect` of those that were on it, as a person would do it. */
  remakeNetwork(name: string, change: Partial<NetworkSpec>, keepLabels: boolean): NetworkId {
    const [old] = this.#world.networksNamed(name);
    if (old === undefined) throw new Error(`no network ${name}`);
    this.rmNetwork(name);
    const labels = keepLabels ? old.labels : {};
    return createNetwork(this.#world, { ...old.spec, name, ...change, labels: {} }, labels);
  }

  createVolume(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.#world.addVolume({ name, driver: 'local', options: {}, labels });
  }

  rmVolume(name: string): void {
    this.#world.volumes.delete(name);
  }

  rmImage(ref: string): void {
    this.#world.images.delete(ref);
  }

  /** What an engine leaves behind that was killed while it removed a container. */
  leaveDead(name: string): void {
    const container = this.#find(name);
    stopContainer(this.#world, container);
    container.state = 'dead';
  }

  /** A removal that takes its time. */
  beginRemoval(name: string, takesMs: number): void {
    const container = this.#find(name);
    stopContainer(this.#world, container);
    container.state = 'removing';
    container.goneAtMs = this.#world.now() + takesMs;
  }

  /** The source of a bind was replaced on the host. */
  replaceBind(name: string, target: string): void {
    this.#find(name).staleBinds = [target];
  }

  /**
   * Another container in the place of one, with its labels and mounts and another environment: what Portainer's
   * "Duplicate/Edit" makes, and what Watchtower leaves.
   */
  copy(name: string): void {
    const { labels, request, state } = this.#find(name);
    this.rm(name);
    const { container } = request;
    const config = { ...container.config, Env: [...(container.config.Env ?? []), 'COPIED=yes'] };
    const endpoints = request.endpoints.flatMap((each) =>
      this.#world.networksNamed(each.networkName).map(({ id }) => ({ ...each, networkId: id })),
    );
    createContainer(this.#world, {
      ...request,
      name,
      labels,
      endpoints,
      container: { ...container, config },
    });
    if (state === 'running') this.start(name);
  }

  /** `docker run` by somebody else. */
  run(name: string, options: StrangerOptions = {}): ContainerId {
    const image = options.image ?? 'stranger:1';
    if (!this.#world.images.has(image)) this.#world.addImage(image);
    const networks = Object.entries(options.networks ?? {});
    const ports = (options.ports ?? []).map((text) => text.split(':'));
    const id = createContainer(this.#world, {
      stack: stackName('stranger'),
      name,
      labels: options.labels ?? {},
      anonymousVolumes: {},
      endpoints: networks.slice(0, 1).map(([networkName, settings]) => {
        const [found] = this.#world.networksNamed(networkName);
        if (found === undefined) throw new Error(`no network ${networkName}`);
        return { networkId: found.id, networkName, settings: endpoint(settings) };
      }),
      networkContainer: undefined,
      ipcContainer: undefined,
      pidContainer: undefined,
      volumesFrom: [],
      container: {
        service: '',
        ordinal: 1,
        name,
        config: { Image: image },
        host: {
          PortBindings: Object.fromEntries(
            ports.map(([host = '', port]) => [`${port}/tcp`, [{ HostIp: '', HostPort: host }]]),
          ),
        },
        resources: {},
        restartPolicy: { Name: 'no', MaximumRetryCount: 0 },
        networkMode:
          networks.length === 0 ? { kind: 'bridge' } : { kind: 'networks', primary: networks[0]?.[0] ?? '' },
        endpoints: [],
        volumesFrom: [],
        files: [],
        anonymousVolumes: [],
        specHash: '',
      },
    });
    const container = this.#find(id);
    for (const [network, settings] of networks.slice(1)) this.connect(network, id, settings);
    startContainer(this.#world, container);
    return id;
  }

  #byHand(act: () => void): void {
    this.#world.isByHand = true;
    try {
      act();
    } finally {
      this.#engine.isByHand = false;
    }
  }

  #find(name: string): SimContainer {
    settle(this.#world);
    const found = this.#world.container(name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }
}

const endpoint = (settings: Partial<EndpointSettings>): EndpointSettings => ({
  aliases: [],
  linkLocalIps: [],
  driverOpts: {},
  ...settings,
});

const plainNetwork = (name: string): NetworkSpec => ({
  name,
  driver: 'bridge',
  options: {},
  internal: false,
  attachable: false,
  enableIPv6: false,
  ipamDriver: 'default',
  ipamOptions: {},
  pools: [],
  labels: {},
});
