import type { DesiredStack } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { IsolationNote } from '../model/isolation.ts';
import type { StackName } from '../model/names.ts';
import type { Observed } from '../model/observed.ts';
import type { Outcome, Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { HeldReason, HistoryEntry, StackStatus, SyncState } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import { renderPlan } from '../plan/render.ts';
import { deriveConditions, overallHealth } from './conditions.ts';
import { networkStatuses, volumeStatuses } from './resources.ts';
import { serviceStatuses } from './services.ts';

/** Everything that one pass found out about a stack. What it did not get to is undefined. */
export interface PassReport {
  readonly name: StackName;
  /** Of the manifest; absent while there is none, and then as before. */
  readonly labels?: StackStatus['labels'] | undefined;
  readonly source: StackStatus['source'];
  readonly generation: number;
  readonly nowMs: number;
  readonly previous: StackStatus | undefined;
  readonly suspended: boolean;
  /** `stackctl rollback`: kept to an earlier revision. */
  readonly held: { readonly number: number; readonly isSourceDifferent: boolean } | undefined;
  /** It is to go: what is being done about that. */
  readonly deleting: string | undefined;
  /** Its manifest is gone, and it is kept. */
  readonly deletionHeld: DeletionHeld | undefined;
  readonly problems: readonly Problem[];
  readonly failure: Failure | undefined;
  readonly desired: DesiredStack | undefined;
  readonly observed: Observed | undefined;
  readonly plan: Plan | undefined;
  readonly outcomes: readonly Outcome[];
  readonly nextLookAtMs: number | undefined;
  /** Of the source of what is wanted, where it has one of its own: `main@sha1:...`. */
  readonly sourceRevision?: string | undefined;
  readonly isolation?: IsolationNote | undefined;
}

export interface DeletionHeld {
  readonly reason: HeldReason;
  readonly message: string;
}

export const BEING_REMOVED = 'its objects are being removed';

const HISTORY_KEPT = 10;

/** The one place where the status of a stack is made. */
export function deriveStatus(report: PassReport): StackStatus {
  const { desired, observed, plan, previous, nowMs } = report;
  const seen = desired !== undefined && observed !== undefined && plan !== undefined;
  const view = seen ? { desired, observed, plan, outcomes: report.outcomes, nowMs } : undefined;
  const services = view === undefined ? (previous?.services ?? []) : serviceStatuses(view);
  const conditions = deriveConditions({
    ...report,
    previous: previous?.conditions ?? [],
    services,
  });
  const ready = conditions.find((condition) => condition.type === 'Ready')?.status === 'True';
  const revision = attemptedRevision(report);
  return {
    name: report.name,
    labels: labelsOf(report),
    source: report.source,
    generation: report.generation,
    observedGeneration: report.generation,
    lastAppliedRevision: ready ? revision : previous?.lastAppliedRevision,
    lastAttemptedRevision: revision,
    sync: syncState(report),
    health: overallHealth(services, report.suspended, view !== undefined || previous !== undefined),
    conditions,
    services,
    networks:
      view === undefined
        ? (previous?.networks ?? [])
        : networkStatuses(view.desired.networks, view.observed, view.plan),
    volumes:
      view === undefined
        ? (previous?.volumes ?? [])
        : volumeStatuses(view.desired.volumes, view.observed, view.plan),
    problems: report.problems,
    pending: plan === undefined ? [] : renderPlan(plan),
    history: nextHistory(report, ready),
    suspended: report.suspended,
    nextLookAt: report.nextLookAtMs === undefined ? undefined : isoTime(report.nextLookAtMs),
    createdAt: previous?.createdAt ?? isoTime(nowMs),
  };
}

function labelsOf({ labels, previous }: PassReport): StackStatus['labels'] {
  return labels ?? previous?.labels ?? {};
}

function attemptedRevision({ desired, sourceRevision, previous }: PassReport): string | undefined {
  return desired === undefined ? previous?.lastAttemptedRevision : (sourceRevision ?? desired.revision);
}

function syncState(report: PassReport): SyncState {
  if (report.plan === undefined || report.failure !== undefined) return 'Unknown';
  if (report.held?.isSourceDifferent === true || report.deletionHeld !== undefined) return 'OutOfSync';
  const invalid = report.problems.some((problem) => problem.severity === 'error');
  return invalid || isUndone(report.plan) ? 'OutOfSync' : 'Synced';
}

const isUndone = ({ steps, withheld = [], blockers }: Plan): boolean =>
  steps.length > 0 || withheld.length > 0 || blockers.length > 0;

function nextHistory(report: PassReport, ready: boolean): readonly HistoryEntry[] {
  const history = report.previous?.history ?? [];
  const revision = report.desired?.revision;
  if (revision === undefined || report.plan === undefined) return history;
  const at = isoTime(report.nowMs);
  const outcome = ready ? 'Applied' : outcomeOf(report);
  const [latest, ...older] = history;
  if (latest?.revision !== revision) {
    const entry = { revision, generation: report.generation, firstAppliedAt: at, lastAppliedAt: at, outcome };
    return [entry, ...history].slice(0, HISTORY_KEPT);
  }
  if (latest.outcome === outcome || (latest.outcome === 'Applied' && outcome === 'Applying')) return history;
  return [{ ...latest, lastAppliedAt: at, outcome }, ...older];
}

function outcomeOf(report: PassReport): HistoryEntry['outcome'] {
  if (report.plan?.blockers.some((blocker) => blocker.code === 'BadRevision') === true) return 'RolledBack';
  return report.outcomes.some((outcome) => outcome.result === 'failed') ? 'Failed' : 'Applying';
}
