import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Case } from '../case.ts';
import { BenchDaemon } from '../daemon.ts';
import { manifest } from '../stacks.ts';

const WATCHED_MS = 60_000;
/** Threads that have nothing to do are ended after a minute. */
const SETTLING_MS = 75_000;
/** Linux counts the time of a process in these. */
const TICKS_PER_SECOND = 100;

/** What the daemon costs while nothing is to be done, of one core. */
export const IDLE: readonly Case[] = [
  {
    name: 'idle processor, 100 containers',
    unit: '%',
    rounds: 5,
    bounds: [{ against: undefined, atMost: 0.5 }],
    prepare: (bench) => prepare(bench, { name: 'idle', checked: 0, measure: processorShare }),
  },
  {
    name: 'idle processor, 100 containers, 20 probed every second',
    unit: '%',
    rounds: 5,
    bounds: [{ against: undefined, atMost: 3 }],
    prepare: (bench) => prepare(bench, { name: 'probed', checked: 20, measure: processorShare }),
  },
  {
    name: 'idle memory, 100 containers',
    unit: 'MB',
    rounds: 5,
    bounds: [{ against: undefined, atMost: 120 }],
    prepare: (bench) => prepare(bench, { name: 'memory', checked: 0, measure: residentMegabytes }),
  },
];

interface Idle {
  readonly name: string;
  /** How many of the services have a healthcheck. */
  readonly checked: number;
  readonly measure: (pid: number) => Promise<number>;
}

async function prepare(bench: Bench, { name, checked, measure }: Idle) {
  const daemon = await BenchDaemon.create(bench, name);
  await daemon.start();
  const shape = { name: `${bench.unique}${name}`, services: 100 - checked, networks: 3 };
  await daemon.apply(manifest(shape));
  if (checked > 0) {
    const probed = {
      name: `${shape.name}h`,
      services: checked,
      networks: 1,
      healthcheck: { interval: '1s' },
    };
    await daemon.apply(manifest(probed));
  }
  await delay(SETTLING_MS);
  return { sides: [{ name: 'stackctl', measure: () => measure(daemon.pid) }], dispose: () => daemon.stop() };
}

async function processorShare(pid: number): Promise<number> {
  const before = await ticks(pid);
  const startedMs = performance.now();
  await delay(WATCHED_MS);
  const seconds = (performance.now() - startedMs) / 1000;
  return (100 * ((await ticks(pid)) - before)) / TICKS_PER_SECOND / seconds;
}

/** Of all threads: fields 14 and 15 of proc_pid_stat(5). */
async function ticks(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function residentMegabytes(pid: number): Promise<number> {
  await delay(WATCHED_MS / 6);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
