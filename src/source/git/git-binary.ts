import { type ChildProcess, spawn } from 'node:child_process';
import { GitFault } from './fault.ts';

/** What is put beside the settings that every call has. */
export interface GitAccess {
  /** Settings by their names, in the environment: an argument would be seen by everybody on this host. */
  readonly settings: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

export const NO_ACCESS: GitAccess = { settings: {}, environment: {} };

export interface GitCall {
  /** Of the bare repository; undefined outside of one. */
  readonly directory?: string;
  readonly args: readonly string[];
  readonly access?: GitAccess;
  /** Written to its standard input. */
  readonly input?: string | AsyncIterable<string>;
  /** Bytes of output that are kept; more ends it. */
  readonly outputBytes?: number;
  /** Takes the output in pieces instead of keeping it. */
  readonly onOutput?: (chunk: Buffer) => void;
  readonly timeoutMs: number;
  /** Asked now and then while it runs; a text ends it, as the reason. */
  readonly tooMuch?: () => Promise<string | undefined>;
}

export interface GitAnswer {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Settings of every call, whatever stands in the repository: nothing of it is run, no filter, no hook, no other
 * repository; large files are never held in memory; nothing is unpacked into single files.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'false',
  'core.attributesFile': '/dev/null',
  'core.bigFileThreshold': '1m',
  'core.packedGitLimit': '64m',
  'core.packedGitWindowSize': '1m',
  'core.deltaBaseCacheLimit': '16m',
  'core.logAllRefUpdates': 'false',
  'transfer.fsckObjects': 'true',
  'fetch.fsckObjects': 'true',
  'fetch.unpackLimit': '1',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  'pack.threads': '1',
  'pack.windowMemory': '32m',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'credential.helper': '',
  'http.lowSpeedLimit': '1',
  'http.lowSpeedTime': '30',
  'safe.directory': '*',
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.http.allow': 'always',
  'protocol.ssh.allow': 'always',
  'protocol.file.allow': 'always',
};

const OUTPUT_BYTES = 8 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 250;

/**
 * Runs Git without a shell, with an environment of its own. Answers whatever it exits with; throws `GitFault` when it
 * cannot be started, takes too long, or takes too much; ends it at the signal.
 */
export async function runGit(call: GitCall, signal: AbortSignal): Promise<GitAnswer> {
  const where = call.directory === undefined ? [] : ['--git-dir', call.directory];
  const child = spawn('git', [...where, '--no-pager', '--literal-pathspecs', ...call.args], {
    env: environmentOf(call.access ?? NO_ACCESS),
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: what Git starts (ssh, index-pack) ends with it.
    detached: true,
  });
  const run = new Run(child, call);
  const stop = () => run.end(new GitFault('FetchFailed', 'it was given up'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await run.answer();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

class Run {
  readonly #child: ChildProcess;
  readonly #call: GitCall;
  readonly #output: Buffer[] = [];
  #outputBytes = 0;
  #stderr = '';
  #fault: GitFault | undefined;

  constructor(child: ChildProcess, call: GitCall) {
    this.#child = child;
    this.#call = call;
    child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      // The end says why it failed.
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_BYTES);
    });
    child.stdin?.on('error', () => undefined);
    void this.#feed();
  }

  end(fault: GitFault): void {
    this.#fault ??= fault;
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }

  async answer(): Promise<GitAnswer> {
    const { timeoutMs, tooMuch } = this.#call;
    const seconds = Math.round(timeoutMs / 1000);
    const late = new GitFault(
      'FetchFailed',
      `Git did not end within ${seconds} s`,
      'raise timeout, or see the network',
    );
    const deadline = setTimeout(() => this.end(late), timeoutMs);
    const looking =
      tooMuch === undefined ? undefined : setInterval(() => void this.#look(tooMuch), LOOK_EVERY_MS);
    try {
      const code = await new Promise<number>((resolve, reject) => {
        this.#child.once('error', reject);
        this.#child.once('close', (exit) => resolve(exit ?? 255));
      });
      if (this.#fault !== undefined) throw this.#fault;
      return { code, stdout: Buffer.concat(this.#output), stderr: this.#stderr };
    } catch (error) {
      if (error instanceof GitFault) throw error;
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isMissing)
        throw new GitFault('FetchFailed', 'there is no git on this host', 'install Git 2.34 or newer');
      throw new GitFault('FetchFailed', `git cannot be started: ${(error as Error).message}`);
    } finally {
      clearTimeout(deadline);
      clearInterval(looking);
    }
  }

  #take(chunk: Buffer): void {
    if (this.#call.onOutput !== undefined) {
      this.#call.onOutput(chunk);
      return;
    }
    this.#outputBytes += chunk.length;
    if (this.#outputBytes > (this.#call.outputBytes ?? OUTPUT_BYTES)) {
      this.end(new GitFault('ContentRefused', 'the repository has more names than are read'));
    } else {
      this.#output.push(chunk);
    }
  }

  async #feed(): Promise<void> {
    const { input = '' } = this.#call;
    const { stdin } = this.#child;
    if (stdin === null) return;
    if (typeof input !== 'string') {
      for await (const text of input) {
        if (stdin.destroyed) return;
        stdin.write(text);
      }
    }
    stdin.end(typeof input === 'string' ? input : undefined);
  }

  async #look(tooMuch: () => Promise<string | undefined>): Promise<void> {
    const reason = await tooMuch().catch(() => undefined);
    if (reason !== undefined) this.end(new GitFault('ContentRefused', reason));
  }
}

function environmentOf({ settings, environment }: GitAccess): NodeJS.ProcessEnv {
  const all = Object.entries({ ...SETTINGS, ...settings });
  const counted = all.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_COUNT: String(all.length),
    ...Object.fromEntries(counted),
    ...environment,
  };
}
