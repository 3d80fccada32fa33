import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import type { Condition, ServiceStatus } from '../../src/model/status.ts';
import { AppliedStacks } from './applied-stacks.ts';
import { eventually } from './eventually.ts';
import { hasEngine, SMALL_IMAGE } from './lab.ts';
import { skipLoudly } from './loud-skip.ts';
import { findRegistry, TestRegistry } from './registry.ts';
import { type Ran, World } from './stackctld.ts';

/** True, and said aloud, where there is no engine or no registry to test pulls with. */
export function cannotPull(what: string): boolean {
  if (!hasEngine()) return true;
  const found = findRegistry();
  return skipLoudly(what, 'missing' in found ? found.missing : undefined, false);
}

/** A service that runs beside the one under test, from an image that is there. */
export const OTHER = `  other: {image: "${SMALL_IMAGE}", stop_signal: SIGKILL}\n`;

/** The service under test. */
export const web = (image: string, policy = 'missing', more = ''): string =>
  `  web: {image: "${image}", pull_policy: ${policy}, stop_signal: SIGKILL${more}}\n`;

/** A daemon, a registry, two images to put into it, and a directory of docker's configuration and helper programs. */
export class PullScene {
  readonly world: World;
  readonly stacks: AppliedStacks;
  readonly registry: TestRegistry;
  /** DOCKER_CONFIG of the daemon, and the first directory in its PATH. */
  readonly home: string;
  /** Images that differ in a label; they go with the scene. */
  readonly images: string[] = [];

  private constructor(world: World, registry: TestRegistry, home: string) {
    this.world = world;
    this.stacks = new AppliedStacks(world);
    this.registry = registry;
    this.home = home;
  }

  static async create(options: { readonly withLogin: boolean }): Promise<PullScene> {
    const found = findRegistry();
    if ('missing' in found) throw new Error(found.missing);
    const registry = await TestRegistry.create(found.program, options);
    const home = await mkdtemp(join(tmpdir(), 'stackctl-docker-config-'));
    const PATH = `${home}${delimiter}${process.env['PATH'] ?? ''}`;
    // Looks often: what must not happen at each look would be seen.
    const world = await World.create({ flags: ['--resync', '1s'], env: { DOCKER_CONFIG: home, PATH } });
    const scene = new PullScene(world, registry, home);
    for (const name of ['first', 'second']) await scene.commit(name);
    await world.start();
    return scene;
  }

  get first(): string {
    return this.images[0] ?? '';
  }

  get second(): string {
    return this.images[1] ?? '';
  }

  /** Makes an image; with a command, of what that leaves behind. */
  async commit(name: string, command?: readonly string[]): Promise<string> {
    const { docker, unique } = this.world;
    const Cmd = command === undefined ? {} : { Cmd: [...command] };
    const container = await docker.createContainer({ Image: SMALL_IMAGE, ...Cmd });
    if (command !== undefined) {
      await container.start();
      await container.wait();
    }
    const repo = `stackctl.local/variant-${unique}`;
    const changes = `LABEL variant=${unique}-${name}\nCMD ["sleep", "100000"]`;
    await container.commit({ repo, tag: name, changes });
    await container.remove();
    this.images.push(`${repo}:${name}`);
    return `${repo}:${name}`;
  }

  publish(image: string, name: string): Promise<string> {
    return this.registry.publish(this.world.docker, image, name);
  }

  /** Lets the tag 1 in the registry mean the second image; the engine goes on with what it has. */
  async moveTag(repository: string): Promise<void> {
    const here = await this.idOf(`${this.registry.host}/${repository}:1`);
    await this.publish(this.second, `${repository}:1`);
    const repo = `${this.registry.host}/${repository}`;
    await this.world.docker.getImage(here).tag({ repo, tag: '1' });
  }

  async apply(stack: string, services: string, ...more: string[]): Promise<Ran> {
    const path = await this.world.file(`${stack}/compose.yaml`, `name: ${stack}\nservices:\n${services}`);
    return this.world.ctl('apply', '-f', path, ...more);
  }

  async applied(stack: string, services: string): Promise<Ran> {
    const ran = await this.apply(stack, services);
    expect(ran, `${ran.stderr}\n${ran.stdout}`).toMatchObject({ code: 0 });
    return ran;
  }

  async service(stack: string, name = 'web'): Promise<ServiceStatus | undefined> {
    return (await this.world.status(stack))?.services.find((each) => each.name === name);
  }

  async condition(stack: string, type: string): Promise<Condition | undefined> {
    return (await this.world.status(stack))?.conditions.find((each) => each.type === type);
  }

  untilWeb(stack: string, what: string, holds: (status: ServiceStatus) => boolean): Promise<ServiceStatus> {
    const ask = async () => {
      const status = await this.service(stack);
      return status !== undefined && holds(status) ? status : undefined;
    };
    return eventually(`web ${what}`, ask, { withinMs: 120_000, everyMs: 100 }).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${JSON.stringify(await this.world.status(stack), undefined, 1)}`);
    });
  }

  /** Undefined while it does not run. */
  async runningImage(stack: string, name = 'web'): Promise<string | undefined> {
    const container = this.world.docker.getContainer(`${stack}-${name}-1`);
    const wire = await container.inspect().catch(() => undefined);
    return wire?.State.Running === true ? wire.Image : undefined;
  }

  async idOf(image: string): Promise<string> {
    return (await this.world.docker.getImage(image).inspect()).Id;
  }

  /** How often the daemon has asked the engine to pull. */
  pulls(): number {
    return this.world.proxy.writes().filter(({ path }) => path.includes('/images/create')).length;
  }

  async dispose(): Promise<void> {
    const { docker } = this.world;
    await this.world.dispose();
    await this.registry.dispose(docker);
    for (const image of this.images)
      await docker
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined);
    await rm(this.home, { recursive: true, force: true });
  }
}
