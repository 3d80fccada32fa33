import pLimit, { type LimitFunction } from 'p-limit';
import { asFailure } from '../model/failure.ts';
import type { Problem } from '../model/problem.ts';
import type { Source, SourceScan } from '../source/source.ts';
import type { Catalog, CatalogChange } from './catalog.ts';
import type { CatalogEntry, Origin } from './catalog-entry.ts';
import { GUARD_LIMITS, guardDeletions, type HeldDeletion } from './deletion-guard.ts';
import { GuardMemory } from './guard-memory.ts';
import { isSuspended } from './pass.ts';
import type { ControllerOptions, Ports } from './ports.ts';
import type { Records, Tombstone } from './stack-record.ts';
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

const dependenciesOf = (entry: CatalogEntry | undefined): readonly string[] =>
  entry?.manifest.control.dependsOn.map(({ name }) => name) ?? [];

/** Of a stack that its source lets go: as its last manifest says. */
export const tombstoneOf = (entry: CatalogEntry | undefined, reason: string, atMs: number): Tombstone => ({
  volumes: false,
  orphan: entry?.manifest.control.deletionPolicy === 'Orphan',
  dependsOn: dependenciesOf(entry),
  reason,
  atMs,
});

/** Reads sources into the catalogue, and carries out what the guard lets through of deletions. */
export class SourceReader {
  readonly #context: SourceReaderContext;
  readonly #guards: GuardMemory;
  readonly #problems = new Map<Source, readonly Problem[]>();
  readonly #held = new Map<Source, readonly HeldDeletion[]>();
  readonly #turns = new Map<Source, LimitFunction>();
  /** Ends a wait for the next reading whose end was reckoned from other held deletions. */
  readonly #reckoning = new Map<Source, AbortController>();

  constructor(context: SourceReaderContext) {
    this.#context = context;
    this.#guards = new GuardMemory(context.ports.store);
  }

  /** Faults of files of a source that belong to no known stack. */
  problemsOf(source: Source): readonly Problem[] {
    return this.#problems.get(source) ?? [];
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
    for (const map of [this.#problems, this.#held, this.#turns, this.#reckoning]) map.delete(source);
    this.#guards.forget({ kind: source.kind, name: source.name });
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
    const { records, enqueue } = this.#context;
    const buried = names
      .flatMap((name) => records.get(name) ?? [])
      .filter((record) => record.tombstone !== undefined);
    // All at once: each counts from now on, before any of them is on the disk.
    await Promise.all(buried.map((record) => records.callOff(record)));
    for (const { name } of buried) enqueue(name);
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
    const { ports, options, records, catalog } = this.#context;
    const nowMs = ports.clock.nowMs();
    const known = this.#knownOf(origin);
    const answer = guardDeletions({
      absence: source.kind === 'applied' ? 'nothing' : 'deletes',
      known: known.map((name) => ({ name, dependsOn: dependenciesOf(catalog.entryOf(origin, name)) })),
      scan: {
        trusted: reading.scan.trusted,
        reason: reading.scan.reason,
        names: reading.present,
        broken: [],
        unattributed: reading.broken.flatMap((problem) => problem.at?.file ?? []),
      },
      state: this.#guards.of(origin),
      suspended: known.filter((name) => this.#isSuspended(origin, name)),
      nowMs,
      limits: { ...GUARD_LIMITS, graceMs: options.deleteGraceMs },
    });
    // Before the tombstones: a daemon that dies here has deleted one too few in the window, and not one too many.
    await this.#guards.keep(origin, answer.state);
    // What another source has is that one's, and goes on.
    const isGoingOn = (name: string) => catalog.elsewhere(origin, name) !== undefined;
    const own = answer.held.filter(({ name }) => !isGoingOn(name) || catalog.isOwner(origin, name));
    await this.#noteHeld(source, origin, own, signal);
    for (const name of answer.delete) {
      const record = records.ensure(name);
      if (record.tombstone !== undefined) continue;
      if (isGoingOn(name)) catalog.dropFrom(origin, name);
      else
        await records.bury(record, tombstoneOf(catalog.entryOf(origin, name), 'its manifest is gone', nowMs));
      ports.log.info({ stack: name, source: source.name }, 'a stack whose manifest is gone is let go');
      this.#context.enqueue(name);
    }
  }

  #isSuspended(origin: Origin, name: string): boolean {
    const { records, catalog } = this.#context;
    const record = records.get(name);
    const entry = catalog.entryOf(origin, name);
    return record !== undefined && (entry === undefined ? record.suspended : isSuspended(record, entry));
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

  /** Stacks that came from this source and are to stay: as read, and as remembered from before a restart. */
  #knownOf(origin: Origin): readonly string[] {
    const { catalog, records } = this.#context;
    const remembered = records
      .all()
      .filter(({ source }) => source?.kind === origin.kind && source.name === origin.name)
      .map((record) => record.name);
    const all = new Set<string>([...catalog.namesOf(origin), ...remembered]);
    return [...all].filter((name) => records.get(name)?.tombstone === undefined);
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
