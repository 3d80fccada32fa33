import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Case, Prepared, Side } from '../case.ts';
import { ComposeProject } from '../compose.ts';
import { BenchDaemon } from '../daemon.ts';
import { timed } from '../programs.ts';
import { createStack, removeStack } from '../raw.ts';
import { manifest, type StackShape } from '../stacks.ts';

/** Nothing is there; afterwards all services run. Of both programs the whole process is measured. */
export const FIRST_APPLIES: readonly Case[] = [1, 20, 100].map((services) => ({
  name: `first apply, ${services} ${services === 1 ? 'service' : 'services'}`,
  unit: 'ms',
  ...(services === 100 ? { rounds: 5 } : {}),
  bounds:
    services === 1
      ? []
      : [
          { against: 'raw', atMost: 1.05 },
          { against: 'compose', atMost: 1 },
        ],
  prepare: (bench) =>
    prepareFirstApply(bench, { name: `${bench.unique}a${services}`, services, networks: 3 }),
}));

/** All of a stack is stopped and removed, its networks too. */
export const DELETE: Case = {
  name: 'delete, 100 services',
  unit: 'ms',
  rounds: 5,
  bounds: [],
  prepare: (bench) => prepareDelete(bench, { name: `${bench.unique}d`, services: 100, networks: 3 }),
};

async function prepareFirstApply(bench: Bench, shape: StackShape): Promise<Prepared> {
  const daemon = await BenchDaemon.create(bench, `apply${shape.services}`);
  await daemon.start();
  const file = join(bench.directory, `${shape.name}.yaml`);
  await writeFile(file, manifest(shape));
  const sides: Side[] = [
    {
      name: 'stackctl',
      async measure() {
        const tookMs = await daemon.ctl('apply', '-f', file, '--timeout', '5m');
        await daemon.delete(shape.name);
        return tookMs;
      },
    },
    {
      name: 'daemon',
      async measure() {
        const tookMs = await timed(() => daemon.apply(manifest(shape)));
        await daemon.delete(shape.name);
        return tookMs;
      },
    },
    {
      name: 'raw',
      async measure() {
        const named = { ...shape, name: `${shape.name}r` };
        const tookMs = await timed(() => createStack(bench, named));
        await removeStack(bench, named);
        return tookMs;
      },
    },
  ];
  if (bench.compose !== undefined) sides.push(await composeSide(bench, shape));
  return { sides, dispose: () => daemon.stop() };
}

async function composeSide(bench: Bench, shape: StackShape): Promise<Side> {
  const named = { ...shape, name: `${shape.name}c` };
  const project = new ComposeProject(bench, named.name);
  await project.write(named);
  return {
    name: 'compose',
    async measure() {
      const tookMs = await project.up();
      await project.down();
      return tookMs;
    },
  };
}

async function prepareDelete(bench: Bench, shape: StackShape): Promise<Prepared> {
  const daemon = await BenchDaemon.create(bench, 'delete');
  await daemon.start();
  const sides: Side[] = [
    {
      name: 'stackctl',
      async measure() {
        await daemon.apply(manifest(shape));
        return timed(() => daemon.delete(shape.name));
      },
    },
    {
      name: 'raw',
      async measure() {
        const named = { ...shape, name: `${shape.name}r` };
        await createStack(bench, named);
        return timed(() => removeStack(bench, named));
      },
    },
  ];
  if (bench.compose !== undefined) {
    const named = { ...shape, name: `${shape.name}c` };
    const project = new ComposeProject(bench, named.name);
    await project.write(named);
    sides.push({
      name: 'compose',
      async measure() {
        await project.up();
        return project.down();
      },
    });
  }
  return { sides, dispose: () => daemon.stop() };
}
