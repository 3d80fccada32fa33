import { Counter, Histogram, type Registry } from 'prom-client';

const PASS_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const CALL_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** What is counted as it happens. Those whose labels are few begin at 0, so that a first time shows as an increase. */
export function createSeries(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    more: { readonly labelNames: readonly Label[]; readonly buckets: number[] },
  ) => new Histogram({ name, help, ...more, labelNames: [...more.labelNames], registers });

  const driftFound = counter(
    'stackctl_drift_found_total',
    'Objects found other than wanted, though nobody asked for a change.',
    ['kind'],
  );
  const driftRepaired = counter(
    'stackctl_drift_repaired_total',
    'Drifted objects that are as wanted again.',
    ['kind'],
  );
  const connects = counter(
    'stackctl_event_stream_connects_total',
    'Times that the stream of the engine’s events was opened; all but the first are reconnects.',
    [],
  );
  connects.inc(0);
  for (const kind of ['container', 'network', 'volume', 'image']) {
    driftFound.inc({ kind }, 0);
    driftRepaired.inc({ kind }, 0);
  }
  return {
    driftFound,
    driftRepaired,
    connects,
    passes: histogram('stackctl_reconcile_duration_seconds', 'Passes of stacks, by outcome.', {
      labelNames: ['outcome'],
      buckets: PASS_BUCKETS,
    }),
    steps: counter('stackctl_steps_total', 'Steps of plans, by kind and result.', ['kind', 'result']),
    calls: histogram('stackctl_engine_call_duration_seconds', 'Calls of the engine, by what was asked.', {
      labelNames: ['call'],
      buckets: CALL_BUCKETS,
    }),
    callErrors: counter(
      'stackctl_engine_call_errors_total',
      'Calls of the engine that failed, by kind of failure.',
      ['call', 'error'],
    ),
    notifications: counter('stackctl_notifications_total', 'Notifications, by receiver and result.', [
      'notifier',
      'result',
    ]),
    fetches: histogram(
      'stackctl_git_fetch_duration_seconds',
      'Questions to the remotes of Git repositories, with what was fetched then, by result.',
      { labelNames: ['repository', 'result'], buckets: PASS_BUCKETS },
    ),
    reads: histogram('stackctl_source_read_duration_seconds', 'Readings of sources, by result.', {
      labelNames: ['kind', 'source', 'result'],
      buckets: PASS_BUCKETS,
    }),
  };
}
