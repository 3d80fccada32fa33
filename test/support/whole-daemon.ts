import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApi, startApi } from '../../src/api/server.ts';
import { lintManifests, lintRules } from '../../src/bin/local-lint.ts';
import { loadManifests, loadNetworking, loadUnfilledManifests } from '../../src/bin/local-loader.ts';
import { createClient } from '../../src/cli/client.ts';
import { runCli } from '../../src/cli/run.ts';
import { createCachingLoader } from '../../src/controller/caching-loader.ts';
import { Controller } from '../../src/controller/controller.ts';
import { createOperations } from '../../src/controller/daemon-operations.ts';
import { createInProcessLoader } from '../../src/controller/in-process-loader.ts';
import { digestContext } from '../../src/engine/build-context.ts';
import type { ContainerRequest } from '../../src/engine/engine.ts';
import { createLog } from '../../src/log.ts';
import { DEFAULT_POLICY } from '../../src/policy/configuration.ts';
import { Keyring } from '../../src/sops/keyring.ts';
import { createAppliedSource } from '../../src/source/applied.ts';
import { createDirectorySource } from '../../src/source/directory.ts';
import { createFiles } from '../../src/source/files.ts';
import { look } from '../../src/source/fingerprint.ts';
import { createFileStore } from '../../src/store/files.ts';
import { engineWithImages } from './planned.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

/**
 * All of a daemon but its process, its threads and its engine, which is simulated: a directory, a state directory, an
 * API on a socket, a log, and a command line that asks it. Everything that it says is kept.
 */
export class WholeDaemon {
  readonly directory: string;
  readonly engine: SimulatedEngine = engineWithImages();
  /** Every byte of the log, at its most talkative. */
  log = '';
  /** Every byte that the command line printed. */
  printed = '';
  /** Set before the start. */
  sopsAgeKeyFile: string | undefined;
  readonly #stop = new AbortController();
  #api: RunningApi | undefined;
  #running: Promise<void> | undefined;

  /** Every container that the engine was asked for, refused ones too: all that it was told. */
  readonly asked: ContainerRequest[] = [];

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'stackctl-whole-'));
    const create = this.engine.createContainer.bind(this.engine);
    this.engine.createContainer = (request, signal) => {
      this.asked.push(request);
      return create(request, signal);
    };
  }

  get state(): string {
    return join(this.directory, 'state');
  }

  get socketPath(): string {
    return join(this.directory, 'run', 's.sock');
  }

  /** Writes a file beside the manifests, or one of them. */
  put(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  async start(): Promise<void> {
    const keep = (line: string) => {
      this.log += line;
    };
    const log = createLog('trace', { write: keep });
    const store = await createFileStore({ directory: this.state, log });
    const applied = createAppliedSource(store);
    const files = createFiles({ digestContext });
    const keyring = new Keyring(this.sopsAgeKeyFile);
    const loader = createInProcessLoader({ files, look, home: undefined, keyring });
    const monotonicMs = () => performance.now();
    const controller = new Controller(
      {
        engine: this.engine,
        sources: [createDirectorySource({ root: this.directory, debounceMs: 10, log }), applied],
        applied,
        store,
        loader: createCachingLoader(loader, { monotonicMs }),
        clock: {
          nowMs: () => this.engine.clock.nowMs(),
          monotonicMs,
          setTimer: (callback, ms) => {
            const timer = setTimeout(callback, ms);
            return () => clearTimeout(timer);
          },
        },
        random: () => 0.5,
        log,
      },
      {
        instance: this.engine.instance,
        version: 'test',
        workers: 2,
        concurrency: 4,
        resyncMs: 1000,
        deleteGraceMs: 1000,
        onlyWhenAsked: false,
        policy: DEFAULT_POLICY,
      },
    );
    this.#api = await startApi({
      operations: createOperations(controller),
      socketPath: this.socketPath,
      log,
    });
    this.#running = controller.run(this.#stop.signal);
  }

  /** Runs the command line. Its exit code. */
  async ctl(...argv: readonly string[]): Promise<number> {
    const stream = {
      isTTY: false,
      on: () => undefined,
      write: (text: string, done: () => void) => {
        this.printed += text;
        done();
        return true;
      },
    };
    return runCli({
      argv,
      stdout: stream,
      stderr: stream,
      stdin: nothing(),
      env: { STACKCTL_SOCKET: this.socketPath },
      cwd: this.directory,
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
      now: () => this.engine.clock.nowMs(),
      signal: AbortSignal.timeout(60_000),
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => undefined);
    await this.#api?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function* nothing(): AsyncGenerator<string> {}
