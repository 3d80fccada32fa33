import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type Docker from 'dockerode';
import { eventually } from './eventually.ts';
import { testDocker } from './lab.ts';
import { run } from './stackctld.ts';

/** From 23.0 on each dockerd talks to a containerd of its own; before, two would share its namespaces. */
const FIRST_WITH_OWN_NAMESPACES = 23;
const START_WITHIN_MS = 60_000;

/**
 * Whether this machine lets us run a Docker Engine of our own. Says loudly that tests are skipped when not; with
 * STACKCTL_REQUIRE_ENGINE=1 that is a failure for root, who could install what is missing.
 */
export function canRunPrivateEngine(): boolean {
  const missing = whatIsMissing();
  if (missing === undefined) return true;
  const message = `no private Docker Engine can be started (${missing}): tests that crash one cannot run`;
  if (process.env['STACKCTL_REQUIRE_ENGINE'] === '1' && process.getuid?.() === 0) throw new Error(message);
  console.error(`\n*** ${message}, and are SKIPPED ***\n`);
  return false;
}

function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'only on Linux';
  if (process.getuid?.() !== 0) return 'only root can';
  if (programPath() === undefined) return 'dockerd is not in PATH, and STACKCTL_TEST_DOCKERD names none';
  const tools = ['ip', 'nsenter', 'pkill', 'umount'].filter((tool) => find(tool) === undefined);
  return tools.length === 0 ? undefined : `${tools.join(' and ')} not in PATH`;
}

function programPath(): string | undefined {
  const named = process.env['STACKCTL_TEST_DOCKERD'];
  return named === undefined || named === '' ? find('dockerd') : find(resolve(named));
}

