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
} from '../../src/engine/engine.ts';
import type { EndpointSettings, Resources, RestartPolicy } from '../../src/model/container.ts';
import type { DesiredImage, DesiredNetwork, DesiredVolume, InjectedFile } from '../../src/model/desired.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Hook } from '../../src/model/hooks.ts';
import { OURS } from '../../src/model/labels.ts';
import {
  type ContainerId,
  type ImageId,
  type NetworkId,
  type StackName,
  stackName,
} from '../../src/model/names.ts';
import type { EngineInfo, Observed } from '../../src/model/observed.ts';
import type { ProbeRequest, ProbeResult } from '../../src/model/probe.ts';
import { VirtualClock } from './simulated/clock.ts';
import {
  exec,
  putFile,
  renameContainer,
  restartContainer,
  startContainer,
  unpauseContainer,
  updateContainer,
} from './simulated/containers.ts';
import { readEvents } from './simulated/events.ts';
import { SimGuard } from './simulated/guard.ts';
import { Hands } from './simulated/hands.ts';
import { nextChangeAtMs, settle } from './simulated/life.ts';
import type { Behaviour, Profile, SimContainer } from './simulated/objects.ts';
import {
  asUpdated,
  portCreateContainer,
  portRemoveContainer,
  portStopContainer,
} from './simulated/port-containers.ts';
import {
  portConnectNetwork,
  portCreateNetwork,
  portCreateVolume,
  portDisconnectNetwork,
  portRemoveNetwork,
  portRemoveVolume,
} from './simulated/port-networks.ts';
import { probe } from './simulated/probes.ts';
import { engineInfo, snapshot } from './simulated/snapshot.ts';
import { World } from './simulated/world.ts';

type Labels = Readonly<Record<string, string>>;

/** A call that is about to happen; numbers count from 1. */
export interface Call {
  readonly number: number;
  /** 0 for a read. */
  readonly writeNumber: number;
  /** `startContainer demo-web-1` */
  readonly what: string;
}

/**
 * What becomes of a call. `fail`: refused without effect. `lose`: carried out, and the answer is lost.
 * `half`: what an engine leaves that was cut short (a start that is cancelled, a removal that ends `dead`).
 */
export type Fate = 'ok' | 'fail' | 'lose' | 'half';

export interface SimulatedEngineOptions {
  readonly profile?: Profile;
  readonly clock?: VirtualClock;
  readonly instance?: string;
  /** How long a write takes; 0, so that tests can say exact times. */
  readonly writeMs?: number;
  /** Another stackctld's engine: the two are one. */
  readonly world?: World;
}

/**
 * The port, in memory: the refusals and quirks of engines 20.10 and 28 that were measured
 * (compose-and-engine 4, reliability 1.6 and 1.7), on a clock that stands still.
 */
export class SimulatedEngine implements Engine {
  readonly clock: VirtualClock;
  readonly instance: string;
  readonly world: World;
  /** Somebody else at the same engine. */
  readonly hands: Hands;
  /** Decides about each call; tests replace it. */
  onCall: (call: Call) => Fate = () => 'ok';
  /** While true, nobody answers this one; `hands.stopEngine` is for everybody. */
  isDown = false;
  reads = 0;
  writes = 0;
  /** Every write so far, in words. */
  readonly log: string[] = [];
  readonly #guard: SimGuard;
  readonly #writeMs: number;

  constructor(options: SimulatedEngineOptions = {}) {
    this.clock = options.world?.clock ?? options.clock ?? new VirtualClock();
    this.instance = options.instance ?? 'test';
    this.#writeMs = options.writeMs ?? 0;
    this.world = options.world ?? new World(this.clock, options.profile ?? '28');
    this.hands = new Hands(this.world);
    this.#guard = new SimGuard(this.world, this.instance);
  }

  /** Scripts what processes do: by image reference or id, container name or id. */
  behave(who: string, behaviour: Behaviour): void {
    settle(this.world);
    this.world.behaviours.set(who, behaviour);
  }

  /** When something changes without a call next. */
  nextChangeAtMs(): number | undefined {
    settle(this.world);
    return nextChangeAtMs(this.world);
  }

