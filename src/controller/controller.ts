import { asFailure } from '../model/failure.ts';
import { type StackName, stackName } from '../model/names.ts';
import type { EngineInfo } from '../model/observed.ts';
import { Catalog } from './catalog.ts';
import { EventLog } from './event-log.ts';
import { Interests } from './interests.ts';
import { IsolationChecks } from './isolation-checks.ts';
import { Notices } from './notices.ts';
import { runPass } from './pass.ts';
import type { PassState, Verdict } from './pass-state.ts';
import type { ControllerOptions, Ports } from './ports.ts';
import { WorkQueue } from './queue.ts';
import { Repositories } from './repositories.ts';
import { Revisions } from './revisions.ts';
import { SourceNews } from './source-news.ts';
import { SourceReader } from './source-reader.ts';
import { Records } from './stack-record.ts';
import { followEngine } from './triggers.ts';

/** A stack whose last pass failed is not looked at more often than this because of events. */
const EVENT_PACE_WHILE_FAILING_MS = 5_000;
/** Lets a burst of events of one happening become one pass. */
const EVENT_PACE_MS = 30;

/**
 * Owns the queue of stack names and the passes: one at a time for a stack, several stacks at once.
 *
 * INVARIANTS: only names are queued, never what happened; a pass reads everything again; a failure of one stack
 * never stops another; without an engine nothing is concluded about any stack.
 */
export class Controller {
  readonly ports: Ports;
  readonly options: ControllerOptions;
  readonly catalog: Catalog;
  readonly records: Records;
  readonly revisions: Revisions;
  readonly notices = new Notices();
  readonly events: EventLog;
  readonly queue: WorkQueue;
  readonly sources: SourceReader;
  readonly repositories: Repositories;
  readonly sourceNews: SourceNews;
  readonly isolation = new IsolationChecks(this);
  readonly #interests = new Interests();
  readonly #failing = new Set<string>();
  /** Stacks that a command was about since the start. */
  readonly #asked = new Set<string>();
  /** Stacks that had a pass since the start. */
  readonly #looked = new Set<string>();
  #waiting: (() => void)[] = [];
  #engineInfo: EngineInfo | undefined;
  /** Undefined while it is away, or may be. */
  #engineSinceMs: number | undefined;
  /** The first attempt to reach the engine is over, well or not. */
  #probed = false;
  #scanned = false;

