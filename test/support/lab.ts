import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { inject } from 'vitest';
import { createDockerEngine } from '../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { OURS } from '../../src/model/labels.ts';
import { type ContainerId, containerId, type StackName, stackName } from '../../src/model/names.ts';
import type { ContractWorld, ForeignOptions, Outside } from './contract/world.ts';

/** The image that all engine tests use: busybox, made by `scripts/images.sh small`. */
export const SMALL_IMAGE = 'stackctl.local/busybox:1';
/** On objects that tests make as "somebody else", so that they can be found again. */
const TEST_RUN = 'stackctl-test-run';

/** dockerode on the engine under test: the hand of a person who does things beside stackctld. */
export function testDocker(host: string): Docker {
  if (host.startsWith('unix://'))
    return new Docker({ socketPath: host.slice('unix://'.length), host: undefined });
  const { hostname, port } = new URL(host);
  return new Docker({ host: hostname, port: Number(port), protocol: 'http', socketPath: undefined });
}

/** A logger that says nothing. */
export const SILENT = { debug: () => undefined, warn: () => undefined };

/** Whether an engine answers; without one the tests that need it are skipped. */
export function hasEngine(): boolean {
  return inject('engineHost') !== undefined;
}

/** One test's own corner of the engine: an instance and a stack that nobody else has. */
export class Lab implements ContractWorld {
  readonly host: string;
  readonly docker: Docker;
  readonly instance: string;
  readonly stack: StackName;
  readonly engine: Engine;
  readonly image = SMALL_IMAGE;
  readonly outside: Outside;
  /** Removed at the end as well. */
  readonly #imageRefs: string[] = [];

  constructor() {
    const host = inject('engineHost');
    if (host === undefined) throw new Error('no engine: guard the tests with hasEngine()');
    const unique = randomBytes(3).toString('hex');
    this.host = host;
    this.docker = testDocker(host);
    this.instance = `${inject('engineRun')}-${unique}`;
    this.stack = stackName(`t${unique}`);
    this.engine = this.engineAs(this.instance);
    this.outside = outside(this.docker, this.instance, this.#imageRefs);
  }

  /** Another stackctld on the same engine, or the same one by another way. */
  engineAs(instance: string, host: string = this.host): Engine {
    return createDockerEngine({ host, instance, log: SILENT });
  }

  /** An image to remove at the end. */
  owns(ref: string): string {
    this.#imageRefs.push(ref);
    return ref;
  }

  async dispose(): Promise<void> {
    await sweep(this.docker, this.instance);
    for (const ref of this.#imageRefs)
      await this.docker
        .getImage(ref)
        .remove({ force: true })
        .catch(() => undefined);
  }
}

/** Removes all containers, networks and volumes of test instances that begin so; tells what it found. */
export async function sweep(docker: Docker, instancePrefix: string): Promise<string[]> {
  const isOurs = (labels: Record<string, string> | undefined | null) =>
    [OURS.instance, TEST_RUN].some((label) => labels?.[label]?.startsWith(instancePrefix));
  const found: string[] = [];
  for (const container of await docker.listContainers({ all: true })) {
    if (!isOurs(container.Labels)) continue;
    found.push(`container ${container.Names[0] ?? container.Id}`);
    await docker.getContainer(container.Id).remove({ force: true, v: true }).catch(ignoreGone);
  }
  for (const network of await docker.listNetworks()) {
    if (!isOurs(network.Labels)) continue;
    found.push(`network ${network.Name}`);
    await docker.getNetwork(network.Id).remove().catch(ignoreGone);
  }
  for (const volume of (await docker.listVolumes()).Volumes ?? []) {
    if (!isOurs(volume.Labels)) continue;
    found.push(`volume ${volume.Name}`);
    await docker.getVolume(volume.Name).remove({ force: true }).catch(ignoreGone);
  }
  return found;
}

function ignoreGone(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}

/** The hand of somebody else on an engine; what it makes is found and removed with the objects of the instance. */
export function outside(docker: Docker, instance: string, imageRefs: string[] = []): Outside {
  const labels = { [TEST_RUN]: instance };
  const run = async (name: string, options: ForeignOptions = {}): Promise<ContainerId> => {
    const created = await docker.createContainer({
      name,
      Image: options.image ?? SMALL_IMAGE,
      Cmd: ['sleep', '100000'],
      Labels: { ...labels, ...options.labels },
      StopSignal: 'SIGKILL',
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        ...(options.network === undefined ? {} : { NetworkMode: options.network }),
        PortBindings: Object.fromEntries(
          (options.hostPorts ?? []).map((port) => ['80/tcp', [{ HostIp: '', HostPort: String(port) }]]),
        ),
      },
    });
    await created.start();
    return containerId(created.id);
  };
  return {
    runForeign: run,
    createForeignNetwork: async (name, more = {}) =>
      (await docker.createNetwork({ Name: name, Labels: { ...labels, ...more }, CheckDuplicate: true })).id,
    createForeignVolume: async (name) => {
      await docker.createVolume({ Name: name, Labels: labels });
    },
    pause: (id) => docker.getContainer(id).pause(),
    kill: (id) => docker.getContainer(id).kill(),
    remove: (id) => docker.getContainer(id).remove({ force: true, v: true }),
    commit: async (id, ref) => {
      const [repo, tag] = ref.split(':');
      await docker.getContainer(id).commit({ repo, tag });
      imageRefs.push(ref);
    },
    isRunning: async (id) => {
      const wire = await docker.getContainer(id).inspect();
      return wire.State.Running;
    },
  };
}
