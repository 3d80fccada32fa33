import { stackName } from '../model/names.ts';
import type { RepositoryState, SourceScan } from '../source/source.ts';
import type { EventDraft } from '../status/events.ts';
import type { Catalog } from './catalog.ts';
import type { Origin } from './catalog-entry.ts';
import type { EventLog } from './event-log.ts';
import type { Notices } from './notices.ts';
import type { Ports } from './ports.ts';

export interface SourceNewsContext {
  readonly ports: Pick<Ports, 'clock' | 'log'>;
  readonly catalog: Catalog;
  readonly events: EventLog;
  readonly notices: Notices;
  readonly stateOf: (name: string) => RepositoryState | undefined;
}

/** What a source was like when it was read last. */
export interface SourceReading {
  readonly trusted: boolean;
  readonly reason: string | undefined;
  readonly revision: string;
  /** Unix ms, since the start of the daemon. */
  readonly firstReadAtMs: number;
}

/** Remembers how each source was read, and tells the stacks of a repository what is new about it. */
export class SourceNews {
  readonly #context: SourceNewsContext;
  readonly #readings = new Map<string, SourceReading>();
  readonly #told = new Map<string, string>();

  constructor(context: SourceNewsContext) {
    this.#context = context;
  }

  readingOf(origin: Origin): SourceReading | undefined {
    return this.#readings.get(keyOf(origin));
  }

  note(origin: Origin, { trusted, reason, revision }: SourceScan): void {
    const key = keyOf(origin);
    const nowMs = this.#context.ports.clock.nowMs();
    const firstReadAtMs = this.#readings.get(key)?.firstReadAtMs ?? nowMs;
    this.#readings.set(key, { trusted, reason, revision, firstReadAtMs });
    if (origin.kind === 'git') this.#tell(origin.name);
  }

  #tell(name: string): void {
    const { ports, catalog, events, notices, stateOf } = this.#context;
    const state = stateOf(name);
    if (state === undefined || state.reason === 'FetchPending') return;
    const news =
      state.ready === 'True' ? `${state.reason} ${state.revision ?? ''}` : `${state.reason} ${state.message}`;
    if (this.#told.get(name) === news) return;
    this.#told.set(name, news);
    const { reason, message, revision } = state;
    const isGood = state.ready !== 'False';
    if (isGood) ports.log.info({ repository: name, revision }, 'a repository was read');
    else ports.log.warn({ repository: name, reason, revision }, message);
    const object = `gitrepository/${name}`;
    const draft: EventDraft = isGood
      ? { type: 'Normal', reason: 'NewRevision', object, message }
      : { type: 'Warning', reason, object, message };
    for (const stack of catalog.namesOf({ kind: 'git', name })) {
      for (const event of events.record(stackName(stack), [draft], ports.clock.nowMs()))
        notices.send({ kind: 'event', event });
    }
  }
}

const keyOf = (origin: Origin): string => `${origin.kind}:${origin.name}`;
