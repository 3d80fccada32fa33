import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
        { name: 'stackctl', measure: () => onePass(daemon, shape.name) },
        { name: 'raw', measure: () => timed(() => lookAtStack(bench, shape.name)) },
      ],
      dispose: () => daemon.stop(),
    };
  },
};

/**
 * The environment of one of a hundred services is another one. Nobody watches the new container for some seconds before
 * the old one is removed (`monitor`), as the others do not.
 */
export const ONE_SERVICE: Case = {
  name: 'one service of 100 changed',
  unit: 'ms',
  bounds: [{ against: 'raw', atMost: 1.1 }],
  prepare: async (bench) => {
    const { daemon, shape } = await runningStack(bench, 'one', 100, { monitor: '0s' });
    const raw = { ...shape, name: `${shape.name}r` };
    await createStack(bench, { ...raw, services: 1, networks: 1 });
    let revision = 0;
    const changed = () => {
      revision += 1;
      return { ...shape, revision: String(revision) };
    };
    const sides: Side[] = [
      { name: 'stackctl', measure: () => timed(() => daemon.apply(manifest(changed()))) },
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
    // Each side has its own: what is toggled twice is as it was.
    const toggling = () => {
      let icc = true;
      return (): StackShape => {
        icc = !icc;
        return { ...shape, icc };
      };
    };
    const toggled = toggling();
    const sides: Side[] = [
      { name: 'stackctl', measure: () => timed(() => daemon.apply(manifest(toggled()))) },
    ];
    if (bench.compose !== undefined) {
      const project = await composeProject(bench, shape);
      await project.up();
      const toggledToo = toggling();
      sides.push({
        name: 'compose',
        async measure() {
          await project.write({ ...toggledToo(), name: `${shape.name}c` });
          return project.up();
        },
      });
    }
    return { sides, dispose: () => daemon.stop() };
  },
};

async function runningStack(
  bench: Bench,
  name: string,
  services: number,
  more: Pick<StackShape, 'monitor'> = {},
) {
  const daemon = await BenchDaemon.create(bench, name);
  await daemon.start();
  const shape: StackShape = { name: `${bench.unique}${name}`, services, networks: 3, ...more };
  await daemon.apply(manifest(shape));
  return { daemon, shape };
}

async function composeProject(bench: Bench, shape: StackShape): Promise<ComposeProject> {
  const name = `${shape.name}c`;
  const project = new ComposeProject(bench, name);
  await project.write({ ...shape, name });
  return project;
}

/** From the request to the status of the pass that it caused, in ms; who listens has begun to before. */
async function onePass(daemon: BenchDaemon, name: string): Promise<number> {
  // What the round before has left to do is not measured.
  await delay(500);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(60_000)]);
  const notices = await daemon.client.watch({ stack: name }, signal);
  const before = (await daemon.client.stack(name, signal)).nextLookAt;
  const startedMs = performance.now();
  await daemon.client.command(name, 'reconcile', signal);
  try {
    for await (const notice of notices) {
      if (notice.kind === 'status' && notice.status.nextLookAt !== before)
        return performance.now() - startedMs;
    }
  } finally {
    over.abort();
  }
  throw new Error('no pass was made');
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
