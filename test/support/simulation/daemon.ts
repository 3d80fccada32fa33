import { pino } from 'pino';
import { createCachingLoader } from '../../../src/controller/caching-loader.ts';
import { Controller } from '../../../src/controller/controller.ts';
import { createOperations } from '../../../src/controller/daemon-operations.ts';
import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import type { StackNotice } from '../../../src/controller/operations.ts';
import type { Clock } from '../../../src/controller/ports.ts';
import { DEFAULT_POLICY } from '../../../src/policy/configuration.ts';
import { createAppliedSource } from '../../../src/source/applied.ts';
import type { VirtualClock } from '../simulated/clock.ts';
import type { Chance } from './chance.ts';
import type { Disk, DiskOptions } from './disk.ts';
import type { ManifestDirectory } from './manifest-directory.ts';
import { memoised } from './memoised-loader.ts';
import { Wire, type WireOptions } from './wire.ts';

export interface DaemonOptions {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly disk: Disk;
  readonly directory: ManifestDirectory;
  /** Further ones, of manifests that refer to no data. */
  readonly moreDirectories?: readonly ManifestDirectory[];
  readonly wire: Omit<WireOptions, 'clock' | 'chance' | 'isAlive' | 'onCrash'>;
  readonly onStoreWrite: DiskOptions['onWrite'];
  readonly onNotice: (notice: StackNotice) => void;
  readonly onLog: (line: string) => void;
}

/** Made once: an error with its stack for each of many thousand daemons takes time. */
const KILLED = new DOMException('killed', 'AbortError');

/** One process of stackctld: the controller as it is, on adapters that end with it. */
export class Daemon {
  readonly controller: Controller;
  readonly wire: Wire;
  readonly #stop = new AbortController();
  readonly #timers = new Set<() => void>();
  /** Why it ended by itself, which it must not. */
  ended: unknown;
  #isAlive = true;

  constructor(options: DaemonOptions) {
    const { chance, clock, disk, directory } = options;
    const isAlive = () => this.#isAlive;
    const onCrash = () => this.kill();
    this.wire = new Wire({ ...options.wire, clock, chance, isAlive, onCrash });
    const store = disk.open({ clock, isAlive, onCrash, onWrite: options.onStoreWrite });
    const applied = createAppliedSource(store);
    const loader = memoised(
      createInProcessLoader({
        files: directory.dataFiles,
        look: (path) => directory.look(path),
        home: undefined,
      }),
    );
    const own = this.#clock(clock);
    this.controller = new Controller(
      {
        engine: this.wire.engine,
        sources: [
          ...[directory, ...(options.moreDirectories ?? [])].map((each) => each.source(isAlive)),
          applied,
        ],
        applied,
        store,
        loader: createCachingLoader(loader, { monotonicMs: own.monotonicMs }),
        clock: own,
        random: () => chance.next(),
        log: pino({ level: 'warn', base: null, timestamp: false }, { write: options.onLog }),
      },
      {
        instance: options.wire.engine.instance,
        version: 'simulation',
        workers: 4,
        concurrency: 4,
        resyncMs: 30_000,
        deleteGraceMs: 30_000,
        onlyWhenAsked: false,
        policy: DEFAULT_POLICY,
      },
    );
    void this.#watch(options.onNotice);
    this.controller.run(this.#stop.signal).then(
      () => this.#end('it stopped'),
      (thrown: unknown) => this.#end(thrown),
    );
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get operations() {
    return createOperations(this.controller);
  }

  /**
   * SIGKILL: nothing that it still does has an effect. It is told to stop all the same, or what waits for a signal would
   * keep its memory for ever.
   */
  kill(): void {
    this.#isAlive = false;
    this.#stop.abort(KILLED);
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #end(reason: unknown): void {
    if (this.#isAlive) this.ended = reason;
  }

  async #watch(onNotice: (notice: StackNotice) => void): Promise<void> {
    for await (const notice of this.controller.notices.read([], this.#stop.signal)) {
      if (!this.#isAlive) return;
      onNotice(notice);
    }
  }

  #clock(clock: VirtualClock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (callback, ms) => {
        if (!this.#isAlive) return () => undefined;
        const cancel = clock.setTimer(() => {
          this.#timers.delete(end);
          callback();
        }, ms);
        const end = () => {
          this.#timers.delete(end);
          cancel();
        };
        this.#timers.add(end);
        return end;
      },
    };
  }
}
