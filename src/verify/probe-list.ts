import type { Probe, ProbeResult } from '../model/probe.ts';

/** The id of the container whose network namespace probes are sent from, or the engine's host. */
export type Source = string;
export const HOST = 'host';

/** A probe that was asked for: where it is found among the results. */
export interface Ticket {
  readonly source: Source;
  readonly index: number;
}

/** Collects probes by source; the same probe is sent once. */
export class ProbeList {
  readonly #bySource = new Map<Source, { readonly probes: Probe[]; readonly known: Map<string, number> }>();

  ask(source: Source, probe: Probe): Ticket {
    const list = this.#bySource.get(source) ?? { probes: [], known: new Map<string, number>() };
    this.#bySource.set(source, list);
    const key = JSON.stringify(probe);
    const index = list.known.get(key) ?? list.probes.length;
    if (index === list.probes.length) {
      list.known.set(key, index);
      list.probes.push(probe);
    }
    return { source, index };
  }

  /** Sources in the order in which they were first asked about. */
  all(): readonly (readonly [Source, readonly Probe[]])[] {
    return [...this.#bySource].map(([source, { probes }]) => [source, probes]);
  }
}

/** Results by source, in the order of its probes; a source that could not be asked is absent. */
export type Results = ReadonlyMap<Source, readonly ProbeResult[]>;

export const resultOf = (results: Results, { source, index }: Ticket): ProbeResult | undefined =>
  results.get(source)?.[index];
