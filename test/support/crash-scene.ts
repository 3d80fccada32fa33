import { expect } from 'vitest';
import { inspectOf, look, objectsOf } from './engine-view.ts';
import { inside } from './inside.ts';
import { SMALL_IMAGE } from './lab.ts';
import { World } from './stackctld.ts';

/** When the blow falls: as a write is on its way to the engine, or when it is done and its answer is lost. */
export type Moment = 'seen' | 'answered';
export const MOMENTS: readonly Moment[] = ['seen', 'answered'];

export const SERVICES = ['cache', 'db', 'web'] as const;

/** For one step of a scene: several worlds may be at work at once, each with a daemon that begins anew. */
const WITHIN_MS = 180_000;

/** Three services with all that needs a write of its own: networks, volumes of both kinds, a file, a dependency. */
function manifest(lane: number, revision: number): string {
  const common = `
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    restart: unless-stopped
    environment: {REVISION: "${revision}"}
    deploy: {update_config: {monitor: 100ms}}`;
  return `
services:
  web:${common}
    depends_on: [db]
    configs: [{source: page, target: /page}]
    networks: {front: {ipv4_address: 10.234.${lane}.10}, back: {aliases: [inner]}}
  db:${common}
    volumes: [data:/data]
    networks: [back]
  cache:${common}
    volumes: [/cache]
    networks: [back]
networks:
  front: {ipam: {config: [{subnet: 10.234.${lane}.0/24}]}}
  back: {internal: true}
volumes: {data: {}}
configs: {page: {content: hello}}
`;
}

/** One service that is handed over to: the subnet of its network is found out first. */
const startFirstManifest = (revision: number) => `
services:
  web:
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    environment: {REVISION: "${revision}"}
    deploy: {update_config: {order: start-first, monitor: 100ms}}
    networks: {default: {aliases: [site]}}
`;

export const writeStartFirst = ({ world, stack }: Scene, revision: number) =>
  world.write(`${stack}.compose.yaml`, startFirstManifest(revision));

export async function expectHandedOver({ world, stack }: Scene, revision: number): Promise<void> {
  await world.untilReady(stack, { generation: revision, withinMs: WITHIN_MS });
  const { containers, networks } = await objectsOf(world.docker, stack);
  expect({ containers, networks }).toEqual({
    containers: [`${stack}-web-1`],
    networks: [`${stack}_default`],
  });
  const wire = await inspectOf(world.docker, `${stack}-web-1`);
  expect(wire?.Config.Env).toContain(`REVISION=${revision}`);
  const aliases = wire?.NetworkSettings.Networks[`${stack}_default`]?.Aliases;
  expect(aliases).toEqual(expect.arrayContaining(['site', 'web', `${stack}-web-1`]));
  const writes = world.proxy.writes().length;
  await look(world, stack);
  expect(world.proxy.writes().slice(writes)).toEqual([]);
}

/** A stack of its own in a world of its own. */
export interface Scene {
  readonly world: World;
  readonly stack: string;
  readonly lane: number;
}

export async function setTheScene(lane: number, engineHost?: string): Promise<Scene> {
  const world = await World.create(engineHost === undefined ? {} : { engineHost });
  await world.start();
  return { world, stack: `t${world.unique}`, lane };
}

export const write = ({ world, stack, lane }: Scene, revision: number) =>
  world.write(`${stack}.compose.yaml`, manifest(lane, revision));

/** Strikes once, at the so-many-th write from now on; answers when it has. */
export function strikeAt(
  { world }: Scene,
  at: { readonly moment: Moment; readonly write: number },
  strike: () => Promise<void>,
): Promise<void> {
  const count = world.proxy.writes().length + at.write;
  return new Promise((resolve, reject) => {
    const noSuchWrite = setTimeout(() => reject(new Error('there was no such write')), WITHIN_MS);
    world.proxy.onWrite = (moment, number) => {
      if (moment !== at.moment || number !== count) return;
      world.proxy.onWrite = undefined;
      clearTimeout(noSuchWrite);
      const struck = strike();
      struck.then(resolve, reject);
      // The answer is held until there is nobody to take it; a write goes on while the blow falls.
      return moment === 'answered' ? struck : undefined;
    };
  });
}

/** How many writes it takes when nothing goes wrong. */
export async function writesOf(scene: Scene, revision: number): Promise<number> {
  const before = scene.world.proxy.writes().length;
  await write(scene, revision);
  await scene.world.untilReady(scene.stack, { generation: revision, withinMs: WITHIN_MS });
  return scene.world.proxy.writes().length - before;
}

/** Everything as the manifest says, nothing beside it, and nothing left to do. */
export async function expectConverged({ world, stack }: Scene, revision: number): Promise<void> {
  await world.untilReady(stack, { generation: revision, withinMs: WITHIN_MS });
  const { containers, networks, volumes } = await objectsOf(world.docker, stack);
  expect(containers).toEqual(SERVICES.map((service) => `${stack}-${service}-1`));
  expect(networks).toEqual([`${stack}_back`, `${stack}_front`]);
  expect(volumes).toEqual([
    expect.stringMatching(new RegExp(`^${stack}_cache_1_[0-9a-f]{8}$`)),
    `${stack}_data`,
  ]);
  for (const name of containers) {
    const wire = await inspectOf(world.docker, name);
    expect(wire?.State).toMatchObject({ Running: true, Paused: false });
    expect(wire?.Config.Env).toContain(`REVISION=${revision}`);
  }
  const web = await inspectOf(world.docker, `${stack}-web-1`);
  expect(web?.NetworkSettings.Networks[`${stack}_front`]?.IPAddress).toMatch(/\.10$/);
  expect(web?.NetworkSettings.Networks[`${stack}_back`]?.Aliases).toContain('inner');
  expect((await inside(world.docker, `${stack}-web-1`, ['cat', '/page'])).stdout).toBe('hello');
  const writes = world.proxy.writes().length;
  await look(world, stack);
  expect(world.proxy.writes().slice(writes)).toEqual([]);
}

/** Puts a mark into both volumes, so that one made anew would be noticed. */
export async function leaveMarks({ world, stack }: Scene): Promise<void> {
  await inside(world.docker, `${stack}-db-1`, ['sh', '-c', 'echo mine > /data/mark']);
  await inside(world.docker, `${stack}-cache-1`, ['sh', '-c', 'echo mine > /cache/mark']);
}

export async function expectMarks({ world, stack }: Scene): Promise<void> {
  const mine = { code: 0, stdout: 'mine\n', stderr: '' };
  expect(await inside(world.docker, `${stack}-db-1`, ['cat', '/data/mark'])).toEqual(mine);
  expect(await inside(world.docker, `${stack}-cache-1`, ['cat', '/cache/mark'])).toEqual(mine);
}
