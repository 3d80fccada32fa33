import { Failure } from '../../../src/model/failure.ts';
import { stackName } from '../../../src/model/names.ts';
import { desiredNetwork, endpoint } from '../engine-requests.ts';
import {
  killContainer,
  pauseContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
  updateContainer,
} from '../simulated/containers.ts';
import { createContainer } from '../simulated/create.ts';
import { commitImage, removeImage, tagImage } from '../simulated/images.ts';
import { nextChangeAtMs, settle } from '../simulated/life.ts';
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  removeNetwork,
  theOnly,
} from '../simulated/networks.ts';
import type { Profile, SimContainer } from '../simulated/objects.ts';
import { asSent } from '../simulated/port-containers.ts';
import { refusal } from '../simulated/refusal.ts';
import { createVolume, removeVolume } from '../simulated/volumes.ts';
import { SimulatedEngine } from '../simulated-engine.ts';
import { type Answer, type Corner, type HeardEvent, NO_ANSWER } from './corner.ts';
import { Names } from './names.ts';
import type { DockerOperation, EngineOperation } from './operation.ts';
import { dockerRequest, restartPolicy, TEST_RUN } from './requests.ts';

const IMAGE = 'app:1';
/** What happens within this time is waited for. */
const SOON_MS = 3000;
const MOST_CHANGES = 60;
/** Kinds that a person hears of too, as far as they have a name. */
const KINDS = new Set(['container', 'network', 'volume', 'image']);

type OfContainer = Extract<DockerOperation, { container: string }>;

/** A corner of the simulated engine. */
export class SimulatedCorner implements Corner {
  readonly profile: Profile;
  readonly names: Names;
  readonly engine: SimulatedEngine;
  readonly other: SimulatedEngine;
  #events: HeardEvent[] = [];

  constructor(profile: Profile) {
    this.profile = profile;
    this.engine = new SimulatedEngine({ profile, writeMs: 1 });
    const { world, instance } = this.engine;
    this.other = new SimulatedEngine({ instance: `${instance}-other`, world, writeMs: 1 });
    this.names = new Names({ stack: stackName('demo'), instance, image: IMAGE });
    world.addImage(IMAGE);
    world.listeners.add(({ kind, action, name, id }) => {
      if (KINDS.has(kind)) this.#events.push({ kind, action, name: name ?? id });
    });
  }

