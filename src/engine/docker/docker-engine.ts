import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CallAdmission } from '../../model/admission.ts';
import type { EndpointSettings, Resources, RestartPolicy } from '../../model/container.ts';
import type { DesiredImage, DesiredNetwork, DesiredVolume, InjectedFile } from '../../model/desired.ts';
import type { Hook } from '../../model/hooks.ts';
import type { ContainerId, ImageId, NetworkId, StackName } from '../../model/names.ts';
import type { EngineInfo, Observed } from '../../model/observed.ts';
import type { ProbeRequest, ProbeResult } from '../../model/probe.ts';
import type {
  ContainerRequest,
  Engine,
  EngineEvent,
  ExecResult,
  LogLine,
  LogOptions,
  ObserveQuery,
  Progress,
  PullState,
} from '../engine.ts';
import { buildImage } from './build.ts';
import { type Admit, Connection, type EngineLog, superseded } from './connection.ts';
import {
  type Caller,
  createContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
  updateContainer,
} from './container-calls.ts';
import { readEvents } from './events.ts';
import { exec } from './exec.ts';
import { Guard, type IsAdopted } from './guard.ts';
import { ImageConfigs } from './image-configs.ts';
import { pullImage } from './images.ts';
import { InspectCache } from './inspect-cache.ts';
import { readLogs } from './logs.ts';
import { connectNetwork, disconnectNetwork, NetworkCreator, removeNetwork } from './network-calls.ts';
import { type Observer, observe, ownedStacks } from './observe.ts';
import { Prober } from './probes.ts';
import { PullsUnderWay } from './pulls-under-way.ts';
import { putFiles } from './put-files.ts';
import { inspectImageRaw } from './reads.ts';
import { createVolume, removeVolume } from './volume-calls.ts';

export interface DockerEngineOptions {
  /** As in DOCKER_HOST: `unix:///path`, `tcp://host:port`. Undefined: the usual socket. */
  readonly host: string | undefined;
  /** The value of our instance label: objects of another instance are only read. */
  readonly instance: string;
  readonly log: EngineLog;
  /** Directory with `ca.pem`, `cert.pem` and `key.pem`, for TLS (DOCKER_CERT_PATH). */
  readonly certPath?: string | undefined;
  /** Directory of `config.json` with registry logins (DOCKER_CONFIG). Default `~/.docker`. */
  readonly configDirectory?: string | undefined;
  /** Compose projects whose objects we may change though they bear no labels of ours. Default none. */
  readonly isAdopted?: IsAdopted | undefined;
  /** Whether this process may work on the engine that answers. Default: it may. */
  readonly admit?: Admit | undefined;
  /**
   * How old an inspect of a container may be about which no event came. Default 0: all are asked for at each look. Kept
   * only while somebody reads the events.
   */
  readonly inspectMaxAgeMs?: number | undefined;
  /** Reads the events elsewhere, for as long as the signal does not fire. Default: in this thread. */
  readonly events?: ((signal: AbortSignal) => AsyncIterable<EngineEvent>) | undefined;
}

/** An engine at an address. Nothing is asked of it yet; a bad address throws `invalid`. */
export function createDockerEngine(options: DockerEngineOptions): Engine {
  const { host, certPath, log, instance } = options;
  const connection = new Connection(host, certPath, log, options.admit);
  const imageConfigs = new ImageConfigs((id, signal) => inspectImageRaw(connection, id, signal));
  const guard = new Guard(connection, imageConfigs, instance, options.isAdopted ?? (() => false));
  const shared: Shared = {
    connection,
    events: options.events ?? ((signal) => readEvents(new Connection(host, certPath, log), signal)),
    configDirectory: options.configDirectory ?? join(homedir(), '.docker'),
    pulls: new PullsUnderWay(),
    observer: {
      connection,
      instance,
      imageConfigs,
      inspects: new InspectCache(options.inspectMaxAgeMs ?? 0),
    },
    guard,
    prober: new Prober(connection, guard, instance),
    networks: new NetworkCreator(),
    neverStarted: new Map(),
  };
  return new DockerEngine(shared, undefined);
}

/** What an engine is spoken to by, whatever its calls are held to. */
interface Shared {
  readonly connection: Connection;
  readonly events: (signal: AbortSignal) => AsyncIterable<EngineEvent>;
  readonly configDirectory: string;
  readonly pulls: PullsUnderWay;
  readonly observer: Observer;
  readonly guard: Guard;
  readonly prober: Prober;
  readonly networks: NetworkCreator;
  readonly neverStarted: Caller['neverStarted'];
}

/**
 * The port over the Docker Engine API, 1.41 to 1.51. Reads end when their signal fires; a write that was
 * sent runs until the engine answers or its deadline, since a lost answer has two outcomes, so its signal is
 * asked before it is sent. The event stream has a connection of its own, so that nothing else can stall it.
 */
class DockerEngine implements Engine {
  readonly #shared: Shared;
  readonly #caller: Caller;

  constructor(shared: Shared, admission: CallAdmission | undefined) {
    this.#shared = shared;
    const { connection, guard, neverStarted } = shared;
    this.#caller = { connection, guard, admission, neverStarted };
  }

