import type { Bench } from '../bench.ts';
import type { Case } from '../case.ts';
import { BenchDaemon } from '../daemon.ts';
import { timed } from '../programs.ts';
import { createContainer, createStack } from '../raw.ts';
import { manifest, networkName, type StackShape, serviceName } from '../stacks.ts';

const SERVICES = 40;

/** Somebody does it, and the time runs until the engine says that it is undone. Each round has a service of its own. */
export const REPAIRS: readonly Case[] = [
  {
    name: 'repair after docker rm -f',
    unit: 'ms',
    bounds: [{ against: 'raw', atMost: 1.1, plus: 50 }],
    prepare: (bench) =>
      prepare(bench, 'rm', {
        harm: (name) => bench.docker.getContainer(name).remove({ force: true }),
        undone: (name) => nextEvent(bench, 'start', name),
        raw: async (shape, index) => {
          const id = await createContainer(bench, shape, index);
          await bench.docker.getContainer(id).start();
        },
        harmRaw: (name) => bench.docker.getContainer(name).remove({ force: true }),
      }),
  },
  {
    name: 'repair after docker kill',
    unit: 'ms',
    bounds: [{ against: 'raw', atMost: 1.1, plus: 50 }],
    prepare: (bench) =>
      prepare(bench, 'kill', {
        harm: (name) => killed(bench, name),
        undone: (name) => nextEvent(bench, 'start', name),
        raw: (shape, index) => bench.docker.getContainer(containerName(shape, index)).start(),
        harmRaw: (name) => killed(bench, name),
      }),
  },
  {
    name: 'repair after network disconnect',
    unit: 'ms',
    bounds: [],
    prepare: (bench) =>
      prepare(bench, 'net', {
        harm: (name, network) => bench.docker.getNetwork(network).disconnect({ Container: name }),
        undone: (name) => connectedAgain(bench, name),
        raw: (shape, index) =>
          bench.docker
            .getNetwork(`${shape.name}_${networkName(index % shape.networks)}`)
            .connect({ Container: containerName(shape, index) }),
        harmRaw: (name, network) => bench.docker.getNetwork(network).disconnect({ Container: name }),
      }),
  },
];

interface Harm {
  readonly harm: (name: string, network: string) => Promise<unknown>;
  /** Listens from the call on; what it answers settles when the engine has told that it is undone. */
  readonly undone: (name: string) => Promise<() => Promise<void>>;
  readonly harmRaw: (name: string, network: string) => Promise<unknown>;
  readonly raw: (shape: StackShape, index: number) => Promise<unknown>;
}

async function prepare(bench: Bench, name: string, { harm, undone, harmRaw, raw }: Harm) {
  const daemon = await BenchDaemon.create(bench, name);
  await daemon.start();
  const shape: StackShape = { name: `${bench.unique}${name}`, services: SERVICES, networks: 1 };
  const floor = { ...shape, name: `${shape.name}r` };
  await daemon.apply(manifest(shape));
  await createStack(bench, floor);
  const next = { stackctl: 0, raw: 0 };
  return {
    sides: [
      {
        name: 'stackctl',
        async measure() {
          const name = containerName(shape, next.stackctl++ % SERVICES);
          const repaired = await undone(name);
          await harm(name, `${shape.name}_${networkName(0)}`);
          const tookMs = await timed(repaired);
          await daemon.untilReady(shape.name);
          return tookMs;
        },
      },
      {
        name: 'raw',
        async measure() {
          const index = next.raw++ % SERVICES;
          await harmRaw(containerName(floor, index), `${floor.name}_${networkName(0)}`);
          return timed(() => raw(floor, index));
        },
      },
    ],
    dispose: () => daemon.stop(),
  };
}

const containerName = (shape: StackShape, index: number): string => `${shape.name}-${serviceName(index)}-1`;

/** Returns when it has ended: `kill` answers before that. */
async function killed({ docker }: Bench, name: string): Promise<void> {
  const container = docker.getContainer(name);
  const ended = container.wait();
  await container.kill();
  await ended;
}

async function nextEvent({ docker }: Bench, action: string, name: string): Promise<() => Promise<void>> {
  const stream = await docker.getEvents({ filters: { type: ['container'], event: [action] } });
  const done = new Promise<void>((resolve) => {
    stream.on('data', (line: Buffer) => {
      if (!line.toString().includes(`"${name}"`)) return;
      (stream as unknown as { destroy(): void }).destroy();
      resolve();
    });
    stream.on('error', () => undefined);
  });
  return () => done;
}

async function connectedAgain(bench: Bench, name: string): Promise<() => Promise<void>> {
  const { Id } = await bench.docker.getContainer(name).inspect();
  const stream = await bench.docker.getEvents({ filters: { type: ['network'], event: ['connect'] } });
  const done = new Promise<void>((resolve) => {
    stream.on('data', (line: Buffer) => {
      if (!line.toString().includes(Id)) return;
      (stream as unknown as { destroy(): void }).destroy();
      resolve();
    });
    stream.on('error', () => undefined);
  });
  return () => done;
}