  async docker(operation: DockerOperation): Promise<Answer> {
    const { clock, world } = this.engine;
    clock.advance(1);
    settle(world);
    try {
      const answer = 'container' in operation ? this.#onContainer(operation) : this.#onOther(operation);
      settle(world);
      return { words: '', ...answer };
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.kind === 'unreachable') return NO_ANSWER;
      if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
      return { status: thrown.status, words: thrown.message };
    }
  }

  async restart({ engine, liveRestore = false }: EngineOperation): Promise<void> {
    this.engine.hands.restartEngine({ liveRestore, crash: engine === 'crash' });
    this.#events = [];
  }

  events(): readonly HeardEvent[] {
    return this.#events.filter(({ name }) => !name.startsWith('sha256:'));
  }

  forgetEvents(): void {
    this.#events = [];
  }

  async settle(): Promise<void> {
    const { world } = this.engine;
    const untilMs = world.now() + SOON_MS;
    settle(world);
    for (let count = 0; count < MOST_CHANGES; count += 1) {
      const nextMs = nextChangeAtMs(world);
      if (nextMs === undefined || nextMs > untilMs) return;
      world.clock.advanceTo(nextMs);
      settle(world);
    }
  }

  async dispose(): Promise<void> {}

  #find(name: string): SimContainer {
    const found = this.engine.world.container(this.names.container(name));
    if (found === undefined) throw refusal(404, `No such container: ${name}`);
    return found;
  }

  #image(name: string): string {
    return this.names.image(name === 'base' ? undefined : name);
  }

  #onOther(operation: Exclude<DockerOperation, OfContainer>): Omit<Answer, 'words'> {
    const { names } = this;
    const { world } = this.engine;
    switch (operation.docker) {
      case 'network-create': {
        const { network, subnet, internal, attachable, options, driver, labels, checkDuplicate } = operation;
        const spec = desiredNetwork(names.network(network), {
          driver: driver ?? 'bridge',
          internal: internal ?? false,
          attachable: attachable ?? false,
          options: options ?? {},
          pools: subnet === undefined ? [] : [{ subnet: names.subnet(subnet), auxAddresses: {} }],
        });
        const own = { ...labels, [TEST_RUN]: names.instance };
        return { status: 201, id: createNetwork(world, spec, own, checkDuplicate) };
      }
      case 'network-rm': {
        const { network, by = 'name' } = operation;
        removeNetwork(world, by === 'name' ? names.network(network) : names.networkId(network));
        return { status: 204 };
      }
      case 'volume-create': {
        const { driver = 'local', options = {}, labels = {} } = operation;
        const own = { ...labels, [TEST_RUN]: names.instance };
        createVolume(world, { name: names.volume(operation.volume), driver, options, labels: own });
        return { status: 201 };
      }
      case 'volume-rm': {
        const name = names.volume(operation.volume);
        if (world.volumes.has(name) || operation.force !== true) removeVolume(world, name);
        return { status: 204 };
      }
      case 'image-tag':
        tagImage(world, this.#image(operation.image), names.image(operation.as));
        return { status: 201 };
      case 'image-rm':
        removeImage(world, this.#image(operation.image), operation.force === true);
        return { status: 200 };
    }
  }

  #onContainer(operation: OfContainer): Omit<Answer, 'words'> {
    const { names } = this;
    const { world } = this.engine;
    if (operation.docker === 'create' || operation.docker === 'run') {
      const id = createContainer(world, asSent(world, dockerRequest(names, operation)));
      if (operation.docker === 'create') return { status: 201, id };
      names.madeContainer(operation.container, id);
      startContainer(world, this.#find(operation.container));
      return { status: 204, id };
    }
    if (operation.docker === 'network-connect' || operation.docker === 'network-disconnect')
      return this.#onAttachment(operation);
    const container = this.#find(operation.container);
    const isUp = ['running', 'paused', 'restarting'].includes(container.state);
    switch (operation.docker) {
      case 'start':
        if (container.state === 'running' || container.state === 'restarting') return { status: 304 };
        startContainer(world, container);
        return { status: 204 };
      case 'stop':
        stopContainer(world, container);
        return { status: isUp ? 204 : 304 };
      case 'restart':
        restartContainer(world, container);
        return { status: 204 };
      case 'pause':
        pauseContainer(world, container);
        return { status: 204 };
      case 'unpause':
        unpauseContainer(world, container);
        return { status: 204 };
      case 'kill':
        killContainer(world, container, operation.signal ?? 'SIGKILL');
        return { status: 204 };
      case 'rename':
        renameContainer(world, container, names.container(operation.to));
        return { status: 204 };
      case 'update':
        return this.#update(container, operation);
      case 'rm':
        removeContainer(world, container, {
          force: operation.force === true,
          volumes: operation.volumes === true,
        });
        return { status: 204 };
      case 'commit': {
        const lines = operation.changes ?? [];
        const volumes = lines.flatMap((line) => /^VOLUME (.*)$/.exec(line)?.[1] ?? []);
        const labels = lines.flatMap((line) => /^LABEL (\w+)=(\w+)$/.exec(line)?.slice(1, 3) ?? []);
        const [name, value] = labels;
        const own = name === undefined || value === undefined ? {} : { [name]: value };
        commitImage(world, container, names.image(operation.image), {
          volumes,
          labels: { ...container.labels, ...own },
        });
        return { status: 201 };
      }
    }
  }

  #update(
    container: SimContainer,
    { memoryMiB, cpuShares, restart }: Extract<DockerOperation, { docker: 'update' }>,
  ): Omit<Answer, 'words'> {
    const limits = {
      ...(memoryMiB === undefined ? {} : { Memory: memoryMiB * 1024 * 1024, MemorySwap: -1 }),
      ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
    };
    const policy = restart === undefined ? undefined : restartPolicy(restart);
    updateContainer(this.engine.world, container, limits, policy);
    return { status: 200 };
  }

  #onAttachment(
    operation: Extract<DockerOperation, { docker: 'network-connect' | 'network-disconnect' }>,
  ): Omit<Answer, 'words'> {
    const { names } = this;
    const { world } = this.engine;
    const network = names.network(operation.network);
    if (operation.docker === 'network-disconnect') {
      const isThere = world.container(names.container(operation.container)) !== undefined;
      if (!isThere && operation.force === true) {
        const isNetworkThere = theOnly(world, network) !== undefined;
        throw refusal(
          404,
          isNetworkThere ? `endpoint ${operation.container} not found` : `network ${network} not found`,
        );
      }
      disconnectNetwork(world, network, this.#find(operation.container), operation.force === true);
      return { status: 200 };
    }
    const container = this.#find(operation.container);
    const { aliases = [], address } = operation;
    const settings = endpoint({
      aliases,
      ...(address === undefined ? {} : { ipv4Address: names.address(address) }),
    });
    connectNetwork(world, network, container, settings);
    return { status: 200 };
  }
}
