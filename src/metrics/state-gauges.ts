import { Gauge, type Registry } from 'prom-client';
import type { SourceStatus } from '../model/repository.ts';
import type { StackStatus } from '../model/status.ts';

/** What the gauges are read from, each time that somebody asks. */
export interface WatchedState {
  readonly stacks: () => readonly StackStatus[];
  readonly sources: () => readonly SourceStatus[];
  readonly queueDepth: () => Readonly<Record<'ready' | 'waiting' | 'running' | 'again', number>>;
  /** Why the daemon cannot do its work; undefined: it can. */
  readonly notReady: () => string | undefined;
}

/** Gauges of how things stand. What is gone is not shown any more. */
export function addStateGauges(registry: Registry, state: WatchedState): void {
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    fill: (set: (labels: Record<Label, string>, value: number) => void) => void,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        fill((labels, value) => this.set(labels, value));
      },
    });
  };
  gauge('stackctl_ready', '1 while the engine answers and the sources were read.', [], (set) => {
    set({}, state.notReady() === undefined ? 1 : 0);
  });
  gauge('stackctl_queue_depth', 'Stacks in the queue, by where they stand.', ['state'], (set) => {
    for (const [name, depth] of Object.entries(state.queueDepth())) set({ state: name }, depth);
  });
  gauge(
    'stackctl_stack_condition',
    '1 for the status that each condition of a stack has.',
    ['stack', 'type', 'status', 'reason'],
    (set) => {
      for (const { name: stack, conditions } of state.stacks()) {
        for (const { type, status, reason } of conditions) set({ stack, type, status, reason }, 1);
      }
    },
  );
  gauge(
    'stackctl_stack_info',
    'Always 1; how a stack stands.',
    ['stack', 'sync', 'health', 'source'],
    (set) => {
      for (const { name: stack, sync, health, source } of state.stacks()) {
        set({ stack, sync, health, source: source.kind }, 1);
      }
    },
  );
  gauge(
    'stackctl_source_ready',
    '1 while what a source has is read completely and in force.',
    ['kind', 'source', 'reason'],
    (set) => {
      for (const { kind, name: source, ready, reason } of state.sources())
        set({ kind, source, reason }, ready === 'True' ? 1 : 0);
    },
  );
  gauge(
    'stackctl_source_problems',
    'Faults of manifests of a source that belong to no stack, and what it declares in vain.',
    ['kind', 'source'],
    (set) => {
      for (const { kind, name: source, problems } of state.sources()) set({ kind, source }, problems.length);
    },
  );
  gauge(
    'stackctl_git_last_fetch_timestamp_seconds',
    'When the remote of a repository last answered, and what it had was good.',
    ['repository'],
    (set) => {
      for (const { name: repository, lastFetchAt } of state.sources())
        if (lastFetchAt !== undefined) set({ repository }, Date.parse(lastFetchAt) / 1000);
    },
  );
  const perService = (
    name: string,
    help: string,
    value: (service: StackStatus['services'][number]) => number,
  ): void =>
    gauge(name, help, ['stack', 'service'], (set) => {
      for (const { name: stack, services } of state.stacks()) {
        for (const service of services) set({ stack, service: service.name }, value(service));
      }
    });
  perService('stackctl_service_desired_replicas', 'Replicas that are wanted.', ({ desired }) => desired);
  perService('stackctl_service_ready_replicas', 'Replicas that are ready.', ({ ready }) => ready);
  perService('stackctl_service_restarts', 'Restarts of its present containers.', ({ restarts }) => restarts);
}
