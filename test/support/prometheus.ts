import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Prometheus and its promtool; or why there are none. */
export type FoundPrometheus =
  | { readonly prometheus: string; readonly promtool: string }
  | { readonly missing: string };

/** Installed, or unpacked by `scripts/prometheus.sh`. */
export function findPrometheus(): FoundPrometheus {
  for (const directory of ['', join(ROOT, 'build/prometheus/usr/bin/')]) {
    const [prometheus, promtool] = [`${directory}prometheus`, `${directory}promtool`];
    const runs = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
    if (runs(prometheus) && runs(promtool)) return { prometheus, promtool };
  }
  return { missing: 'there is no prometheus (bash scripts/prometheus.sh)' };
}

/** A Prometheus that scrapes one address each second. */
export class TestPrometheus {
  readonly #directory: string;
  readonly #port: number;
  readonly #process: ChildProcess;

  private constructor(directory: string, port: number, child: ChildProcess) {
    this.#directory = directory;
    this.#port = port;
    this.#process = child;
  }

  static async start(program: string, target: string, rules: string): Promise<TestPrometheus> {
    const directory = await mkdtemp(join(tmpdir(), 'stackctl-prometheus-'));
    const port = await freePort();
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'stackctld', static_configs: [{ targets: [target] }] }],
    };
    // YAML has JSON inside.
    await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
    const argv = [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    return new TestPrometheus(directory, port, spawn(program, argv, { stdio: 'ignore' }));
  }

  /** The series that a query answers now; undefined while it does not answer. */
  async query(query: string): Promise<readonly unknown[] | undefined> {
    const url = `http://127.0.0.1:${this.#port}/api/v1/query?${new URLSearchParams({ query })}`;
    const answer = await fetch(url).catch(() => undefined);
    // While it starts it says so, and not in JSON.
    if (answer === undefined || answer.status === 503) return undefined;
    const { status, error, data } = (await answer.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data?: { readonly result: unknown[] };
    };
    if (status === 'error') throw new Error(`${query}: ${error}`);
    return data?.result;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }
}
