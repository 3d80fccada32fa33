import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asFailure, Failure } from '../../model/failure.ts';
import { OURS } from '../../model/labels.ts';
import { type ContainerId, containerId } from '../../model/names.ts';
import { MAX_PROBES, type ProbeRequest, type ProbeResult } from '../../model/probe.ts';
import { type Connection, DEADLINE } from './connection.ts';
import type { Guard } from './guard.ts';
import { readLogs } from './logs.ts';
import { givenProbeImage, ownProbeImage, type ProbeImage, unusableImage } from './probe-image.ts';
import { inspectContainer } from './reads.ts';
import type { WireContainerSummary } from './wire.ts';

/** Node needs about 50 MiB for this. */
const MEMORY_BYTES = 192 * 1024 * 1024;
const MAX_PROCESSES = 64;
const NOBODY = '65534:65534';
/** A single argument of a program may be 128 KiB long. */
const ARGUMENT_CHARS = 60_000;
/** How much longer than its probes a probe container may take: the start of Node, on a busy host. */
const START_MARGIN_MS = 30_000;
const NODE_CANNOT = /exec format error|executable file not found|no such file or directory/i;

/** What the program in the container is; it is one file of ours, run by whatever Node is there. */
const PROGRAM = readFileSync(new URL('./probe-program.js', import.meta.url), 'utf8');

/**
 * Sends probes from network namespaces, each time by a container that shares it and is gone afterwards. It may do
 * nothing but open sockets: no capability, no volume, no right to write, nobody's user.
 *
 * INVARIANT: every probe container on the engine that is ours and not in `#live` is a leftover.
 */
export class Prober {
  readonly #connection: Connection;
  readonly #guard: Guard;
  readonly #instance: string;
  readonly #live = new Set<string>();
  #ownImage: Promise<ProbeImage> | undefined;

  constructor(connection: Connection, guard: Guard, instance: string) {
    this.#connection = connection;
    this.#guard = guard;
    this.#instance = instance;
  }

  /**
   * One result a probe, in order. Throws `conflict` when the container is not ours or does not run, `invalid` when there is
   * no such image, `refused` when it cannot be run.
   */
  async probe(request: ProbeRequest, signal: AbortSignal): Promise<readonly ProbeResult[]> {
    if (request.probes.length === 0) return [];
    if (request.probes.length > MAX_PROBES) {
      throw new Failure('bug', `${request.probes.length} probes at once; ${MAX_PROBES} are the most`);
    }
    if (request.from !== 'host') await this.#requireRunning(request.from);
    const image = await this.#image(request.image, signal);
    const run = randomBytes(6).toString('hex');
    this.#live.add(run);
    try {
      return await this.#run(request, image, run, signal);
    } catch (thrown) {
      const failure = asFailure(thrown);
      if (failure.status === 404 && request.image === undefined) this.#ownImage = undefined;
      throw NODE_CANNOT.test(failure.message) ? unusableImage(image, failure) : failure;
    } finally {
      this.#live.delete(run);
    }
  }

