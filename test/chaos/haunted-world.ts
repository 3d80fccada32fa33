import { freePort } from '../support/free-port.ts';
import { outside, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';
import { Agent } from './agent.ts';
import type { Dice } from './dice.ts';
import { tagAs } from './images.ts';
import { faultsOf, lossesOf, type Treasure, treasureOf } from './oracles.ts';
import { lookTwice, untilSettled } from './round.ts';
import { fileOf, IDLE, keeper, QUICK, type WantedStack } from './scenario.ts';
import { contentOf, leaveMark } from './volume-content.ts';

/** What was stopped again and again is started again ever more slowly, up to this. */
const LONGEST_BACK_OFF_MS = 300_000;

const manifest = (tag: string, port: number | undefined) => `
services:
  web:
    image: ${tag}
    command: [httpd, -f, -p, "80"]
    stop_signal: SIGKILL
    restart: unless-stopped
    depends_on: [db]
    ${port === undefined ? '' : `ports: ["${port}:80"]`}
    configs: [{source: page, target: /page}]
    healthcheck: {test: [CMD, "true"], interval: 2s}
    networks: {front: {aliases: [site]}, back: {}}
  db: {${keeper()}, ${QUICK}, mem_limit: 64m, networks: [back]}
  cache: {${IDLE}, ${QUICK}, volumes: [/cache], networks: [back]}
  many: {${IDLE}, ${QUICK}, scale: 2, networks: [front]}
networks: {front: {}, back: {internal: true}}
volumes: {data: {}}
configs: {page: {content: hello}}
`;

const wantedOf = (name: string, hasPort: boolean): WantedStack => {
  const [back, front] = [`${name}_back`, `${name}_front`];
  return {
    name,
    containers: {
      'web-1': { networks: [back, front], file: ['/page', 'hello'], ports: hasPort ? ['80/tcp'] : [] },
      'db-1': { networks: [back], memoryBytes: 64 * 2 ** 20 },
      'cache-1': { networks: [back], mounts: ['/cache'] },
      'many-1': { networks: [front] },
      'many-2': { networks: [front] },
    },
    networks: ['back', 'front'],
    volumes: ['cache_1_*', 'data'],
    internal: { back: true, front: false },
  };
};

/** Two stacks that have some of everything, somebody else's things beside them, and an agent that is after them. */
export interface HauntedWorld {
  readonly world: World;
  readonly agent: Agent;
  /** Once the agent rests: waits until all is as wanted, and throws what is not, or was lost. */
  readonly judge: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

export async function createHauntedWorld(dice: Dice): Promise<HauntedWorld> {
  const world = await World.create({ flags: ['--resync', '5s'] });
  const { docker, unique } = world;
  const stacks = [`t${unique}`, `u${unique}`];
  const ownTag = `stackctl.local/chaos-${unique}:1`;
  const foreignNetwork = `x${unique}-net`;
  const dispose = async () => {
    await world.dispose();
    await docker
      .getImage(ownTag)
      .remove({ force: true })
      .catch(() => undefined);
  };
  try {
    await tagAs(docker, SMALL_IMAGE, ownTag);
    const theirs = outside(docker, world.instance);
    await theirs.createForeignNetwork(foreignNetwork);
    const foreignVolume = `x${unique}-data`;
    await theirs.createForeignVolume(foreignVolume);
    const foreign = await theirs.runForeign(`x${unique}`, { network: foreignNetwork });
    const port = await freePort();
    for (const [index, stack] of stacks.entries())
      await world.write(fileOf(stack), manifest(ownTag, index === 0 ? port : undefined));
    await world.start();
    for (const stack of stacks) await world.untilReady(stack, { withinMs: 120_000 });
    const volumes = [...(await volumesOf(world, stacks)), foreignVolume];
    for (const volume of volumes) await leaveMark(world, volume, `mark of ${volume}\n`);
    const wanted = stacks.map((stack, index) => wantedOf(stack, index === 0));
    const agent = new Agent({ world, stacks, foreignNetwork, ownTag, port }, dice);
    const treasure = async (of: readonly string[]) =>
      treasureOf(world, of, [foreign], (volume) => contentOf(world, volume));
    const before = await treasure(volumes);
    return { world, agent, judge: () => judge(world, agent, { wanted, before, treasure }), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function volumesOf({ docker }: World, stacks: readonly string[]): Promise<readonly string[]> {
  const { Volumes } = await docker.listVolumes();
  const names = (Volumes ?? []).map(({ Name }) => Name);
  return names.filter((name) => stacks.some((stack) => name.startsWith(`${stack}_`)));
}

interface Measure {
  readonly wanted: readonly WantedStack[];
  readonly before: Treasure;
  readonly treasure: (volumes: readonly string[]) => Promise<Treasure>;
}

async function judge(world: World, agent: Agent, { wanted, before, treasure }: Measure): Promise<void> {
  await agent.rest();
  try {
    await untilSettled(world, wanted, { withinMs: LONGEST_BACK_OFF_MS + 60_000 });
    await lookTwice(world, wanted);
    const faults: string[] = [];
    const writes = await lookTwice(world, wanted);
    if (writes.length > 0) faults.push(`all is settled, and yet written to: ${writes.join(', ')}`);
    // What the agent itself has removed is lost by its hand.
    const kept = new Map([...before.volumes].filter(([name]) => !agent.removedVolumes.has(name)));
    const after = await treasure([...before.volumes.keys()]);
    faults.push(...(await faultsOf(world, wanted)), ...lossesOf({ ...before, volumes: kept }, after));
    if (faults.length > 0) throw new Error(faults.join('\n'));
  } catch (error) {
    const done = JSON.stringify(Object.fromEntries(agent.done));
    throw new Error(`after ${done}: ${(error as Error).message}\n${(await world.log()).slice(-6000)}`, {
      cause: error,
    });
  }
}
