import equal from 'fast-deep-equal';
import type { DesiredStack } from '../model/desired.ts';
import type { IsolationNote } from '../model/isolation.ts';
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts';
import { type StackName, stackName } from '../model/names.ts';
import type { StackStatus } from '../model/status.ts';
import type { Store } from '../store/store.ts';

/** Wanted gone, for a reason that is on disk: the deletion goes on until it is done, over restarts too. */
export interface Tombstone {
  readonly volumes: boolean;
  /** Leave the objects and forget them. */
  readonly orphan: boolean;
  readonly reason: string;
  readonly atMs: number;
  /** Stacks that go after it. */
  readonly dependsOn?: readonly string[] | undefined;
  /** `StackRecord.goneAtMs`, for the daemon after this one. */
  readonly goneAtMs?: number | undefined;
}

/** What somebody said about the rollouts of a stack, on disk until it is taken back. */
export interface RolloutControl {
  /** `stackctl rollback`: the revision that is kept to whatever the manifest says. */
  readonly hold: { readonly number: number; readonly atMs: number } | undefined;
  /** `stackctl rollout pause` */
  readonly isPaused: boolean;
  /** `stackctl rollout restart`, by service: unix ms of the last time. */
  readonly restartAsked: Readonly<Record<string, number>>;
  /** `stackctl rollout resume`: bad revisions from before are tried again. */
  readonly retryAskedAtMs: number | undefined;
}

const NO_CONTROL: RolloutControl = {
  hold: undefined,
  isPaused: false,
  restartAsked: {},
  retryAskedAtMs: undefined,
};

/** What is kept of a stack, but for its tombstone. */
const REMAINS = [
  'applied',
  'memory',
  'last-good',
  'stack',
  'suspended',
  'adopted',
  'rollout',
  'revisions',
] as const;

/** What the controller holds of one stack between passes. */
export interface StackRecord {
  readonly name: StackName;
  /**
   * Where its manifest was last found. Durable before anything is made of it: of a stack whose manifest went while the
   * daemon was dead, nothing else tells that what is there is to go.
   */
  source: StackStatus['source'] | undefined;
  generation: number;
  /** Of the wish that `generation` counts. */
  revision: string | undefined;
  /** How often, since the daemon started, what passes under way find was declared to be of the past. */
  renewals: number;
  memory: Memory;
  status: StackStatus | undefined;
  /** The meaning of the last manifest that was good. */
  lastGood: DesiredStack | undefined;
  /** `stackctl suspend`, whatever the manifest says. */
  suspended: boolean;
  /** docker compose's project of this name was taken over: its objects, which bear no labels of ours, are ours. */
  adopted: boolean;
  rollout: RolloutControl;
  /** Undefined: never verified. */
  isolation: IsolationNote | undefined;
  tombstone: Tombstone | undefined;
  /**
   * When (unix ms) a look found nothing left of a stack that is to go. To people it is gone from then on; the tombstone
   * stays for a second look, as a call whose answer was lost may still be on its way to the engine.
   */
  goneAtMs: number | undefined;
}

/** Whether there is anything to say about a stack. */
export const isToBeSeen = (record: StackRecord | undefined): record is StackRecord =>
  record !== undefined && record.goneAtMs === undefined;

/** The records of all stacks, kept on disk as far as they should outlive the daemon. */
export class Records {
  readonly #store: Store;
  readonly #records = new Map<string, StackRecord>();

  constructor(store: Store) {
    this.#store = store;
    const names = [
      ...store.list('stack'),
      ...store.list('tombstone'),
      ...store.list('suspended'),
      ...store.list('adopted'),
    ];
    for (const name of new Set(names)) this.#records.set(name, this.#restore(name));
  }

  get(name: string): StackRecord | undefined {
    return this.#records.get(name);
  }

  ensure(name: string): StackRecord {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const record = this.blank(name);
    this.#records.set(name, record);
    return record;
  }

  /** What is known of a stack, or nothing, without making it known. */
  blank(name: string): StackRecord {
    return this.#restore(name);
  }

  all(): readonly StackRecord[] {
    return [...this.#records.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Counts a generation when the wish changed. True when it did. */
  async noteRevision(record: StackRecord, revision: string): Promise<boolean> {
    if (record.revision === revision) return false;
    record.revision = revision;
    record.generation += 1;
    await this.#save(record);
    return true;
  }

  async noteSource(record: StackRecord, source: StackStatus['source']): Promise<void> {
    if (equal(record.source, source)) return;
    record.source = source;
    await this.#save(record);
  }

  async noteStatus(record: StackRecord, status: StackStatus): Promise<void> {
    record.status = status;
    await this.#save(record);
  }

  async noteIsolation(record: StackRecord, note: IsolationNote): Promise<void> {
    record.isolation = note;
    await this.#save(record);
  }

  async remember(record: StackRecord, memory: Memory): Promise<void> {
    record.memory = memory;
    await this.#store.write('memory', record.name, memory);
  }

  async suspend(record: StackRecord, suspended: boolean): Promise<void> {
    record.suspended = suspended;
    if (suspended) await this.#store.write('suspended', record.name, true);
    else await this.#store.remove('suspended', record.name);
  }

  async adopt(record: StackRecord): Promise<void> {
    if (record.adopted) return;
    await this.#store.write('adopted', record.name, true);
    record.adopted = true;
    await this.renew(record);
  }

  async steer(record: StackRecord, change: Partial<RolloutControl>): Promise<void> {
    const before = record.rollout;
    const rollout = { ...before, ...change };
    // At once: what is said meanwhile adds to it, and does not undo it.
    record.rollout = rollout;
    await this.#store.write('rollout', record.name, rollout).catch((thrown: unknown) => {
      if (record.rollout === rollout) record.rollout = before;
      throw thrown;
    });
  }

