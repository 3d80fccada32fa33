import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case } from '../case.ts';
import { BenchDaemon } from '../daemon.ts';
import { measureProcess, timed } from '../programs.ts';
import { lookAtStack } from '../raw.ts';
import { manifest } from '../stacks.ts';

/** The whole process of a short command, against a process that does nothing. */
export const CLI_START: Case = {
  name: 'stackctl get stacks',
  unit: 'ms',
  rounds: 31,
  bounds: [{ against: 'node', atMost: 1.5 }],
  prepare: async (bench) => {
    const daemon = await BenchDaemon.create(bench, 'cli');
    await daemon.start();
    await daemon.apply(manifest({ name: `${bench.unique}cli`, services: 1, networks: 1 }));
    return {
      sides: [
        { name: 'stackctl', measure: () => daemon.ctl('get', 'stacks') },
        { name: 'node', measure: () => measureProcess([process.execPath, '-e', '0']) },
      ],
      dispose: () => daemon.stop(),
    };
  },
};

/** From the start of the process until it says of all stacks that they are Ready, which they were before. */
export const DAEMON_START: Case = {
  name: 'start of the daemon on 20 stacks of 5',
  unit: 'ms',
  bounds: [],
  prepare: async (bench) => {
    const daemon = await BenchDaemon.create(bench, 'start');
    const names = Array.from({ length: 20 }, (_, index) => `${bench.unique}start${index}`);
    for (const name of names) {
      await writeFile(join(daemon.manifests, `${name}.yaml`), manifest({ name, services: 5, networks: 1 }));
    }
    await daemon.start();
    for (const name of names) await daemon.untilReady(name);
    return {
      sides: [
        {
          name: 'stackctl',
          async measure() {
            const statuses = await daemon.client.stacks(AbortSignal.timeout(60_000));
            const planned = new Map(statuses.map(({ name, nextLookAt }) => [name as string, nextLookAt]));
            await daemon.stop();
            return timed(async () => {
              await daemon.start();
              // Each pass ends with another time for the next; none is kept on the disk.
              for (const name of names) {
                await daemon.until(
                  name,
                  ({ nextLookAt }) => nextLookAt !== undefined && nextLookAt !== planned.get(name),
                );
              }
            });
          },
        },
        {
          name: 'raw',
          measure: () =>
            timed(async () => {
              for (const name of names) await lookAtStack(bench, `${name}-`);
            }),
        },
      ],
      dispose: () => daemon.stop(),
    };
  },
};