  /** Removes what a crash has left. How many. */
  async removeLeftovers(signal: AbortSignal): Promise<number> {
    const found = await this.#connection.request<readonly WireContainerSummary[]>({
      method: 'GET',
      path: '/containers/json',
      query: {
        all: 1,
        filters: JSON.stringify({ label: [OURS.probe, `${OURS.instance}=${this.#instance}`] }),
      },
      what: 'list probe containers',
      deadlineMs: DEADLINE.list,
      signal,
    });
    const dead = found.filter(({ Labels }) => !this.#live.has(Labels?.[OURS.probe] ?? ''));
    for (const { Id } of dead) await this.#remove(containerId(Id));
    return dead.length;
  }

  #image(given: string | undefined, signal: AbortSignal): Promise<ProbeImage> {
    if (given !== undefined) return givenProbeImage(this.#connection, given, signal);
    this.#ownImage ??= ownProbeImage(this.#connection, signal).catch((thrown: unknown) => {
      this.#ownImage = undefined;
      throw thrown;
    });
    return this.#ownImage;
  }

  async #requireRunning(container: ContainerId): Promise<void> {
    const wire = await this.#guard.requireContainer(container, 'probe from container');
    if (wire.State?.Running === true && wire.State.Restarting !== true) return;
    const name = (wire.Name ?? container).replace(/^\//, '');
    throw new Failure('conflict', `probe from container ${name}: it does not run`, { status: 409 });
  }

  async #run(
    request: ProbeRequest,
    image: ProbeImage,
    run: string,
    signal: AbortSignal,
  ): Promise<readonly ProbeResult[]> {
    const limitMs = limitOf(request);
    if (signal.aborted) throw new Failure('superseded', 'probe: given up');
    const id = await this.#create(request, image, run);
    try {
      await this.#post(id, 'start', DEADLINE.start);
      await this.#post(id, 'wait', limitMs, signal);
      return await this.#results(id, request);
    } finally {
      await this.#remove(id);
    }
  }

  async #create(request: ProbeRequest, image: ProbeImage, run: string): Promise<ContainerId> {
    const answer = await this.#connection.request<{ Id: string }>({
      method: 'POST',
      path: '/containers/create',
      query: { name: `stackctl-probe-${run}` },
      body: probeBody(request, image, { [OURS.probe]: run, [OURS.instance]: this.#instance }),
      what: 'make a probe container',
      deadlineMs: DEADLINE.create,
    });
    return containerId(answer.Id);
  }

  async #results(id: ContainerId, request: ProbeRequest): Promise<readonly ProbeResult[]> {
    const options = { follow: false, tail: undefined, sinceMs: undefined, timestamps: false };
    const results: ProbeResult[] = [];
    const said: string[] = [];
    const patience = AbortSignal.timeout(DEADLINE.inspect);
    for await (const { stream, text } of readLogs(this.#connection, id, options, patience)) {
      const result = stream === 'stdout' ? parseResult(text) : undefined;
      if (result === undefined) said.push(text);
      else results.push(result);
    }
    if (results.length === request.probes.length) return results;
    const state = (await inspectContainer(this.#connection, id))?.State;
    const why = state?.OOMKilled === true ? 'out of memory' : said.slice(0, 5).join('; ').slice(0, 300);
    throw new Failure('refused', `the probe ended with code ${state?.ExitCode ?? '?'} and no result: ${why}`);
  }

  #post(id: ContainerId, verb: string, deadlineMs: number, signal?: AbortSignal): Promise<unknown> {
    const path = `/containers/${id}/${verb}`;
    return this.#connection.request({ method: 'POST', path, what: `${verb} a probe`, deadlineMs, signal });
  }

  /** With its volumes: an image that somebody named may declare some, and they are the probe's own. */
  async #remove(id: ContainerId): Promise<void> {
    await this.#connection
      .request({
        method: 'DELETE',
        path: `/containers/${id}`,
        query: { force: 1, v: 1 },
        what: 'remove a probe',
        deadlineMs: DEADLINE.write,
      })
      .catch((thrown: unknown) => {
        const failure = asFailure(thrown);
        if (failure.status !== 404 && failure.status !== 409) {
          this.#connection.log.warn(
            { container: id, err: failure.message },
            'a probe container stays for now',
          );
        }
      });
  }
}

/** In the worst case all wait as long as they may, so many at a time. */
const limitOf = ({ probes, waitMs }: ProbeRequest): number =>
  START_MARGIN_MS + waitMs * 2 * Math.ceil(probes.length / 200);

function probeBody(
  { from, probes, waitMs }: ProbeRequest,
  image: ProbeImage,
  labels: Readonly<Record<string, string>>,
): object {
  const input = JSON.stringify({ waitMs, probes });
  const pieces = input.match(new RegExp(`[^]{1,${ARGUMENT_CHARS}}`, 'g')) ?? [];
  return {
    Image: image.ref,
    Entrypoint: [image.node, '--input-type=module', '-e', PROGRAM],
    Cmd: ['--', ...pieces],
    Env: [...image.env, 'NODE_OPTIONS=', 'UV_THREADPOOL_SIZE=1'],
    User: NOBODY,
    WorkingDir: '/',
    Labels: labels,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: from === 'host' ? 'host' : `container:${from}`,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: MEMORY_BYTES,
      MemorySwap: MEMORY_BYTES,
      PidsLimit: MAX_PROCESSES,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '1' } },
    },
  };
}

function parseResult(text: string): ProbeResult | undefined {
  try {
    return JSON.parse(text) as ProbeResult;
  } catch {
    return undefined;
  }
}