  /** What is admitted is the business of the adapter for real engines. */
  admitting(): this {
    return this;
  }

  connect(): Promise<EngineInfo> {
    return this.#call('connect', '', () => engineInfo(this.world), 'read');
  }

  observe(query: ObserveQuery, signal?: AbortSignal): Promise<Observed> {
    if (signal?.aborted === true) return Promise.reject(new Failure('superseded', 'observe: given up'));
    return this.#call('observe', query.stack, () => snapshot(this.world, this.instance, query), 'read');
  }

  ownedStacks(): Promise<readonly StackName[]> {
    const list = () => {
      const { containers, networks, volumes } = this.world;
      const labels = [...containers.values(), ...networks.values(), ...volumes.values()].map(
        (each) => each.labels,
      );
      const names = labels.flatMap((each) => (this.#guard.isOurs(each) ? (each[OURS.stack] ?? []) : []));
      return [...new Set(names)].sort().map(stackName);
    };
    return this.#call('ownedStacks', '', list, 'read');
  }

  events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    return readEvents(this.world, signal);
  }

  async *logs(container: ContainerId, _options: LogOptions, _signal: AbortSignal): AsyncIterable<LogLine> {
    const found = this.world.container(container);
    if (found === undefined) throw new Failure('gone', `No such container: ${container}`, { status: 404 });
    yield { stream: 'stdout', text: `hello from ${found.name}` };
  }

  pullImage(image: DesiredImage, progress: Progress, signal: AbortSignal): Promise<PullState> {
    return this.#write('pullImage', image.ref, signal, () => {
      const spec = this.world.registry.get(image.ref);
      if (spec === undefined)
        throw new Failure('invalid', `manifest for ${image.ref} not found`, { status: 404 });
      if (this.world.slowPulls.has(image.ref)) return 'under-way';
      progress('pulling');
      this.world.addImage(image.ref, spec);
      return 'pulled';
    });
  }

  buildImage(image: DesiredImage, progress: Progress, signal: AbortSignal): Promise<ImageId> {
    return this.#write('buildImage', image.ref, signal, () => {
      const digest = image.build?.digest ?? '';
      progress('building');
      return this.world.addImage(image.ref, { content: digest, labels: { [OURS.buildDigest]: digest } }).id;
    });
  }

  createNetwork(network: DesiredNetwork, labels: Labels, signal: AbortSignal): Promise<NetworkId> {
    return this.#write('createNetwork', network.name, signal, () =>
      portCreateNetwork(this.#guard, network, labels),
    );
  }

  removeNetwork(network: NetworkId, unclaimed: boolean, signal: AbortSignal): Promise<void> {
    return this.#write('removeNetwork', network, signal, () =>
      portRemoveNetwork(this.#guard, network, unclaimed),
    );
  }

  connectNetwork(
    network: NetworkId,
    container: ContainerId,
    settings: EndpointSettings,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#write('connectNetwork', container, signal, () =>
      portConnectNetwork(this.#guard, network, container, settings),
    );
  }

  disconnectNetwork(
    network: NetworkId | string,
    container: ContainerId,
    force: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#write('disconnectNetwork', container, signal, () =>
      portDisconnectNetwork(this.#guard, network, container, force),
    );
  }

  createVolume(volume: DesiredVolume, labels: Labels, signal: AbortSignal): Promise<void> {
    return this.#write('createVolume', volume.name, signal, () =>
      portCreateVolume(this.#guard, volume, labels),
    );
  }

  removeVolume(name: string, signal: AbortSignal): Promise<void> {
    return this.#write('removeVolume', name, signal, () => portRemoveVolume(this.#guard, name));
  }

  createContainer(request: ContainerRequest, signal: AbortSignal): Promise<ContainerId> {
    return this.#write('createContainer', request.name, signal, () =>
      portCreateContainer(this.#guard, request),
    );
  }

  putFiles(container: ContainerId, files: readonly InjectedFile[], signal: AbortSignal): Promise<void> {
    return this.#write('putFiles', container, signal, () => {
      const target = this.#guard.own(container);
      for (const file of files) putFile(this.world, target, file.target, file.content);
    });
  }

  startContainer(container: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#write('startContainer', container, signal, () =>
      startContainer(this.world, this.#guard.own(container)),
    );
  }

  stopContainer(
    container: ContainerId,
    _graceMs: number,
    stopSignal: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#write('stopContainer', container, signal, () =>
      portStopContainer(this.world, this.#guard.own(container), stopSignal),
    );
  }

  exec(container: ContainerId, command: Hook, _limitMs: number, signal: AbortSignal): Promise<ExecResult> {
    return this.#write('exec', container, signal, () =>
      exec(this.world, this.#guard.own(container), command),
    );
  }

  probe(request: ProbeRequest): Promise<readonly ProbeResult[]> {
    const { from } = request;
    const ask = () => probe(this.world, from === 'host' ? undefined : this.#guard.own(from), request);
    return this.#call('probe', from, ask, 'read');
  }

  /** A probe here is over at once, so none can be cut short. */
  removeProbes(): Promise<number> {
    return this.#call('removeProbes', '', () => 0, 'read');
  }

  restartContainer(container: ContainerId, _graceMs: number, signal: AbortSignal): Promise<void> {
    return this.#write('restartContainer', container, signal, () =>
      restartContainer(this.world, this.#guard.own(container)),
    );
  }

  unpauseContainer(container: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#write('unpauseContainer', container, signal, () => {
      const target = this.#guard.own(container);
      if (target.state === 'paused') unpauseContainer(this.world, target);
    });
  }

  renameContainer(container: ContainerId, newName: string, signal: AbortSignal): Promise<void> {
    return this.#write('renameContainer', container, signal, () => {
      const target = this.#guard.own(container);
      if (target.name !== newName) renameContainer(this.world, target, newName);
    });
  }

  updateContainer(
    container: ContainerId,
    resources: Resources,
    restartPolicy: RestartPolicy | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#write('updateContainer', container, signal, () =>
      updateContainer(this.world, this.#guard.own(container), asUpdated(resources), restartPolicy),
    );
  }

  removeContainer(container: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#write('removeContainer', container, signal, () =>
      portRemoveContainer(this.#guard, container),
    );
  }

  #write<Result>(method: string, object: string, signal: AbortSignal, act: () => Result): Promise<Result> {
    if (signal.aborted) return Promise.reject(new Failure('superseded', `${method}: given up`));
    return this.#call(method, object, act, 'write');
  }

  async #call<Result>(
    method: string,
    object: string,
    act: () => Result,
    kind: 'read' | 'write',
  ): Promise<Result> {
    await Promise.resolve();
    const isWrite = kind === 'write';
    if (isWrite) this.clock.advance(this.#writeMs);
    settle(this.world);
    if (isWrite) this.writes += 1;
    else this.reads += 1;
    const target = this.world.container(object);
    const name = target?.name ?? this.world.networksNamed(object)[0]?.name ?? object;
    const what = `${method} ${name}`;
    if (isWrite) this.log.push(what);
    const fate = this.onCall({
      number: this.reads + this.writes,
      writeNumber: isWrite ? this.writes : 0,
      what,
    });
    if (this.isDown || this.world.isDown) throw new Failure('unreachable', `${what}: no answer`);
    if (fate === 'fail') throw new Failure('refused', `${what}: injected failure`, { status: 500 });
    if (fate === 'half') throw this.#half(method, target, what);
    const result = act();
    settle(this.world);
    if (fate === 'lose') throw new Failure('unreachable', `${what}: the answer was lost`);
    return result;
  }

  /** Reliability 1.6: 28 cancels a start whose caller hangs up, a killed engine leaves removals `dead`. */
  #half(method: string, target: SimContainer | undefined, what: string): Failure {
    if (target !== undefined && method === 'startContainer') {
      target.error = 'Canceled: context canceled';
      target.exitCode = 128;
    }
    if (target !== undefined && method === 'removeContainer') target.state = 'dead';
    return new Failure('unreachable', `${what}: cut short`);
  }
}
