import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { dockerCompose, findDockerCompose } from '../support/docker-compose.ts';

import { outside, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';
import type { Dice } from './dice.ts';
import { tagAs } from './images.ts';
import { faultsOf, lossesOf, type Treasure, treasureOf } from './oracles.ts';
import {
  CANARY,
  type Files,
  fileOf,
  type Hands,
  type Names,
  type Scenario,
  type WantedStack,
} from './scenario.ts';
import { arm, drawStrike, type Strike, strikeText } from './strike.ts';
import { contentOf, leaveMark } from './volume-content.ts';

/** Who is killed, and how it comes back. */
export interface Victim {
  readonly strike: (world: World, dice: Dice) => Promise<void>;
  readonly revive: (world: World) => Promise<void>;
  /** Begins to bring it back: for who wants to strike again before it is up. */
  readonly beginToRevive: (world: World) => Promise<void>;
  /** False: its death ends containers too, and so their runs tell nothing. */
  readonly sparesContainers: boolean;
}

export interface RoundOptions {
  readonly scenario: Scenario;
  readonly round: number;
  readonly dice: Dice;
  /** Without one nobody is killed. */
  readonly victim?: Victim;
  /** Flags of the daemon beside the usual. */
  readonly flags?: readonly string[];
  /** Does something to the world before anything is in it. */
  readonly onWorld?: (world: World) => void;
  /** An image beside SMALL_IMAGE, with another id. */
  readonly otherImage: string;
  readonly engineHost?: string;
}

/** What happened, for the counts that are printed. */
export interface Played {
  readonly kills: number;
  /** Blows that fell when all was done already. */
  readonly atRest: number;
}

/** Several times what it takes on a machine that has much else to do. */
const SETTLES_WITHIN_MS = 180_000;
/** So that what is drawn twice does not last long. */
const FLAGS = ['--delete-grace', '1s'];

/**
 * One round: a stack is made, something is changed, somebody is killed in the middle of it, perhaps once more in the
 * recovery; then all must be as the scenario wants it, and nothing may be lost. Throws what is wrong, with how it came.
 */
export async function playRound(options: RoundOptions): Promise<Played> {
  const { scenario, engineHost } = options;
  const flags = [...FLAGS, ...(options.flags ?? [])];
  const world = await World.create({ flags, ...(engineHost === undefined ? {} : { engineHost }) });
  options.onWorld?.(world);
  const story: string[] = [];
  const names = namesOf(world, options);
  const hands = handsOf(world);
  try {
    await tagAs(world.docker, SMALL_IMAGE, names.ownTag);
    const foreign = await makeForeign(world, names);
    await setUp(world, scenario, hands, names);
    const wanted = scenario.wanted(names);
    const before = await treasure(world, foreign, { scenario, names, isFirst: true });
    const act = { ...options, world, names, hands, story, wanted };
    const played =
      options.victim === undefined ? await letBe(act) : await strikeAndRecover(act, options.victim);
    await untilSettled(world, wanted);
    // What is said first after a start is what was so before it: it has a look for itself before it is judged.
    await lookTwice(world, wanted);
    await untilSettled(world, wanted);
    await expectQuiet(world, wanted);
    const after = await treasure(world, foreign, { scenario, names, isFirst: false });
    const kept = onlyWanted(before, wanted, options.victim?.sparesContainers !== false);
    const faults = [...(await faultsOf(world, wanted)), ...lossesOf(kept, after)];
    if ((await world.log()).includes(CANARY)) faults.push('a secret is in the log');
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return played;
  } catch (error) {
    const log = (await world.log()).slice(-6000);
    const told = `"${scenario.name}", ${story.join(', ')}: ${(error as Error).message}`;
    throw new Error(`${told}\n--- the daemon's last lines\n${log}`, { cause: error });
  } finally {
    await options.victim?.revive(world).catch(() => undefined);
    await cleanUp(world, names);
  }
}

function namesOf(world: World, { round, otherImage }: RoundOptions): Names {
  const { unique } = world;
  return {
    stack: `t${unique}`,
    other: `u${unique}`,
    otherImage,
    ownTag: `stackctl.local/chaos-${unique}:1`,
    subnet: `10.236.${round % 250}.`,
    subnet6: `fd00:236:${round}:`,
    foreignNetwork: `x${unique}-net`,
    foreignVolume: `x${unique}-data`,
  };
}

/** The hands of a user, and of somebody with docker. */
export function handsOf(world: World): Hands {
  const ctl = async (...argv: string[]) => {
    const { code, stderr } = await world.ctl(...argv);
    if (code !== 0) throw new Error(`stackctl ${argv.join(' ')}: ${stderr}`);
  };
  return {
    docker: world.docker,
    write: async (files: Files) => {
      for (const [path, text] of Object.entries(files)) {
        if (text === undefined) await rm(join(world.manifests, path), { force: true });
        else await world.write(path, text);
      }
    },
    ctl,
    apply: async (stack, text) => {
      const path = await world.file(`${stack}/compose.yaml`, `name: ${stack}\n${text}`);
      await ctl('apply', '-f', path, '--wait=false');
    },
    composeUp: async (project, text) => {
      const compose = findDockerCompose();
      if ('missing' in compose) throw new Error(compose.missing);
      const path = join(world.directory, 'compose.yaml');
      await writeFile(path, `name: ${project}\n${text}`);
      const ran = await dockerCompose(compose.command, world.proxy.host, ['-f', path, 'up', '-d']);
      if (ran.code !== 0) throw new Error(ran.stderr);
    },
  };
}

/** What somebody else has on the engine: it has to be there at the end, untouched. */
async function makeForeign(world: World, { foreignNetwork, foreignVolume }: Names): Promise<Foreign> {
  const theirs = outside(world.docker, world.instance);
  const network = await theirs.createForeignNetwork(foreignNetwork);
  await theirs.createForeignVolume(foreignVolume);
  await leaveMark(world, foreignVolume, `mark of ${foreignVolume}\n`);
  const container = await theirs.runForeign(`x${world.unique}`, { network: foreignNetwork });
  return { network, volume: foreignVolume, container };
}

interface Foreign {
  readonly network: string;
  readonly volume: string;
  readonly container: string;
}

async function setUp(world: World, scenario: Scenario, hands: Hands, names: Names): Promise<void> {
  await scenario.prepare?.(hands, names);
  const files = scenario.before?.(names) ?? {};
  await hands.write(files);
  await world.start();
  const stacks = [names.stack, names.other].filter((name) => files[fileOf(name)] !== undefined);
  for (const stack of stacks) await world.untilReady(stack, { withinMs: SETTLES_WITHIN_MS });
  for (const [index, text] of [scenario.applied, scenario.appliedThen].entries()) {
    if (text === undefined) continue;
    await hands.apply(names.stack, text(names));
    await world.untilReady(names.stack, { generation: index + 1, withinMs: SETTLES_WITHIN_MS });
  }
}

/** All that has to be kept: data of both, runs of what nobody has a reason to restart. */
async function treasure(
  world: World,
  foreign: Foreign,
  { scenario, names, isFirst }: { scenario: Scenario; names: Names; isFirst: boolean },
): Promise<Treasure> {
  const { Volumes } = await world.docker.listVolumes();
  const ours = (Volumes ?? [])
    .map(({ Name }) => Name)
    .filter((name) => name.startsWith(`${names.stack}_`) || name.startsWith(`${names.other}_`));
  if (isFirst) for (const volume of ours) await leaveMark(world, volume, `mark of ${volume}\n`);
  await world.docker.getNetwork(foreign.network).inspect();
  const untouched = scenario.untouched?.(names) ?? [];
  return treasureOf(world, [...ours, foreign.volume], [...untouched, foreign.container], (volume) =>
    contentOf(world, volume),
  );
}

/** Without volumes whose removal is wanted. */
function onlyWanted(before: Treasure, wanted: readonly WantedStack[], withRuns: boolean): Treasure {
  const keys = wanted.flatMap(({ name, volumes }) => (volumes ?? []).map((key) => `${name}_${key}`));
  const isWanted = (name: string) =>
    name.startsWith('x') || keys.includes(name.replace(/_[0-9a-f]{8}$/, '_*'));
  return {
    volumes: new Map([...before.volumes].filter(([name]) => isWanted(name))),
    runs: withRuns ? before.runs : {},
  };
}

interface Act extends RoundOptions {
  readonly world: World;
  readonly names: Names;
  readonly hands: Hands;
  readonly story: string[];
  readonly wanted: readonly WantedStack[];
}

async function letBe({ scenario, hands, names }: Act): Promise<Played> {
  await scenario.change(hands, names);
  return { kills: 0, atRest: 0 };
}

async function strikeAndRecover(act: Act, victim: Victim): Promise<Played> {
  const { world, scenario, dice, hands, names, story } = act;
  const strikeOnce = (strike: Strike, work: () => Promise<unknown>) =>
    strikeAmid(act, victim, { strike, work });
  let atRest = 0;
  let kills = 1;
  if (await strikeOnce(drawStrike(dice, scenario.writes), () => scenario.change(hands, names))) atRest += 1;
  while (dice.chance(0.35) && kills < 4) {
    kills += 1;
    // While it comes back, and before it is up.
    const recovery: Strike = { kind: 'time', afterMs: dice.whole(0, 1500) };
    const strike = dice.chance(0.5) ? recovery : drawStrike(dice, 3);
    const revived = () => victim.beginToRevive(world);
    if (await strikeOnce(strike, revived)) atRest += 1;
  }
  await victim.revive(world);
  // It may be refused, as when it was done already: what it leads to is judged.
  if (scenario.isCommand === true)
    await scenario.change(hands, names).catch((error: Error) => story.push(`(again: ${error.message})`));
  return { kills, atRest };
}

/** True when everything was done before the blow fell. */
async function strikeAmid(
  { world, dice, story, wanted }: Act,
  victim: Victim,
  { strike, work }: { readonly strike: Strike; readonly work: () => Promise<unknown> },
): Promise<boolean> {
  const armed = arm(world, strike, () => victim.strike(world, dice));
  const over = new AbortController();
  const working = work().catch((error: Error) => {
    // Whoever talked to the dead one has failed with it.
    story.push(`(${error.message.slice(0, 200)})`);
  });
  const settled = working
    .then(() => untilSettled(world, wanted, { signal: over.signal }))
    .catch(() => undefined);
  const isAtRest = await Promise.race([armed.struck.then(() => false), settled.then(() => true)]);
  await armed.now();
  over.abort();
  await Promise.race([working, sleep(30_000)]);
  story.push(`killed ${strikeText(strike)}${isAtRest ? ', at rest' : ''}`);
  return isAtRest;
}

/** Until the engine shows what is wanted and the status says so; the last faults when that does not come. */
export async function untilSettled(
  world: World,
  wanted: readonly WantedStack[],
  {
    withinMs = SETTLES_WITHIN_MS,
    signal,
  }: { readonly withinMs?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const faults = await faultsOf(world, wanted).catch((error: Error) => [error.message]);
    const unsaid = faults.length > 0 ? [] : await whatIsNotSaid(world, wanted);
    if (faults.length + unsaid.length === 0 || signal?.aborted === true) return;
    if (performance.now() > untilMs) {
      const said = await Promise.all(wanted.map(({ name }) => whatIsSaid(world, name)));
      throw new Error(`it does not settle: ${[...faults, ...unsaid, ...said].join('\n')}`);
    }
    await sleep(200);
  }
}

async function whatIsSaid(world: World, stack: string): Promise<string> {
  const { conditions = [] } = (await world.status(stack).catch(() => undefined)) ?? {};
  return `${stack} says ${conditions.map(({ type, status, message }) => `${type} ${status}: ${message}`).join('; ')}`;
}

async function whatIsNotSaid(world: World, wanted: readonly WantedStack[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { name, says = 'Ready' } of wanted) {
    const status = await world.status(name);
    const holds = (type: string) =>
      status?.conditions.some((each) => each.type === type && each.status === 'True');
    const isNew = status !== undefined && status.observedGeneration >= status.generation;
    const isSaid =
      says === 'Gone'
        ? status === undefined
        : says === 'Ready' || says === 'Suspended'
          ? holds(says) === true && isNew
          : status?.conditions.some(({ reason }) => reason === says) === true;
    if (!isSaid) faults.push(`${name} does not say ${says} but ${JSON.stringify(status?.conditions)}`);
  }
  return faults;
}

/** Has each stack looked at twice; what was written by that. */
export async function lookTwice(world: World, wanted: readonly WantedStack[]): Promise<readonly string[]> {
  const writes: string[] = [];
  for (const { name, says } of wanted) {
    if (says === 'Gone') continue;
    const seen = await world.writesOfTwoPasses(name);
    writes.push(...seen.map(({ method, path }) => `${method} ${path}`));
  }
  return writes;
}

/** What is as it should be is looked at, and not written to. */
async function expectQuiet(world: World, wanted: readonly WantedStack[]): Promise<void> {
  const writes = await lookTwice(world, wanted);
  if (writes.length > 0) throw new Error(`all is settled, and yet written to: ${writes.join(', ')}`);
}

async function cleanUp(world: World, names: Names): Promise<void> {
  await world.kill();
  const { docker } = world;
  await removeUnlabelled(docker, names);
  await world.dispose();
  await docker
    .getImage(names.ownTag)
    .remove({ force: true })
    .catch(() => undefined);
}

/** What docker compose made, and what an engine that was killed has forgotten the labels of. */
async function removeUnlabelled(docker: Docker, { stack, other }: Names): Promise<void> {
  const isOurs = (name: string) => [stack, other].some((own) => name.startsWith(own));
  const ignore = () => undefined;
  for (const { Id, Names } of await docker.listContainers({ all: true }))
    if (isOurs((Names[0] ?? '').slice(1)))
      await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignore);
  for (const { Id, Name } of await docker.listNetworks())
    if (isOurs(Name)) await docker.getNetwork(Id).remove().catch(ignore);
  for (const { Name } of (await docker.listVolumes()).Volumes ?? [])
    if (isOurs(Name)) await docker.getVolume(Name).remove({ force: true }).catch(ignore);
}
