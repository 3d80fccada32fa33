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
    const rollout = { ...record.rollout, ...change };
    await this.#store.write('rollout', record.name, rollout);
    record.rollout = rollout;
  }

  /** What was said of the stack before says nothing any more: who waits must wait for a pass from here on. */
  async renew(record: StackRecord): Promise<void> {
    record.generation += 1;
    record.renewals += 1;
    await this.#save(record);
  }

  async bury(record: StackRecord, tombstone: Tombstone | undefined): Promise<void> {
    if (tombstone === undefined) await this.#store.remove('tombstone', record.name);
    else await this.#store.write('tombstone', record.name, tombstone);
    record.tombstone = tombstone;
    record.goneAtMs = tombstone?.goneAtMs;
  }

  /** Nothing of a stack is left on the engine: all that is kept is its tombstone. */
  async lay(record: StackRecord, tombstone: Tombstone, goneAtMs: number): Promise<void> {
    await this.bury(record, { ...tombstone, goneAtMs });
    for (const kind of REMAINS) await this.#store.remove(kind, record.name);
    Object.assign(record, this.#restore(record.name));
  }

  /** Everything about a stack. The tombstone goes last. */
  async forget(name: string): Promise<void> {
    this.#records.delete(name);
    for (const kind of [...REMAINS, 'tombstone'] as const) await this.#store.remove(kind, name);
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
