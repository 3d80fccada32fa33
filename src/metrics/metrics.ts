import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Meter } from '../controller/meter.ts';
import type { RepositoryReason } from '../model/repository.ts';
import { DriftLedger } from './drift-ledger.ts';
import { createSeries } from './series.ts';
import { addStateGauges, type WatchedState } from './state-gauges.ts';

/** What else is counted beside passes. */
export interface Metrics extends Meter {
  engineCall(call: string, result: string, tookMs: number): void;
  eventStreamConnected(): void;
  sourceRead(
    source: { readonly kind: string; readonly name: string },
    result: SourceResult,
    tookMs: number,
  ): void;
  /** A question to the remote of a repository, and what came of it. */
  repositoryFetched(repository: string, result: RepositoryReason, tookMs: number): void;
  notified(notifier: string, result: 'sent' | 'failed' | 'dropped'): void;
  /** Begins to show the state of the daemon; before, there is none. */
  watch(state: WatchedState): void;
  /** In Prometheus' text format. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** `untrusted`: read, but not to be relied on for what is absent. */
export type SourceResult = 'ok' | 'untrusted' | 'failed';

/** How fine it is measured how long the event loop is held up. */
const LAG_PRECISION_MS = 100;

/** Counts what the daemon does. Every series begins with `stackctl_`, but for those of the process itself. */
export function createMetrics(build: { readonly version: string; readonly instance: string }): Metrics {
  const registry = new Registry();
  // Its default of 10 ms wakes a process that has nothing to do a hundred times a second: 0.4 % of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  new Gauge({
    name: 'stackctl_build_info',
    help: 'Always 1; the labels tell who runs.',
    labelNames: ['version', 'daemon_instance', 'node'],
    registers: [registry],
  }).set({ version: build.version, daemon_instance: build.instance, node: process.version }, 1);
  const series = createSeries(registry);
  const ledger = new DriftLedger();
  return {
    passEnded: (outcome, tookMs) => series.passes.observe({ outcome }, tookMs / 1000),
    passFound(stack, { plan, outcomes }, wasSynced) {
      for (const { step, result } of outcomes) {
        if (result !== 'skipped') series.steps.inc({ kind: step.kind, result });
      }
      if (plan === undefined) return;
      const { found, repaired } = ledger.note(stack, plan, wasSynced);
      for (const kind of found) series.driftFound.inc({ kind });
      for (const kind of repaired) series.driftRepaired.inc({ kind });
    },
    stackGone: (stack) => ledger.forget(stack),
    engineCall(call, result, tookMs) {
      series.calls.observe({ call }, tookMs / 1000);
      if (result !== 'ok') series.callErrors.inc({ call, error: result });
    },
    eventStreamConnected: () => series.connects.inc(),
    sourceRead: ({ kind, name }, result, tookMs) =>
      series.reads.observe({ kind, source: name, result }, tookMs / 1000),
    repositoryFetched: (repository, result, tookMs) =>
      series.fetches.observe({ repository, result }, tookMs / 1000),
    notified: (notifier, result) => series.notifications.inc({ notifier, result }),
    watch: (state) => addStateGauges(registry, state),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}