  /**
   * Forgets, for good, what was asked for at a time that is still to come: the clock was set back since, and what is
   * started from now on would count as older until it has caught up.
   */
  async withoutFuture(record: StackRecord, nowMs: number): Promise<void> {
    const { restartAsked, retryAskedAtMs } = record.rollout;
    const isPast = ([, atMs]: readonly [string, number]) => atMs <= nowMs;
    if (Math.max(retryAskedAtMs ?? 0, ...Object.values(restartAsked)) <= nowMs) return;
    await this.steer(record, {
      restartAsked: Object.fromEntries(Object.entries(restartAsked).filter(isPast)),
      retryAskedAtMs: (retryAskedAtMs ?? 0) > nowMs ? undefined : retryAskedAtMs,
    });
  }

  /** What was said of the stack before says nothing any more: who waits must wait for a pass from here on. */
  async renew(record: StackRecord): Promise<void> {
    record.generation += 1;
    record.renewals += 1;
    await this.#save(record);
  }

  /** It is to go, once that is on the disk. */
  async bury(record: StackRecord, tombstone: Tombstone): Promise<void> {
    await this.#store.write('tombstone', record.name, tombstone);
    record.tombstone = tombstone;
    record.goneAtMs = tombstone.goneAtMs;
  }

  /** When a look found nothing left of a stack that is to go. False: something else was said about it meanwhile. */
  async noteGone(record: StackRecord, goneAtMs: number | undefined): Promise<boolean> {
    const before = record.tombstone;
    if (before === undefined) return false;
    const tombstone = { ...before, goneAtMs };
    await this.#store.write('tombstone', record.name, tombstone);
    if (record.tombstone !== before) return false;
    record.tombstone = tombstone;
    record.goneAtMs = goneAtMs;
    return true;
  }

  /**
   * It is to stay after all. That counts at once, so that a pass that takes it down goes no further; on the disk only
   * when `kept` is, the manifest that says so: a daemon that dies in between goes on with the deletion.
   */
  async callOff(record: StackRecord, kept: Promise<void> = Promise.resolve()): Promise<void> {
    const { tombstone, goneAtMs } = record;
    record.tombstone = undefined;
    record.goneAtMs = undefined;
    try {
      await kept;
    } catch (thrown) {
      record.tombstone ??= tombstone;
      record.goneAtMs ??= goneAtMs;
      throw thrown;
    }
    if (tombstone !== undefined && record.tombstone === undefined)
      await this.#store.remove('tombstone', record.name);
  }

  /**
   * Nothing of a stack is left on the engine: all that is kept is its tombstone. What is written after this was called
   * is of another stack of its name, and stays.
   */
  async lay(record: StackRecord): Promise<void> {
    const removed = REMAINS.map((kind) => this.#store.remove(kind, record.name));
    Object.assign(record, this.#restore(record.name));
    await Promise.all(removed);
  }

  /** Everything about a stack. The tombstone goes last, and stays when the name is one of a stack again by then. */
  async forget(name: string): Promise<void> {
    this.#records.delete(name);
    await Promise.all(REMAINS.map((kind) => this.#store.remove(kind, name)));
    if (!this.#records.has(name)) await this.#store.remove('tombstone', name);
  }

  /** Only what must outlive the daemon: the rest of a status is found out anew by the first pass. */
  #save(record: StackRecord): Promise<void> {
    const status = record.status;
    return this.#store.write('stack', record.name, {
      source: record.source,
      generation: record.generation,
      revision: record.revision,
      isolation: record.isolation,
      status:
        status === undefined
          ? undefined
          : { ...status, services: [], networks: [], volumes: [], pending: [], nextLookAt: undefined },
    });
  }

  #restore(name: string): StackRecord {
    const tombstone = this.#store.read('tombstone', name) as Tombstone | undefined;
    const stored = (this.#store.read('stack', name) ?? {}) as Partial<StackRecord>;
    const memory = this.#store.read('memory', name) as Partial<Memory> | undefined;
    return {
      name: stackName(name),
      source: stored.source,
      generation: stored.generation ?? 0,
      revision: stored.revision,
      renewals: 0,
      memory: { ...EMPTY_MEMORY, ...memory },
      status: stored.status,
      lastGood: undefined,
      suspended: this.#store.read('suspended', name) === true,
      adopted: this.#store.read('adopted', name) === true,
      rollout: {
        ...NO_CONTROL,
        ...(this.#store.read('rollout', name) as Partial<RolloutControl> | undefined),
      },
      isolation: stored.isolation,
      tombstone,
      goneAtMs: tombstone?.goneAtMs,
    };
  }
}