  constructor(ports: Ports, options: ControllerOptions) {
    this.ports = ports;
    this.options = options;
    this.catalog = new Catalog(ports.store, ports.loader);
    this.records = new Records(ports.store);
    this.revisions = new Revisions(ports.store, () => this.#engineInfo?.id);
    this.events = new EventLog(ports.store);
    this.queue = new WorkQueue({
      now: () => ports.clock.monotonicMs(),
      setTimer: (call, delayMs) => ports.clock.setTimer(call, delayMs),
      random: () => ports.random(),
    });
    this.sources = new SourceReader({
      ports,
      options,
      catalog: this.catalog,
      records: this.records,
      enqueue: (name) => this.queue.add(name),
      onRead: async (origin, change, scan) => {
        await this.repositories.declare(origin, { ...change, trusted: scan.trusted });
        this.sourceNews.note(origin, scan);
      },
    });
    this.repositories = new Repositories({
      ports,
      records: this.records,
      read: (source, signal) => this.sources.read(source, signal),
      follow: (source, signal) => this.sources.followOne(source, signal),
    });
    this.sourceNews = new SourceNews({
      ports,
      catalog: this.catalog,
      events: this.events,
      notices: this.notices,
      stateOf: (name) => this.repositories.find(name)?.state(),
    });
  }

  get engineInfo(): EngineInfo | undefined {
    return this.#engineInfo;
  }

  /** Why the daemon cannot do its work at the moment. */
  notReady(): string | undefined {
    if (this.#engineInfo === undefined) return 'the engine does not answer';
    return this.#scanned ? undefined : 'the sources have not been read yet';
  }

  /** Puts a stack to the front of the queue because a command wants it. */
  ask(name: string): void {
    this.#asked.add(name);
    this.queue.forget(name);
    this.queue.add(name);
  }

  /** Until it is known whether the engine answers: a daemon that has just started does not refuse work for that. */
  whenProbed(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#probed, signal);
  }

  /** Until every source was read once: before that nobody knows whose a stack is. False when the signal came first. */
  async whenScanned(signal: AbortSignal): Promise<boolean> {
    await this.#until(() => this.#scanned, signal);
    return this.#scanned;
  }

  /** Until every stack had its first pass. */
  async whenLooked(signal: AbortSignal): Promise<void> {
    await this.whenProbed(signal);
    await this.#until(() => this.#allNames().every((name) => this.#looked.has(name)), signal);
  }

  async #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isSo() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Works until the signal; then finishes the calls in flight and returns. */
  async run(signal: AbortSignal): Promise<void> {
    const { verifyIntervalMs } = this.options;
    const stop = () => this.queue.close();
    signal.addEventListener('abort', stop, { once: true });
    await this.sources.readAll(signal);
    await this.repositories.readAll(signal);
    this.#scanned = true;
    this.#wakeWaiting();
    for (const record of this.records.all()) if (record.tombstone !== undefined) this.queue.add(record.name);
    await Promise.all([
      followEngine(
        this.ports,
        {
          onInfo: (info) => this.#onInfo(info),
          onBreak: () => {
            this.#engineSinceMs = undefined;
          },
          onEvent: (event) => {
            for (const name of this.#interests.concernedBy(event, stackName)) this.#nudge(name);
          },
        },
        signal,
      ),
      this.sources.follow(signal),
      this.repositories.follow(signal),
      ...(verifyIntervalMs === undefined ? [] : [this.isolation.follow(verifyIntervalMs, signal)]),
      ...Array.from({ length: this.options.workers }, () => this.#work(signal)),
    ]);
    await this.ports.store.flush();
  }

  /** All that a pass works on. */
  get passState(): PassState {
    return {
      ports: this.ports,
      options: this.options,
      catalog: this.catalog,
      records: this.records,
      revisions: this.revisions,
      events: this.events,
      notices: this.notices,
      engineInfo: () => this.#engineInfo,
      engineSinceMs: () => this.#engineSinceMs,
      mayAct: (name) => !this.options.onlyWhenAsked || this.#asked.has(name),
      heldDeletion: (name) => this.sources.held.find((held) => held.name === name),
      backOffMs: (name) => this.queue.backOffMs(name),
      onReadiness: () => this.#wakeDependents(),
      onFilesUsed: (name, _files, pass) => this.#interests.note(name, pass),
    };
  }

  #onInfo(info: EngineInfo | undefined): void {
    this.#probed = true;
    this.#engineInfo = info;
    this.#engineSinceMs = info === undefined ? undefined : this.ports.clock.nowMs();
    // Down or up, every stack has something to say about it; and after a connection everything may have changed.
    for (const name of this.#allNames()) {
      this.queue.forget(name);
      this.queue.add(name);
    }
    this.#wakeWaiting();
  }

  #allNames(): readonly string[] {
    const buried = this.records.all().filter((record) => record.tombstone !== undefined);
    return [...new Set([...this.catalog.names(), ...buried.map((record) => record.name)])];
  }

  /** Because of an event: soon, and not too often while it fails. */
  #nudge(name: StackName): void {
    const known = this.catalog.get(name) !== undefined || this.records.get(name)?.tombstone !== undefined;
    if (known) this.queue.add(name, this.#failing.has(name) ? EVENT_PACE_WHILE_FAILING_MS : EVENT_PACE_MS);
  }

  #wakeDependents(): void {
    for (const record of this.records.all()) {
      const waits = record.status?.conditions.some(
        (condition) => condition.type === 'Ready' && condition.status !== 'True',
      );
      if (waits === true) this.#nudge(record.name);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const name = await this.queue.take(signal).catch(() => undefined);
      if (name === undefined) return;
      const beganMs = this.ports.clock.monotonicMs();
      const settle = (verdict: Verdict): void => {
        this.ports.meter?.passEnded(verdict.kind, this.ports.clock.monotonicMs() - beganMs);
        this.#settle(name, verdict);
      };
      try {
        // Before the first answer or refusal there is nothing to say about any stack.
        const isProbed = this.#probed;
        const verdict: Verdict = isProbed
          ? await runPass(name, this.passState, signal)
          : { kind: 'unreachable' };
        if (isProbed) this.#looked.add(name);
        settle(verdict);
      } catch (thrown) {
        // The last fence: whatever breaks here breaks one pass of one stack.
        this.ports.log.error({ stack: name, err: asFailure(thrown) }, 'a pass broke');
        this.#looked.add(name);
        settle({ kind: 'failed', afterMs: this.queue.backOffMs(name) });
      }
    }
  }

  #settle(name: string, verdict: Verdict): void {
    this.queue.done(name);
    this.#wakeWaiting();
    if (verdict.kind === 'failed') this.#failing.add(name);
    else this.#failing.delete(name);
    switch (verdict.kind) {
      case 'again':
        this.queue.forget(name);
        this.queue.add(name);
        return;
      case 'settled':
        this.queue.forget(name);
        this.queue.add(name, verdict.afterMs);
        return;
      case 'failed':
        this.queue.add(name, verdict.afterMs);
        return;
      case 'unreachable':
        // Nobody answered this one call, and the stream has not noticed: nothing else would bring it back.
        if (this.#engineInfo !== undefined) this.queue.addRateLimited(name);
        return;
      case 'gone':
        this.queue.forget(name);
        this.#interests.forget(name);
        this.ports.meter?.stackGone(name);
        return;
    }
  }
}
