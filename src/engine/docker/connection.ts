import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { Failure, type FailureKind } from '../../model/failure.ts';
import type { EngineInfo } from '../../model/observed.ts';
import { type EngineAddress, parseAddress } from './address.ts';
import { negotiateApiVersion } from './api-version.ts';
import { answerFailure, transportFailure } from './failures.ts';
import type { WireInfo, WireVersion } from './wire.ts';

/** No answer that is read whole is ever this large; the largest is a list of some thousand containers. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** Deadlines of calls in milliseconds (reliability rule R15). */
export const DEADLINE = {
  ping: 10_000,
  list: 15_000,
  inspect: 10_000,
  write: 30_000,
  /** An unknown volume or network driver is only refused after about 15 s of the engine's own retries. */
  create: 30_000,
  start: 120_000,
  archive: 60_000,
  /** Of pulls and builds: without any sign of progress. */
  idle: 300_000,
} as const;

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Without the version prefix. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: object;
  /** A tar in place of a JSON body. */
  readonly tar?: Buffer | Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** For messages: `create network demo_default`. */
  readonly what: string;
  readonly deadlineMs: number;
  /** Given for reads, which may be cut at any time. A write that was sent runs until its answer or deadline. */
  readonly signal?: AbortSignal | undefined;
  /** What a missed deadline means: a hung object (`refused`) or a hung engine (`unreachable`). */
  readonly onDeadline?: FailureKind;
}

/** What the adapter needs of a logger; pino fits. Bodies and headers are never handed to it. */
export interface EngineLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The questions that only find out whether anyone is there. */
const PING = {
  method: 'GET',
  what: 'connect',
  deadlineMs: DEADLINE.ping,
  onDeadline: 'unreachable',
} as const;

/** Asked with the id of each engine that answers, before any other call to it; what it throws is what each call throws. */
export type Admit = (engineId: string) => Promise<void>;

/** All statuses are let through dockerode's transport: what they mean is judged in `failures.ts`. */
const ANY_STATUS: Readonly<Record<number, boolean>> = Object.fromEntries(
  Array.from({ length: 400 }, (_, index) => [200 + index, true]),
);

/**
 * One engine, spoken to at a negotiated API version. The version is forgotten whenever the engine did not
 * answer, and negotiated again before the next call: it may have been upgraded meanwhile.
 *
 * Uses dockerode's modem as transport only. Its own reading of answers would wait for ever for the rest of
 * a body that was cut, so bodies are read here. No agent is handed to it and no connection kept: a kept one
 * that the engine closed meanwhile makes the outcome of a write unknowable.
 */
export class Connection {
  readonly address: EngineAddress;
  readonly log: EngineLog;
  readonly #docker: Docker;
  readonly #admit: Admit;
  #info: EngineInfo | undefined;
  #negotiation: Promise<EngineInfo> | undefined;

  constructor(
    host: string | undefined,
    certPath: string | undefined,
    log: EngineLog,
    admit: Admit = async () => undefined,
  ) {
    this.address = parseAddress(host);
    this.log = log;
    this.#admit = admit;
    this.#docker = new Docker(dockerOptions(this.address, certPath));
  }

  /** Who answers, negotiating first when nobody has since the last failure. */
  info(signal?: AbortSignal): Promise<EngineInfo> {
    return this.#info === undefined ? this.negotiate(signal) : Promise.resolve(this.#info);
  }

