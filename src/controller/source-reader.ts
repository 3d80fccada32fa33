import pLimit, { type LimitFunction } from 'p-limit';
import { asFailure } from '../model/failure.ts';
import type { Problem } from '../model/problem.ts';
import type { Source, SourceScan } from '../source/source.ts';
import type { Catalog, CatalogChange, Origin } from './catalog.ts';
import {
  EMPTY_GUARD_STATE,
  GUARD_LIMITS,
  type GuardState,
  guardDeletions,
  type HeldDeletion,
} from './deletion-guard.ts';
import type { ControllerOptions, Ports } from './ports.ts';
import type { Records } from './stack-record.ts';
import { pause } from './triggers.ts';

export interface SourceReaderContext {
  readonly ports: Ports;
  readonly options: ControllerOptions;
  readonly catalog: Catalog;
  readonly records: Records;
  readonly enqueue: (name: string) => void;
  /** Told of each reading, before deletions are decided. */
  readonly onRead: (origin: Origin, change: CatalogChange, scan: SourceScan) => Promise<void>;
}

/** How often a source is read again without any notice of change. */
const RESCAN_MS = 30_000;

/** Reads sources into the catalogue, and carries out what the guard lets through of deletions. */
export class SourceReader {
  readonly #context: SourceReaderContext;
  readonly #guards = new Map<Source, GuardState>();
  readonly #problems = new Map<Source, readonly Problem[]>();
  readonly #held = new Map<Source, readonly HeldDeletion[]>();
  readonly #turns = new Map<Source, LimitFunction>();
  /** Ends a wait for the next reading whose end was reckoned from other held deletions. */
  readonly #reckoning = new Map<Source, AbortController>();

  constructor(context: SourceReaderContext) {
    this.#context = context;
  }

