import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import type { DesiredStack } from '../../../src/model/desired.ts';
import { COMPOSE, OURS } from '../../../src/model/labels.ts';
import { admissionFor, DEFAULT_POLICY } from '../../../src/policy/configuration.ts';
import { differences } from '../reality.ts';
import type { SimContainer } from '../simulated/objects.ts';
import { engineInfo } from '../simulated/snapshot.ts';
import { ROOT } from './manifest-directory.ts';
import { memoised } from './memoised-loader.ts';
import type { Simulation } from './simulation.ts';

/** A container, network or volume that has nothing to do with stackctl, word for word. */
export type Strangers = Readonly<Record<string, string>>;

/**
 * What is wrong with the host once everything has settled, a line each; none: all is as the manifests say, and nothing
 * was lost. The planner has no part in it. `stacks` are the ones that must be there and Ready.
 */
export async function judge(
  sim: Simulation,
  expected: {
    readonly stacks: readonly string[];
    readonly strangers: Strangers;
    readonly mayStay: readonly string[];
    readonly isEngineStopped: boolean;
    /** Looks were older than what the daemon itself had done: then it may start another where one runs. */
    readonly isStale: boolean;
  },
): Promise<readonly string[]> {
  const desired = await desiredStacks(sim);
  const wanted = expected.stacks.flatMap((name) => desired.find((each) => each.name === name) ?? []);
  const missing = expected.stacks.filter((name) => !desired.some((each) => each.name === name));
  return [
    ...missing.map((name) => `${name}: its manifest says nothing good`),
    ...wanted.flatMap((stack) => [...differences(sim.engine, stack), ...unready(sim, stack.name)]),
    ...leftovers(sim, new Set([...expected.stacks, ...expected.mayStay])),
    ...volumeFaults(sim),
    ...(expected.isStale ? [] : twins(sim)),
    ...changedStrangers(sim, expected.strangers, expected.isEngineStopped),
    ...sim.faults,
  ];
}

/** What the manifests that are there now ask for, as the program itself understands them. */
export async function desiredStacks(sim: Simulation): Promise<readonly DesiredStack[]> {
  const loader = memoised(
    createInProcessLoader({
      files: sim.directory.dataFiles,
      look: (path) => sim.directory.look(path),
      home: undefined,
    }),
  );
  const never = new AbortController().signal;
  // Of a stack that a directory has too, that one counts: it can be applied only with force.
  const files = [...new Map([...sim.applied, ...sim.directory.texts])]
    .filter(([path]) => /\.ya?ml$/.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({ path: `${ROOT}/${path}`, relativePath: path, text }));
  const found = await loader.find(files, never);
  const wishes = await Promise.all(
    found.stacks.map((stack) =>
      loader.resolve(
        stack,
        engineInfo(sim.engine.world),
        admissionFor(DEFAULT_POLICY, stack.name, 'directory'),
        never,
      ),
    ),
  );
  return wishes.flatMap((wish) => wish.desired ?? []);
}

/** Objects of nobody's that are on the engine now. Whether they run is the engine's business too, when that is stopped. */
export function strangersOf({ engine: { world } }: Simulation, isEngineStopped: boolean): Strangers {
  const isOurs = (labels: Readonly<Record<string, string>>) => labels[OURS.stack] !== undefined;
  const containers = [...world.containers.values()]
    .filter((each) => !isOurs(each.labels) && each.labels[COMPOSE.project] === undefined)
    .map(({ id, name, state, startedAtMs, labels, endpoints }) => [
      `container ${name}`,
      JSON.stringify({
        id,
        labels,
        networks: namesOn(world, endpoints),
        ...(isEngineStopped ? {} : { state, startedAtMs }),
      }),
    ]);
  const networks = [...world.networks.values()]
    .filter((each) => !isOurs(each.labels))
    .map(({ id, name, spec }) => [`network ${name}`, JSON.stringify({ id, spec })]);
  const volumes = [...world.volumes.values()]
    .filter((each) => !isOurs(each.labels))
    .map(({ name, token }) => [`volume ${name}`, token]);
  return Object.fromEntries([...containers, ...networks, ...volumes]);
}

/** What a container is called on networks that are there. */
function namesOn(world: Simulation['engine']['world'], endpoints: SimContainer['endpoints']) {
  return [...endpoints.values()]
    .filter(({ networkName }) => world.networksNamed(networkName).length > 0)
    .map(({ networkName, settings }) => [networkName, ...settings.aliases]);
}

function changedStrangers(sim: Simulation, before: Strangers, isEngineStopped: boolean): readonly string[] {
  const now = strangersOf(sim, isEngineStopped);
  return Object.entries(before).flatMap(([what, was]) =>
    now[what] === was ? [] : [`${what} is somebody else's, and now ${now[what] ?? 'gone'}`],
  );
}

function unready(sim: Simulation, stack: string): readonly string[] {
  const status = sim.status(stack);
  const bad = status?.conditions.filter((each) => each.type === 'Ready' && each.status !== 'True') ?? [];
  if (status === undefined) return [`${stack} has no status`];
  return bad.map((each) => `${stack} is not Ready: ${each.reason}: ${each.message}`);
}

/** Objects of ours that no stack wants; volumes may stay. */
function leftovers(
  { engine: { world, instance } }: Simulation,
  wanted: ReadonlySet<string>,
): readonly string[] {
  return [...world.containers.values(), ...world.networks.values()]
    .filter(({ labels }) => labels[OURS.instance] === instance && !wanted.has(labels[OURS.stack] ?? ''))
    .map(({ name }) => `${name} is left over`);
}

/** Nothing that was ever written is gone. */
function volumeFaults({ engine: { world } }: Simulation): readonly string[] {
  const lost = world.volumeHistory
    .filter((each) => world.volumes.get(each.name)?.token !== each.token)
    .map((each) => `volume ${each.name} is lost or another`);
  return [
    ...lost,
    ...[...world.volumes.keys()].filter(isNameless).map((name) => `volume ${name} has no name`),
  ];
}

/** No two containers of one place wrote into a volume at the same time. */
function twins({ engine: { world }, slots }: Simulation): readonly string[] {
  return [...world.volumes.values()].flatMap(({ name, sharings }) =>
    sharings.flatMap(({ container, others }) => {
      const slot = slots.get(container);
      const isTwin = slot !== undefined && others.some((other) => slots.get(other) === slot);
      return isTwin ? [`two containers of ${slot} wrote into ${name} at the same time`] : [];
    }),
  );
}

const isNameless = (name: string) => /^[0-9a-f]{64}$/.test(name);