function find(program: string): string | undefined {
  const directories = program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return directories.map((directory) => join(directory, program)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A dockerd of our own that tests may kill: in a network namespace of its own (a second one in the host's would take
 * the first one's bridge away), with its own data, its own containerd and its own socket. Nothing of it is left after
 * `dispose`.
 */
export class PrivateEngine {
  readonly docker: Docker;
  readonly #directory: string;
  readonly #name: string;
  readonly #program: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(directory: string, program: string, major: number) {
    this.#directory = directory;
    this.#program = program;
    this.#name = `stackctl-test-${randomBytes(4).toString('hex')}`;
    this.#flags =
      major >= FIRST_WITH_OWN_NAMESPACES
        ? []
        : ['--containerd-namespace', this.#name, '--containerd-plugins-namespace', `${this.#name}-plugins`];
    this.docker = testDocker(this.host);
  }

  /** Starts one, with the small image on it. */
  static async create(): Promise<PrivateEngine> {
    const program = programPath();
    if (program === undefined) throw new Error('no dockerd: guard the tests with canRunPrivateEngine()');
    const { stdout } = await run(program, ['--version']);
    const major = Number(/version (\d+)\./.exec(stdout)?.[1] ?? 0);
    const directory = await mkdtemp(join(tmpdir(), 'stackctl-dockerd-'));
    const engine = new PrivateEngine(directory, program, major);
    await engine.#configure({});
    try {
      await must('ip', 'netns', 'add', engine.#name);
      await must('nsenter', `--net=${engine.#namespace}`, 'ip', 'link', 'set', 'lo', 'up');
      await engine.start();
      const made = await run('bash', ['scripts/images.sh', 'small'], {
        env: { ...withoutEngine(), DOCKER_HOST: engine.host },
      });
      if (made.code !== 0) throw new Error(`the image cannot be made: ${made.stdout}${made.stderr}`);
      return engine;
    } catch (error) {
      await engine.dispose();
      throw error;
    }
  }

  get host(): string {
    return `unix://${this.#at('docker.sock')}`;
  }

  get #namespace(): string {
    return `/var/run/netns/${this.#name}`;
  }

  #at(name: string): string {
    return join(this.#directory, name);
  }

  /** Starts dockerd, on the data that is there, and waits until it answers. */
  async start(): Promise<void> {
    // A killed dockerd leaves its pid files behind. A number in them may be somebody else's by now, or a dead process
    // that nobody reaps: dockerd would wait for that one's containerd in vain.
    await this.#endContainerd();
    await rm(this.#at('pid'), { force: true });
    const log = openSync(this.#at('log'), 'a');
    // Not `ip netns exec`: that mounts /sys anew, and the cgroups below it are gone.
    const child = spawn(
      'nsenter',
      [
        ...[`--net=${this.#namespace}`, this.#program, '-H', this.host],
        ...['--data-root', this.#at('data'), '--exec-root', this.#at('exec'), '--pidfile', this.#at('pid')],
        ...['--config-file', this.#at('daemon.json'), ...this.#flags],
      ],
      { stdio: ['ignore', log, log], env: withProgramsBeside(this.#program), detached: true },
    );
    closeSync(log);
    this.#process = child;
    await eventually(
      'the private engine answers',
      async () => {
        if (child.exitCode !== null) throw new Error(`dockerd ended:\n${await this.#lastWords()}`);
        return this.docker.ping().then(
          () => true,
          () => undefined,
        );
      },
      { withinMs: START_WITHIN_MS, everyMs: 50 },
    );
  }

  /** Whether its containers outlive it from now on, when it ends in peace or is killed. */
  async setLiveRestore(isOn: boolean): Promise<void> {
    await this.#configure({ 'live-restore': isOn });
    this.#process?.kill('SIGHUP');
    await eventually('the private engine has read its configuration', async () => {
      const { LiveRestoreEnabled } = await this.docker.info();
      return LiveRestoreEnabled === isOn ? true : undefined;
    });
  }

  /** What the machine's own engine is configured to do must not reach this one. */
  async #configure(more: Readonly<Record<string, unknown>>): Promise<void> {
    const config = { features: { 'containerd-snapshotter': false }, ...more };
    await writeFile(this.#at('daemon.json'), JSON.stringify(config));
  }

  /** SIGTERM to dockerd: it stops its containers first, unless they are to outlive it. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Starts it when it is down: for after a test, whatever became of that. */
  async revive(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) await this.start();
  }

  /** SIGKILL to dockerd alone: its containers and their shims stay. */
  async crash(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** What is left of an engine whose list of networks is gone, as when somebody removed it. */
  async loseNetworks(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.#at('data/network/files/local-kv.db'));
    await this.start();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async #lastWords(): Promise<string> {
    const text = await readFile(this.#at('log'), 'utf8').catch(() => '');
    return text.split('\n').slice(-8).join('\n');
  }

  /** Removes it completely: containers first, while there is an engine to end their processes. */
  async dispose(): Promise<void> {
    try {
      await this.revive();
      const containers = await this.docker.listContainers({ all: true });
      await Promise.all(
        containers.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true, v: true })),
      );
    } finally {
      await this.#end('SIGTERM');
      await this.#endContainerd();
      // Shims outlive a crash of their dockerd and containerd; their command lines name this directory.
      await run('pkill', ['-KILL', '-f', `containerd-shim.* -address ${this.#directory}/`]);
      for (const mount of await mountsBelow(this.#directory)) await run('umount', ['-l', mount]);
      await run('ip', ['netns', 'delete', this.#name]);
      await rm(this.#directory, { recursive: true, force: true });
    }
  }

  /** It ends by itself with a dockerd that ends in peace. */
  async #endContainerd(): Promise<void> {
    const pidFile = this.#at('exec/containerd/containerd.pid');
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (pid > 1 && commandLine.includes(this.#directory)) process.kill(pid, 'SIGKILL');
    await rm(pidFile, { force: true });
  }
}

/** A dockerd that was unpacked somewhere brings its containerd and its docker-proxy along. */
function withProgramsBeside(program: string): NodeJS.ProcessEnv {
  const env = withoutEngine();
  const directory = dirname(program);
  const beside = [directory, join(directory, '../bin'), join(directory, '../libexec/docker')];
  return { ...env, PATH: [...beside, env['PATH'] ?? ''].join(delimiter) };
}

function withoutEngine(): NodeJS.ProcessEnv {
  const { DOCKER_HOST: _, ...env } = process.env;
  return env;
}

async function must(command: string, ...argv: string[]): Promise<void> {
  const ran = await run(command, argv);
  if (ran.code !== 0) throw new Error(`${command} ${argv.join(' ')}: ${ran.stderr}`);
}

/** Deepest first. */
async function mountsBelow(directory: string): Promise<readonly string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}
