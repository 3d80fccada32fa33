import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';
import { inject } from 'vitest';
import { type Client, createClient } from '../../src/cli/client.ts';
import type { StackEvent, StackStatus } from '../../src/model/status.ts';
import { EngineProxy, type SeenCall } from './engine-proxy.ts';
import { eventually } from './eventually.ts';
import { sweep, testDocker } from './lab.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The built program; STACKCTL_DIST names another build to test. */
const DIST = process.env['STACKCTL_DIST'] ?? join(ROOT, 'dist');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WorldOptions {
  /** Default: the engine that all tests share. */
  readonly engineHost?: string;
  readonly flags?: readonly string[];
  /** What the daemon's environment has beside the usual. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A stackctld of the built program, on a real engine, with a manifest directory, an instance and a counting proxy of
 * its own; and the hands of a user (`ctl`) and of somebody with docker (`docker`).
 */
export class World {
  readonly directory: string;
  readonly manifests: string;
  readonly instance: string;
  /** To make names of stacks with, so that worlds do not meet on one engine. */
  readonly unique: string;
  readonly docker: Docker;
  readonly proxy: EngineProxy;
  readonly #options: WorldOptions;
  #process: ChildProcess | undefined;

  private constructor(directory: string, options: WorldOptions) {
    const host = options.engineHost ?? inject('engineHost');
    if (host === undefined) throw new Error('no engine: guard the tests with hasEngine()');
    this.directory = directory;
    this.manifests = join(directory, 'manifests');
    this.unique = randomBytes(3).toString('hex');
    this.instance = `${inject('engineRun')}-${this.unique}`;
    this.docker = testDocker(host);
    this.proxy = new EngineProxy({ socketPath: join(directory, 'engine.sock'), engineHost: host });
    this.#options = options;
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const directory = await mkdtemp(join(tmpdir(), 'stackctl-e2e-'));
    const world = new World(directory, options);
    await mkdir(world.manifests);
    await world.proxy.listen();
    return world;
  }

  get socketPath(): string {
    return join(this.directory, 'run', 'stackctl.sock');
  }

  /** Asks the daemon without a process for each question: for what is looked at again and again. */
  get #client(): Client {
    // Trusts no name: what a real daemon answers is held to the contract.
    return createClient({ kind: 'socket', path: this.socketPath }, '');
  }

  get stateDirectory(): string {
    return join(this.directory, 'state');
  }

  get logFile(): string {
    return join(this.directory, 'stackctld.log');
  }

  /** Of the daemon that runs: the same one for as long as nobody killed it. */
  get pid(): number | undefined {
    const child = this.#process;
    return child === undefined || child.exitCode !== null || child.signalCode !== null
      ? undefined
      : child.pid;
  }

  /** Starts the daemon and waits until it has read its sources and reached the engine. */
  async start(flags: readonly string[] = []): Promise<void> {
    const child = spawn(process.execPath, [...this.#argv, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...cleanEnvironment(), ...this.#options.env },
    });
    const log = createWriteStream(this.logFile, { flags: 'a' });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    this.#process = child;
    await eventually(
      'the daemon is ready',
      () => this.#client.version(AbortSignal.timeout(5_000)).catch(() => undefined),
      {
        withinMs: 60_000,
        everyMs: 100,
      },
    );
  }

  /** Starts a daemon that is expected to end by itself. */
  async startInVain(flags: readonly string[] = []): Promise<Ran> {
    const env = { ...cleanEnvironment(), ...this.#options.env };
    return run(process.execPath, [...this.#argv, ...flags], { env });
  }

  get #argv(): readonly string[] {
    return [
      join(DIST, 'bin/stackctld.js'),
      ...['--manifests', this.manifests, '--state-dir', this.stateDirectory, '--socket', this.socketPath],
      ...['--instance', this.instance, '--docker-host', this.proxy.host, '--log-level', 'debug'],
      ...(this.#options.flags ?? []),
    ];
  }

  /** SIGKILL: no chance to tidy up. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM, as systemd does; the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  /** Writes a file below the manifest directory. */
  async write(path: string, text: string): Promise<string> {
    const full = join(this.manifests, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
    return full;
  }

  /** Writes a file below a directory that the daemon does not watch, for `stackctl apply`; its absolute path. */
  async file(path: string, text: string): Promise<string> {
    const full = join(this.directory, 'work', path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
    return full;
  }

  /** Runs `stackctl` as a process. */
  ctl(...argv: string[]): Promise<Ran> {
    return this.#cli(['--socket', this.socketPath, ...argv]);
  }

  /** `ctl` of what may take longer than other programs. */
  ctlWithin(patienceMs: number, ...argv: string[]): Promise<Ran> {
    return this.#cli(['--socket', this.socketPath, ...argv], { patienceMs });
  }

  /** What a shell is offered at the end of a command line, and, last, what to do about it. */
  async offered(...words: string[]): Promise<readonly string[]> {
    const { stdout } = await this.#cli(['__complete', '--socket', this.socketPath, ...words]);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[0] ?? '');
  }

  /** `ctl` with something to read from stdin. */
  ctlReading(stdin: string, ...argv: string[]): Promise<Ran> {
    return this.#cli(['--socket', this.socketPath, ...argv], { stdin });
  }

  /** `stackctl --direct`, as the same instance on the same engine: only while the daemon does not run. */
  direct(...argv: string[]): Promise<Ran> {
    return this.#cli(['--direct', ...argv], {
      env: {
        DOCKER_HOST: this.proxy.host,
        STACKCTL_STATE_DIR: this.stateDirectory,
        STACKCTL_INSTANCE: this.instance,
      },
    });
  }

  #cli(argv: readonly string[], more: Omit<RunOptions, 'cwd'> = {}): Promise<Ran> {
    return run(process.execPath, [join(DIST, 'bin/stackctl.js'), ...argv], {
      ...more,
      cwd: this.manifests,
      env: { ...cleanEnvironment(), ...more.env },
    });
  }

  /** Has a stack looked at twice from the beginning and tells what these passes wrote; of a converged stack, nothing. */
  async writesOfTwoPasses(stack: string): Promise<readonly SeenCall[]> {
    const before = this.proxy.writes().length;
    for (let pass = 0; pass < 2; pass += 1) {
      // Every pass ends with another time for the next.
      const planned = (await this.status(stack))?.nextLookAt;
      await this.#client.command(stack, 'reconcile', AbortSignal.timeout(10_000));
      await eventually(
        `a pass of ${stack}`,
        async () => ((await this.status(stack))?.nextLookAt === planned ? undefined : true),
        { withinMs: 60_000, everyMs: 50 },
      ).catch(async (error: Error) => {
        throw new Error(`${error.message}\n${(await this.log()).slice(-6000)}`);
      });
    }
    return this.proxy.writes().slice(before);
  }

  /** What the daemon says of a stack; undefined when it knows none, or does not answer. */
  status(stack: string): Promise<StackStatus | undefined> {
    return this.#client.stack(stack, AbortSignal.timeout(10_000)).catch(() => undefined);
  }

  events(stack: string): Promise<readonly StackEvent[]> {
    return this.#client.events({ stack }, AbortSignal.timeout(10_000));
  }

  /** Waits until a stack is Ready at a generation of at least this. */
  untilReady(stack: string, options: { generation?: number; withinMs?: number } = {}): Promise<StackStatus> {
    return eventually(
      `stack ${stack} is ready`,
      async () => {
        const status = await this.status(stack);
        const ready = status?.conditions.find(({ type }) => type === 'Ready');
        // What is said of an earlier generation says nothing about the present one.
        const wanted = Math.max(options.generation ?? 1, status?.generation ?? 1);
        const isNew = (status?.observedGeneration ?? 0) >= wanted;
        return ready?.status === 'True' && isNew ? status : undefined;
      },
      { withinMs: options.withinMs ?? 60_000, everyMs: 150 },
    ).catch(async (error: Error) => {
      const status = JSON.stringify(await this.status(stack), undefined, 1)?.slice(0, 4000);
      throw new Error(`${error.message}\n${status}\n${(await this.log()).slice(-3000)}`);
    });
  }

  async log(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch(() => '');
  }

  /** Ends everything and removes everything, images apart. */
  async dispose(): Promise<void> {
    await this.#end('SIGKILL');
    await sweep(this.docker, this.instance);
    await this.proxy.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** What a user's shell would have, without what could lead to another engine or daemon. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const {
    DOCKER_HOST: _host,
    STACKCTL_SOCKET: _socket,
    NODE_OPTIONS: _options,
    VITEST: _vitest,
    ...env
  } = process.env;
  return env;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  /** A program that takes longer is killed, and the test tells what it printed until then. */
  readonly patienceMs?: number;
}

/** Runs a program to its end. */
export function run(command: string, argv: readonly string[], more: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const { cwd = ROOT, env = cleanEnvironment(), stdin, patienceMs = 150_000 } = more;
    const child = spawn(command, [...argv], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(stdin);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const impatience = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${argv.slice(1).join(' ')} did not end in time; it printed:\n${stdout}${stderr}`));
    }, patienceMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(impatience);
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}
