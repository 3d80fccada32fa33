import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type RunningApi, startApi } from '../../src/api/server.ts';
import { lintManifests, lintRules } from '../../src/bin/local-lint.ts';
import { loadManifests, loadNetworking, loadUnfilledManifests } from '../../src/bin/local-loader.ts';
import { createClient } from '../../src/cli/client.ts';
import type { OutputStream } from '../../src/cli/output/sink.ts';
import { runCli } from '../../src/cli/run.ts';
import { FakeOperations } from '../support/fake-operations.ts';
import { SAMPLE_NOW } from '../support/sample-stacks.ts';

export interface Run {
  readonly line: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** stdout and stderr are a terminal of 80 columns. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  /** In place of the harness's directory. */
  readonly cwd?: string;
  /** In place of the one that is captured. */
  readonly stdout?: OutputStream;
  /** Called with everything that was written to either, after each write. */
  readonly onOutput?: (soFar: string) => void;
}

/** The real command line against the real API on a socket of its own, with a scripted daemon behind it. */
export class CliHarness {
  readonly operations = new FakeOperations();
  /** The working directory of the command line; short, since sockets' paths must be. */
  readonly directory: string;
  readonly socketPath: string;
  #api: RunningApi | undefined;

  private constructor(directory: string) {
    this.directory = directory;
    this.socketPath = join(directory, 'run', 'stackctl.sock');
  }

  static async start(): Promise<CliHarness> {
    const harness = new CliHarness(await mkdtemp(join(tmpdir(), 'stackctl-cli-')));
    await harness.startDaemon();
    return harness;
  }

  async startDaemon(): Promise<void> {
    const silent = { warn: () => undefined, error: () => undefined };
    this.#api = await startApi({ operations: this.operations, socketPath: this.socketPath, log: silent });
  }

  async stopDaemon(): Promise<void> {
    await this.#api?.close();
    this.#api = undefined;
  }

  async stop(): Promise<void> {
    await this.stopDaemon();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** `line` is split at spaces outside of quotes; nothing in it is expanded. */
  async run(line: string, options: RunOptions = {}): Promise<Run> {
    const written = { stdout: '', stderr: '' };
    let all = '';
    const stream = (to: keyof typeof written) => ({
      isTTY: options.terminal === true,
      columns: 80,
      on: () => undefined,
      write: (text: string, done: (error?: Error | null) => void) => {
        written[to] += text;
        all += text;
        done();
        options.onOutput?.(all);
        return true;
      },
    });
    const exit = await runCli({
      argv: splitLine(line),
      stdout: options.stdout ?? stream('stdout'),
      stderr: stream('stderr'),
      stdin: chunks(options.stdin ?? ''),
      env: { STACKCTL_SOCKET: this.socketPath, ...options.env },
      cwd: options.cwd ?? this.directory,
      // Trusts no name, so that each answer is held to the contract.
      connect: async ({ endpoint }) => ({
        client: createClient(endpoint, ''),
        close: async () => undefined,
      }),
      loader: {
        load: async (request) => loadManifests(request),
        loadUnfilled: async (request) => loadUnfilledManifests(request),
        lint: async (request) => lintManifests(request),
        lintRules: async () => lintRules(),
        loadNetworking: async (requests, apiVersion) => loadNetworking(requests, apiVersion),
      },
      now: () => SAMPLE_NOW,
      signal: options.signal ?? new AbortController().signal,
    });
    return { line, ...written, exit };
  }

  /** Compares runs with `golden/NAME.golden`, which `UPDATE_GOLDEN=1` writes anew. */
  async expectGolden(name: string, ...runs: readonly Run[]): Promise<void> {
    const shown = runs.map(render).join('\n').replaceAll(this.directory, '<dir>');
    const file = new URL(`golden/${name}.golden`, import.meta.url);
    if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(file, shown);
    expect(shown).toBe(await readFile(file, 'utf8'));
  }
}

function render({ line, stdout, stderr, exit }: Run): string {
  const streams = [stdout, stderr === '' ? '' : `[stderr]\n${stderr}`].join('');
  // Escapes are written out, so that a golden file is plain text.
  return `$ stackctl ${line}\n${streams.replaceAll('\u001b', '\\e')}[exit ${exit}]\n`;
}

function splitLine(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

async function* chunks(text: string): AsyncGenerator<string> {
  yield text;
}
