import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Case, Side } from '../case.ts';
import { ComposeProject } from '../compose.ts';
import { BenchDaemon } from '../daemon.ts';
import { timed } from '../programs.ts';
import { createContainer, createStack, lookAtStack, removeStack } from '../raw.ts';
import { manifest, type StackShape } from '../stacks.ts';

/** A hundred services run as they should, and somebody applies the same once more. */
export const NO_CHANGE: Case = {
  name: 'apply without a change, 100 services',
  unit: 'ms',
  bounds: [{ against: 'compose', atMost: 1 }],
  prepare: async (bench) => {
    const { daemon, shape } = await runningStack(bench, 'same', 100);
    const file = join(bench.directory, `${shape.name}.yaml`);
    await writeFile(file, manifest(shape));
    const sides: Side[] = [
      { name: 'stackctl', measure: () => daemon.ctl('apply', '-f', file, '--timeout', '5m') },
    ];
    if (bench.compose !== undefined) {
      const project = await composeProject(bench, shape);
      await project.up();
      sides.push({ name: 'compose', measure: () => project.up() });
    }
    return { sides, dispose: () => daemon.stop() };
  },
};

/** What the daemon does at each look at a stack at which nothing is to be done. */
export const PASS: Case = {
  name: 'a pass without a change, 100 services',
  unit: 'ms',
  bounds: [{ against: 'raw', atMost: 2 }],
  prepare: async (bench) => {
    const { daemon, shape } = await runningStack(bench, 'pass', 100);
    return {
      sides: [
        { name: 'stackctl', measure: () => timed(() => onePass(daemon, shape.name)) },
        { name: 'raw', measure: () => timed(() => lookAtStack(bench, shape.name)) },
      ],
      dispose: () => daemon.stop(),
    };
  },
};

/**
 * The environment of one of a hundred services is another one: until the new container is the only one and runs. That it
 * goes on running is watched for five seconds more before the stack is Ready (`monitor`), which the others do not do.
 */
export const ONE_SERVICE: Case = {
  name: 'one service of 100 changed',
  unit: 'ms',
  bounds: [{ against: 'raw', atMost: 1.1 }],
  prepare: async (bench) => {
    const { daemon, shape } = await runningStack(bench, 'one', 100);
    const raw = { ...shape, name: `${shape.name}r` };
    await createStack(bench, { ...raw, services: 1, networks: 1 });
    let revision = 0;
    const changed = () => {
      revision += 1;
      return { ...shape, revision: String(revision) };
    };
    const sides: Side[] = [
      {
        name: 'stackctl',
        async measure() {
          const over = new AbortController();
          const isOld = new Set(await containersOf(bench, shape));
          // What is wanted is on the engine when the last old container is gone: it goes after the new one was started.
          const gone = untilDestroyed(bench, isOld, over.signal);
          const startedMs = performance.now();
          const applied = daemon.apply(manifest(changed()));
          const tookMs = (await gone) - startedMs;
          over.abort();
          await applied;
          return tookMs;
        },
      },
      { name: 'raw', measure: () => timed(() => replaceContainer(bench, { ...raw, networks: 1 })) },
    ];
    if (bench.compose !== undefined) {
      const project = await composeProject(bench, shape);
      await project.up();
      const named = { ...shape, name: `${shape.name}c` };
      sides.push({
        name: 'compose',
        async measure() {
          await project.write({ ...named, revision: changed().revision });
          return project.up();
        },
      });
    }
    return {
      sides,
      dispose: async () => {
        await daemon.stop();
        await removeStack(bench, raw);
      },
    };
  },
};

/** A network has to be made again under a third of twenty services. */
export const NETWORK_OPTION: Case = {
  name: 'one network option of 20 services changed',
  unit: 'ms',
  bounds: [],
  prepare: async (bench) => {
    const { daemon, shape } = await runningStack(bench, 'icc', 20);
    let icc = true;
    const toggled = () => {
      icc = !icc;
      return { ...shape, icc };
    };
    const sides: Side[] = [
      { name: 'stackctl', measure: () => timed(() => daemon.apply(manifest(toggled()))) },
    ];
    if (bench.compose !== undefined) {
      const project = await composeProject(bench, shape);
      await project.up();
      sides.push({
        name: 'compose',
        async measure() {
          await project.write({ ...toggled(), name: `${shape.name}c` });
          return project.up();
        },
      });
    }
    return { sides, dispose: () => daemon.stop() };
  },
};

async function containersOf({ docker }: Bench, { name }: StackShape): Promise<readonly string[]> {
  const filters = { label: [`com.docker.compose.project=${name}`] };
  return (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
}

/** When the engine tells that one of these is gone, in the time of `performance.now`. */
async function untilDestroyed(
  { docker }: Bench,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<number> {
  const events = await docker.getEvents({ filters: { type: ['container'], event: ['destroy'] } });
  signal.addEventListener('abort', () => events.removeAllListeners().pause(), { once: true });
  return new Promise((resolve) => {
    events.on('data', (chunk: Buffer) => {
      if ([...ids].some((id) => chunk.includes(id))) resolve(performance.now());
    });
  });
}

async function runningStack(bench: Bench, name: string, services: number) {
  const daemon = await BenchDaemon.create(bench, name);
  await daemon.start();
  const shape: StackShape = { name: `${bench.unique}${name}`, services, networks: 3 };
  await daemon.apply(manifest(shape));
  return { daemon, shape };
}

async function composeProject(bench: Bench, shape: StackShape): Promise<ComposeProject> {
  const name = `${shape.name}c`;
  const project = new ComposeProject(bench, name);
  await project.write({ ...shape, name });
  return project;
}

/** From the request to the status of the pass that it caused. */
async function onePass(daemon: BenchDaemon, name: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const before = (await daemon.client.stack(name, signal)).nextLookAt;
  const again = daemon.until(name, (status) => status.nextLookAt !== before);
  await daemon.client.command(name, 'reconcile', signal);
  await again;
}

/** As stackctl does it: the new one is made first, so that the service is away for as short as can be. */
async function replaceContainer(bench: Bench, shape: StackShape): Promise<void> {
  const { docker } = bench;
  const name = `${shape.name}-s0-1`;
  const old = docker.getContainer((await docker.getContainer(name).inspect()).Id);
  await old.rename({ name: `${name}-old` });
  const id = await createContainer(bench, shape, 0, name);
  await old.stop({ t: 0 });
  await docker.getContainer(id).start();
  await old.remove({ v: true });
}