  /** Faults of files that belong to no known stack. */
  get problems(): readonly Problem[] {
    return [...this.#problems.values()].flat();
  }

  /** Deletions that are held back, and why. */
  get held(): readonly HeldDeletion[] {
    return [...this.#held.values()].flat();
  }

  async readAll(signal: AbortSignal): Promise<void> {
    for (const source of this.#context.ports.sources) await this.read(source, signal);
  }

  /** Follows all sources until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    const { sources } = this.#context.ports;
    await Promise.all(sources.map((source) => this.followOne(source, signal)));
  }

  /** Follows one source until the signal, and has forgotten it then. */
  async followOne(source: Source, signal: AbortSignal): Promise<void> {
    await Promise.all([this.#onChanges(source, signal), this.#onTimer(source, signal)]);
    for (const map of [this.#guards, this.#problems, this.#held, this.#turns, this.#reckoning])
      map.delete(source);
  }

  /**
   * One full reading. Never throws: a source that cannot be read changes nothing. One at a time for a source, or one
   * that began earlier and took longer would bring back what was there before.
   */
  read(source: Source, signal: AbortSignal): Promise<void> {
    return this.betweenReadings(source, () => this.#readInTurn(source, signal));
  }

  /** Does something while the source is not read: a reading under way would bring back what is taken away meanwhile. */
  betweenReadings(source: Source, work: () => Promise<void>): Promise<void> {
    const turn = this.#turns.get(source) ?? pLimit(1);
    this.#turns.set(source, turn);
    return turn(work);
  }

  async #readInTurn(source: Source, signal: AbortSignal): Promise<void> {
    const { ports, catalog, enqueue } = this.#context;
    try {
      const scan = await source.scan(signal);
      const origin = { kind: source.kind, name: source.name };
      const change = await catalog.update(origin, scan, signal);
      ports.log.debug(
        { source: source.name, revision: scan.revision, reason: scan.reason },
        'a source was read',
      );
      this.#logNew(source, change.problems);
      await this.#reappear(change.present);
      await this.#context.onRead(origin, change, scan);
      for (const name of change.changed) enqueue(name);
      await this.#guard(source, origin, { scan, present: change.present, broken: change.problems }, signal);
    } catch (thrown) {
      ports.log.warn({ source: source.name, err: asFailure(thrown) }, 'a source cannot be read');
    }
  }

  /** Each fault once, not at every reading. */
  #logNew(source: Source, problems: readonly Problem[]): void {
    const known = new Set((this.#problems.get(source) ?? []).map((problem) => JSON.stringify(problem)));
    for (const problem of problems) {
      if (!known.has(JSON.stringify(problem))) {
        this.#context.ports.log.warn({ problem }, 'a manifest cannot be used');
      }
    }
    this.#problems.set(source, problems);
  }

  /** A manifest that came back calls its deletion off. */
  async #reappear(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const record = this.#context.records.get(name);
      if (record?.tombstone === undefined) continue;
      await this.#context.records.bury(record, undefined);
      this.#context.enqueue(name);
    }
  }

  async #guard(
    source: Source,
    origin: Origin,
    reading: {
      readonly scan: { readonly trusted: boolean; readonly reason: string | undefined };
      readonly present: readonly string[];
      readonly broken: readonly Problem[];
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { ports, options, records } = this.#context;
    const nowMs = ports.clock.nowMs();
    const answer = guardDeletions({
      absence: source.kind === 'applied' ? 'nothing' : 'deletes',
      known: this.#knownOf(origin).map((name) => ({ name })),
      scan: {
        trusted: reading.scan.trusted,
        reason: reading.scan.reason,
        names: reading.present,
        broken: [],
        unattributed: reading.broken.flatMap((problem) => problem.at?.file ?? []),
      },
      state: this.#guards.get(source) ?? EMPTY_GUARD_STATE,
      confirmed: [],
      nowMs,
      limits: { ...GUARD_LIMITS, graceMs: options.deleteGraceMs },
    });
    this.#guards.set(source, answer.state);
    await this.#noteHeld(source, origin, answer.held, signal);
    for (const name of answer.delete) {
      const record = records.ensure(name);
      if (record.tombstone !== undefined) continue;
      const entry = this.#context.catalog.get(name);
      const orphan = entry?.manifest.control.deletionPolicy === 'Orphan';
      await records.bury(record, { volumes: false, orphan, reason: 'its manifest is gone', atMs: nowMs });
      ports.log.info({ stack: name, source: source.name }, 'deleting a stack whose manifest is gone');
      this.#context.enqueue(name);
    }
  }

  /** What is held back, or no more, or for another reason, must show in the stack's status. */
  async #noteHeld(
    source: Source,
    origin: Origin,
    held: readonly HeldDeletion[],
    signal: AbortSignal,
  ): Promise<void> {
    const { ports, catalog } = this.#context;
    const before = this.#held.get(source) ?? [];
    this.#held.set(source, held);
    this.#reckoning.get(source)?.abort();
    const told = (list: readonly HeldDeletion[], one: HeldDeletion) =>
      list.some((other) => other.name === one.name && other.message === one.message);
    for (const one of held.filter((each) => !told(before, each))) {
      await catalog.restore(origin, one.name, signal).catch((thrown: unknown) => {
        ports.log.warn({ stack: one.name, err: asFailure(thrown) }, 'a stack cannot be restored');
      });
      ports.log.warn({ stack: one.name, reason: one.reason }, one.message);
      this.#context.enqueue(one.name);
    }
    for (const one of before.filter((each) => !told(held, each))) this.#context.enqueue(one.name);
  }

  /** Stacks that came from this source: as read, and as remembered from before a restart. */
  #knownOf(origin: Origin): readonly string[] {
    const { catalog, records } = this.#context;
    const remembered = records
      .all()
      .filter((record) => {
        const { source, tombstone } = record;
        return source?.kind === origin.kind && source.name === origin.name && tombstone === undefined;
      })
      .map((record) => record.name);
    return [...new Set([...catalog.namesOf(origin), ...remembered])];
  }

  async #onChanges(source: Source, signal: AbortSignal): Promise<void> {
    for await (const _ of source.changes(signal)) {
      await this.read(source, signal);
      // A changed data file is no changed manifest, and still another wish.
      const origin = { kind: source.kind, name: source.name };
      for (const name of this.#context.catalog.namesOf(origin)) this.#context.enqueue(name);
    }
  }

  async #onTimer(source: Source, signal: AbortSignal): Promise<void> {
    const { ports } = this.#context;
    let lastMs = ports.clock.nowMs();
    while (!signal.aborted) {
      const reckoning = new AbortController();
      this.#reckoning.set(source, reckoning);
      const nowMs = ports.clock.nowMs();
      const retries = (this.#held.get(source) ?? []).map((held) => Math.max(250, held.retryAtMs - nowMs));
      const dueMs = Math.max(0, Math.min(RESCAN_MS, lastMs + RESCAN_MS - nowMs));
      await pause(ports, Math.min(dueMs, ...retries), AbortSignal.any([signal, reckoning.signal]));
      if (reckoning.signal.aborted) continue;
      lastMs = ports.clock.nowMs();
      if (!signal.aborted) await this.read(source, signal);
    }
  }
}
