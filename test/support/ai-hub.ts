import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Zone } from './ai-hub-guide.ts';
import { freePort } from './free-port.ts';
import { ensureExampleImages } from './images.ts';
import { World } from './stackctld.ts';

const EXAMPLE = join(import.meta.dirname, '../../manifests/ai-hub');

/** Another stack joins a zone as the guide says: nobody but playwright is on egress, and it is not to be alone there. */
const FETCHERS = (hub: string) => `
apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: {name: ${hub}-s-fetchers}
spec:
  dependsOn: [{name: ${hub}}]
  networks: {egress: {external: true, name: ${hub}-egress}}
  services:
    first: &fetcher
      image: stackctl.local/busybox:1
      user: app
      command: [stand-in, fetcher, "8000"]
      networks: [egress]
    second: *fetcher
`;

/**
 * The stacks of manifests/ai-hub, ready, under names and subnets of their own, with a stack of two fetchers beside. A
 * service is named `STACK/SERVICE` as the guide has it: `proxy/traefik`.
 */
export class AiHub {
  readonly world: World;
  /** The stack of the zones; the others are `NAME-s-proxy` and so on. */
  readonly name: string;
  /** Where traefik listens on the host. */
  readonly port: number;
  readonly stacks: readonly string[];

  private constructor(world: World, port: number) {
    this.world = world;
    this.name = `h${world.unique}`;
    this.port = port;
    const others = ['proxy', 'backend', 'data', 'storage', 'fetchers'];
    this.stacks = [this.name, ...others.map((each) => `${this.name}-s-${each}`)];
  }

  static async create(): Promise<AiHub> {
    const world = await World.create();
    await ensureExampleImages(world.docker, inject('engineHost') ?? '');
    const hub = new AiHub(world, await freePort());
    try {
      await hub.start();
    } catch (error) {
      await world.dispose();
      throw error;
    }
    return hub;
  }

  private async start(): Promise<void> {
    const { world, name } = this;
    const directory = join(world.manifests, 'hub');
    await cp(EXAMPLE, directory, { recursive: true });
    for (const file of (await readdir(directory)).filter((each) => each.endsWith('.yaml'))) {
      const text = await readFile(join(directory, file), 'utf8');
      const renamed = text
        .replaceAll('ai-hub', name)
        .replaceAll(/\bhub-(proxy|backend|data|storage)\b/g, `${name}-s-$1`)
        .replaceAll('"hub-*"', `"${name}-s-*"`)
        .replaceAll('10.77.', '10.232.');
      await writeFile(join(directory, file), renamed);
    }
    await world.write('hub/.env', `AI_HUB_PORT=${this.port}\n`);
    await world.write('fetchers/stack.yaml', FETCHERS(name));
    await world.start();
    for (const stack of this.stacks) await world.untilReady(stack, { withinMs: 240_000 });
  }

  container(service: string): string {
    return `${this.name}-s-${service.replace('/', '-')}-1`;
  }

  network(zone: Zone): string {
    return `${this.name}-${zone}`;
  }

  dispose(): Promise<void> {
    return this.world.dispose();
  }
}