  admitting(admission: CallAdmission): Engine {
    return new DockerEngine(this.#shared, admission);
  }

  connect(signal: AbortSignal): Promise<EngineInfo> {
    return this.#shared.connection.negotiate(signal);
  }

  observe(query: ObserveQuery, signal: AbortSignal): Promise<Observed> {
    return observe(this.#shared.observer, query, signal);
  }

  ownedStacks(signal: AbortSignal): Promise<readonly StackName[]> {
    return ownedStacks(this.#shared.observer, signal);
  }

  events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    return this.#shared.observer.inspects.follow(this.#shared.events(signal));
  }

  logs(container: ContainerId, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine> {
    return readLogs(this.#shared.connection, container, options, signal);
  }

  pullImage(image: DesiredImage, progress: Progress, signal: AbortSignal): Promise<PullState> {
    const begin = (tell: Progress) =>
      pullImage(this.#shared.connection, this.#shared.configDirectory, image, tell, signal);
    return this.#shared.pulls.pull(`${image.ref} ${image.platform ?? ''}`, begin, progress);
  }

  buildImage(image: DesiredImage, progress: Progress, signal: AbortSignal): Promise<ImageId> {
    return buildImage(this.#caller, this.#shared.configDirectory, image, progress, signal);
  }

  createNetwork(
    network: DesiredNetwork,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<NetworkId> {
    return write('create network', signal, () => this.#shared.networks.create(this.#caller, network, labels));
  }

  removeNetwork(network: NetworkId, unclaimed: boolean, signal: AbortSignal): Promise<void> {
    return write('remove network', signal, () => removeNetwork(this.#caller, network, unclaimed));
  }

  connectNetwork(
    network: NetworkId,
    container: ContainerId,
    settings: EndpointSettings,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#change('connect network', container, signal, () =>
      connectNetwork(this.#caller, network, container, settings),
    );
  }

  disconnectNetwork(
    network: NetworkId | string,
    container: ContainerId,
    force: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#change('disconnect network', container, signal, () =>
      disconnectNetwork(this.#caller, network, container, force),
    );
  }

  createVolume(
    volume: DesiredVolume,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    return write('create volume', signal, () => createVolume(this.#caller, volume, labels));
  }

  removeVolume(name: string, signal: AbortSignal): Promise<void> {
    return write('remove volume', signal, () => removeVolume(this.#caller, name));
  }

  createContainer(request: ContainerRequest, signal: AbortSignal): Promise<ContainerId> {
    return write('create container', signal, () => createContainer(this.#caller, request));
  }

  putFiles(container: ContainerId, files: readonly InjectedFile[], signal: AbortSignal): Promise<void> {
    return write('put files', signal, async () => {
      await this.#caller.guard.requireContainer(container, 'put files');
      await putFiles(this.#shared.connection, container, files);
    });
  }

  startContainer(container: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#change('start container', container, signal, () => startContainer(this.#caller, container));
  }

  stopContainer(
    container: ContainerId,
    graceMs: number,
    stopSignal: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#change('stop container', container, signal, () =>
      stopContainer(this.#caller, container, graceMs, stopSignal),
    );
  }

  exec(container: ContainerId, command: Hook, limitMs: number, signal: AbortSignal): Promise<ExecResult> {
    return write('run a command', signal, () => exec(this.#caller, container, { command, limitMs, signal }));
  }

  probe(request: ProbeRequest, signal: AbortSignal): Promise<readonly ProbeResult[]> {
    return this.#shared.prober.probe(request, signal);
  }

  removeProbes(signal: AbortSignal): Promise<number> {
    return this.#shared.prober.removeLeftovers(signal);
  }

  restartContainer(container: ContainerId, graceMs: number, signal: AbortSignal): Promise<void> {
    return this.#change('restart container', container, signal, () =>
      restartContainer(this.#caller, container, graceMs),
    );
  }

  unpauseContainer(container: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#change('unpause container', container, signal, () =>
      unpauseContainer(this.#caller, container),
    );
  }

  renameContainer(container: ContainerId, newName: string, signal: AbortSignal): Promise<void> {
    return this.#change('rename container', container, signal, () =>
      renameContainer(this.#caller, container, newName),
    );
  }

  updateContainer(
    container: ContainerId,
    resources: Resources,
    restartPolicy: RestartPolicy | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#change('update container', container, signal, () =>
      updateContainer(this.#caller, container, resources, restartPolicy),
    );
  }

  removeContainer(container: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#change('remove container', container, signal, () =>
      removeContainer(this.#caller, container),
    );
  }

  /** A write to a container, after which nobody is told what it was like before. */
  async #change(
    what: string,
    container: ContainerId,
    signal: AbortSignal,
    call: () => Promise<void>,
  ): Promise<void> {
    const { inspects } = this.#shared.observer;
    inspects.forget(container);
    try {
      await write(what, signal, call);
    } finally {
      inspects.forget(container);
    }
  }
}

/** A write that nobody wants any more is not begun; one that was begun is not cut. */
async function write<Result>(
  what: string,
  signal: AbortSignal,
  call: () => Promise<Result>,
): Promise<Result> {
  if (signal.aborted) throw superseded(what);
  return call();
}
