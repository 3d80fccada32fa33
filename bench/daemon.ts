import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '../src/cli/client.ts';
import type { StackStatus } from '../src/model/status.ts';
import type { Bench } from './bench.ts';
import { measureProcess } from './programs.ts';

const PATIENCE_MS = 300_000;

/** A stackctld of the built program, with a directory, an instance and a socket of its own. */
export class BenchDaemon {
  readonly manifests: string;
  readonly #bench: Bench;
  readonly #directory: string;
  readonly #instance: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(bench: Bench, name: string, flags: readonly string[]) {
    this.#bench = bench;
    this.#directory = join(bench.directory, name);
    this.manifests = join(this.#directory, 'manifests');
    this.#instance = `${bench.unique}-${name}`;
    this.#flags = flags;
  }

  /** Each bench has one daemon of a name. */
  static async create(bench: Bench, name: string, flags: readonly string[] = []): Promise<BenchDaemon> {
    const daemon = new BenchDaemon(bench, name, flags);
    await mkdir(daemon.manifests, { recursive: true });
    return daemon;
  }

  get socketPath(): string {
    return join(this.#directory, 'stackctl.sock');
  }

  get client(): Client {
    return createClient({ kind: 'socket', path: this.socketPath });
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the daemon does not run');
    return pid;
  }

  /** Returns when it has reached the engine and listens. */
  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        join(this.#bench.dist, 'bin/stackctld.js'),
        ...['--manifests', this.manifests, '--state-dir', join(this.#directory, 'state')],
        ...['--socket', this.socketPath, '--instance', this.#instance],
        ...['--docker-host', this.#bench.engineHost, ...this.#flags],
      ],
      { stdio: 'ignore' },
    );
    this.#process = child;
    await patiently('the daemon listens', async () => {
      if (child.exitCode !== null) throw new Error(`stackctld ended with ${child.exitCode}`);
      return this.client.version(AbortSignal.timeout(5_000)).catch(() => undefined);
    });
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  /** A whole process of the command line, in ms. */
  ctl(...words: string[]): Promise<number> {
    return measureProcess([
      process.execPath,
      join(this.#bench.dist, 'bin/stackctl.js'),
      '--socket',
      this.socketPath,
      ...words,
    ]);
  }

  /** Applies and waits until the stack is Ready as that. */
  async apply(manifest: string): Promise<StackStatus> {
    const { problems, stacks } = await this.client.apply(
      {
        baseDirectory: this.#directory,
        files: [{ relativePath: 'applied.yaml', text: manifest }],
        dryRun: false,
        force: false,
        adopt: false,
      },
      AbortSignal.timeout(PATIENCE_MS),
    );
    const [stack] = stacks;
    if (stack === undefined) throw new Error(JSON.stringify(problems));
    return this.untilReady(stack.name, stack.generation);
  }

  untilReady(name: string, generation = 1): Promise<StackStatus> {
    return this.until(name, (status) => {
      const ready = status.conditions.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' && (status.observedGeneration ?? 0) >= generation;
    });
  }

  /** Follows a stack until something is so of it. */
  async until(name: string, isSo: (status: StackStatus) => boolean): Promise<StackStatus> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      const notices = await this.client.watch({ stack: name }, signal);
      const before = await this.client.stack(name, signal).catch(() => undefined);
      if (before !== undefined && isSo(before)) return before;
      for await (const notice of notices)
        if (notice.kind === 'status' && isSo(notice.status)) return notice.status;
    } finally {
      over.abort();
    }
    throw new Error(`stack ${name} did not come to what was waited for`);
  }

  async delete(name: string): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await this.client.delete({ name, volumes: true, confirm: true }, signal);
    await patiently(`${name} is gone`, () =>
      this.client.stack(name, signal).then(
        () => undefined,
        () => true,
      ),
    );
  }
}

/** Asks until there is an answer. */
export async function patiently<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
  const endsAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endsAt) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