  /** Negotiates the API version again. Throws `unreachable` or, for an engine that is too old or new, `refused`. */
  negotiate(signal?: AbortSignal): Promise<EngineInfo> {
    if (signal?.aborted === true) return Promise.reject(superseded('connect'));
    this.#negotiation ??= this.#negotiate().finally(() => {
      this.#negotiation = undefined;
    });
    return this.#negotiation;
  }

  /** Sends and reads a JSON answer. Throws only `Failure`. 304 is success. */
  async request<Answer>(request: EngineRequest): Promise<Answer> {
    const prefix = versionPrefix(await this.info(request.signal));
    return this.#guarded(request, (signal) => this.#json<Answer>(request, prefix, signal));
  }

  /**
   * Sends, and hands back the answer's body as a stream once the headers arrived; the deadline covers only
   * that. `signal` cuts the stream. Throws only `Failure`; the stream itself throws what the socket throws.
   */
  async stream(request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const prefix = versionPrefix(await this.info(signal));
    const cut = new AbortController();
    const onAbort = () => cut.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await this.#guarded({ ...request, signal }, async (headerSignal) => {
        headerSignal.addEventListener('abort', onAbort, { once: true });
        try {
          return await this.#send(request, prefix, cut.signal);
        } finally {
          headerSignal.removeEventListener('abort', onAbort);
        }
      });
      response.once('close', () => signal.removeEventListener('abort', onAbort));
      return response;
    } catch (thrown) {
      signal.removeEventListener('abort', onAbort);
      throw thrown;
    }
  }

  /** Throws `unreachable` when nobody answers. */
  async ping(): Promise<void> {
    const request = { ...PING, path: '/_ping' };
    await this.#guarded(request, (signal) => this.#json(request, '', signal));
  }

  /** Forgets the negotiated version after a broken connection. */
  forget(): void {
    this.#info = undefined;
  }

  /** Several calls may wait for the same negotiation, so nobody's signal cuts it; its deadline does. */
  async #negotiate(): Promise<EngineInfo> {
    const ask = <Answer>(path: string, prefix: string) => {
      const request = { ...PING, path };
      return this.#guarded(request, (signal) => this.#json<Answer>(request, prefix, signal));
    };
    const version = await ask<WireVersion>('/version', '');
    const apiVersion = negotiateApiVersion(version);
    const info = await ask<WireInfo>('/info', `/v${apiVersion}`);
    await this.#admit(info.ID ?? '');
    this.#info = {
      id: info.ID ?? '',
      version: version.Version ?? '',
      apiVersion,
      swarmActive: info.Swarm?.LocalNodeState === 'active',
      rootDirectory: info.DockerRootDir ?? '',
      ...addressPools(info),
    };
    return this.#info;
  }

  async #json<Answer>(request: EngineRequest, prefix: string, signal: AbortSignal): Promise<Answer> {
    const response = await this.#send(request, prefix, signal);
    const text = (await readAll(response)).toString('utf8');
    return parseJson(text) as Answer;
  }

  async #send(request: EngineRequest, prefix: string, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      this.#docker.modem.dial(
        {
          path: `${prefix}${request.path}?`,
          method: request.method,
          options: { _query: definedOnly(request.query ?? {}), _body: request.body ?? {} },
          headers: { Connection: 'close', ...request.headers },
          ...(request.tar === undefined ? {} : { file: request.tar }),
          isStream: true,
          statusCodes: ANY_STATUS as Record<number, boolean>,
          abortSignal: signal,
        },
        (error: Error | null, result: unknown) =>
          error === null ? resolve(result as IncomingMessage) : reject(error),
      );
    });
    const status = response.statusCode ?? 0;
    if ((status >= 200 && status < 300) || status === 304) return response;
    const text = (await readAll(response)).toString('utf8');
    const body = parseJson(text) as { message?: unknown } | undefined;
    throw answerFailure(request.what, status, typeof body?.message === 'string' ? body.message : text);
  }

  /** Runs one exchange under its deadline and signal, and turns whatever it throws into a Failure. */
  async #guarded<Result>(
    request: EngineRequest,
    exchange: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (isAborted(request.signal)) throw superseded(request.what);
    const controller = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, request.deadlineMs);
    const onAbort = () => controller.abort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await exchange(controller.signal);
    } catch (thrown) {
      if (late) throw missedDeadline(request);
      if (isAborted(request.signal)) throw superseded(request.what);
      if (thrown instanceof Failure) throw thrown;
      this.forget();
      throw transportFailure(request.what, this.address.text, thrown);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Told only when the engine's configuration has some. */
function addressPools({ DefaultAddressPools: pools }: WireInfo): Pick<EngineInfo, 'addressPools'> {
  if (pools === undefined || pools === null || pools.length === 0) return {};
  return { addressPools: pools.map(({ Base = '', Size = 0 }) => ({ base: Base, size: Size })) };
}

function versionPrefix(info: EngineInfo): string {
  return `/v${info.apiVersion}`;
}

/** The failure of a call that was given up because its caller did not want it any more. */
export function superseded(what: string): Failure {
  return new Failure('superseded', `${what}: given up, something newer came between`);
}

function missedDeadline(request: EngineRequest): Failure {
  const seconds = Math.round(request.deadlineMs / 1000);
  return new Failure(
    request.onDeadline ?? 'refused',
    `${request.what}: no answer from the engine within ${seconds} s`,
    { hint: 'the engine hangs on this object; look at its log (journalctl -u docker)' },
  );
}

/** Reads a body whole, within a bound. A body that is cut throws. */
export async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Failure('refused', 'the answer of the engine is too large');
  }
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function definedOnly(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/** Every field that dockerode would otherwise take from DOCKER_HOST is given, so that only ours counts. */
function dockerOptions(address: EngineAddress, certPath: string | undefined): Docker.DockerOptions {
  if (address.kind === 'unix') {
    return { socketPath: address.path, host: undefined, port: undefined, protocol: 'http' };
  }
  const secure = address.secure || certPath !== undefined;
  const pem = (file: string) => readFileSync(join(certPath ?? '', file));
  return {
    socketPath: undefined,
    host: `http://${address.host}`,
    port: address.port,
    protocol: secure ? 'https' : 'http',
    ...(certPath === undefined ? {} : { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') }),
  };
}
