import { mkdtemp, rm } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApi, startApi, type TcpOptions } from '../../../src/api/server.ts';
import { FakeOperations } from '../../support/fake-operations.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The API on a socket of its own, and a bare HTTP client that knows nothing of the contract. */
export class ApiHarness {
  readonly operations = new FakeOperations();
  readonly logged: { readonly level: 'warn' | 'error'; readonly message: string }[] = [];
  readonly directory: string;
  readonly socketPath: string;
  /** Of the TCP listener on 127.0.0.1, where there is one. */
  port: number | undefined;
  #api: RunningApi | undefined;

  private constructor(directory: string) {
    this.directory = directory;
    this.socketPath = socketIn(directory);
  }

  static async start(tcp?: Omit<TcpOptions, 'address'>): Promise<ApiHarness> {
    const harness = new ApiHarness(await mkdtemp(join(tmpdir(), 'stackctl-api-')));
    const log = (level: 'warn' | 'error') => (_fields: object, message: string) => {
      harness.logged.push({ level, message });
    };
    const { operations, socketPath } = harness;
    harness.#api = await startApi({
      operations,
      socketPath,
      log: { warn: log('warn'), error: log('error') },
      tcp: tcp === undefined ? undefined : { address: { host: '127.0.0.1', port: 0 }, ...tcp },
    });
    harness.port = harness.#api.port;
    return harness;
  }

  async closeApi(): Promise<void> {
    await this.#api?.close();
    this.#api = undefined;
  }

  async stop(): Promise<void> {
    await this.closeApi();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** `headers` beside, or in the place of, those that any client sends. */
  ask(
    method: string,
    path: string,
    body?: string | readonly string[],
    headers: Readonly<Record<string, string>> = body === undefined
      ? {}
      : { 'content-type': 'application/json' },
  ): Promise<Answer> {
    return this.#send({ socketPath: this.socketPath, method, path, headers }, body);
  }

  /** The same over TCP. */
  call(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    return this.#send({ host: '127.0.0.1', port: this.port, method, path, headers }, body);
  }

  #send(options: RequestOptions, body: string | readonly string[] | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, agent: false }, async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
      sent.on('error', reject);
      // Several pieces go out in chunks, without a content-length.
      for (const piece of typeof body === 'object' ? body : []) sent.write(piece);
      sent.end(typeof body === 'string' ? body : undefined);
    });
  }
}

export function socketIn(directory: string): string {
  return join(directory, 'run', 'stackctl.sock');
}

/** Waits until it is so; fails the test after a while when it never is. */
export async function eventually(check: () => boolean): Promise<void> {
  const untilMs = Date.now() + 5000;
  while (!check()) {
    if (Date.now() > untilMs) throw new Error('it never came to be so');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
