import type { SlotName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Gate } from '../model/plan.ts';
import type { Scope } from './scope.ts';

/** Waiting times before the first, second ... restart in a row: kubelet's, with the first one at once. */
const BACKOFF_MS = [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000] as const;
const LONGEST_BACKOFF_MS = 300_000;
const RESET_AFTER_MS = 10 * 60_000;

/** When the restart after `count` restarts in a row is due. */
export function restartDueAtMs(count: number, lastAtMs: number): number {
  return lastAtMs + (BACKOFF_MS[count] ?? LONGEST_BACKOFF_MS);
}

/**
 * Books one more restart of a slot: returns the gate when it is not due yet (and looks again when it is), or
 * undefined when it may happen now, in which case it is counted.
 */
export function bookRestart(scope: Scope, slot: SlotName): Gate | undefined {
  const record = scope.memory.restarts[slot];
  const { nowMs } = scope.context;
  const count = record?.count ?? 0;
  const dueAtMs = record === undefined ? nowMs : restartDueAtMs(count, record.lastAtMs);
  // A clock that was set back must not keep a service down until it catches up again.
  const sane = dueAtMs - nowMs <= LONGEST_BACKOFF_MS;
  if (dueAtMs > nowMs && sane) {
    scope.draft.lookAgainAt(dueAtMs);
    return { kind: 'backoff', untilMs: dueAtMs, attempt: count + 1 };
  }
  countRestart(scope, slot);
  return undefined;
}

/** Counts a restart that does not wait for its turn. */
export function countRestart(scope: Scope, slot: SlotName): void {
  const count = scope.memory.restarts[slot]?.count ?? 0;
  scope.memory.restarts[slot] = { count: count + 1, lastAtMs: scope.context.nowMs };
}

/** Forgets the restarts of a slot that has been well for ten minutes. */
export function forgiveRestarts(scope: Scope, slot: SlotName, live: ObservedContainer): void {
  const record = scope.memory.restarts[slot];
  if (record === undefined || live.state !== 'running' || live.startedAtMs === undefined) return;
  if (live.health !== undefined && live.health.status !== 'healthy') return;
  const wellAtMs = Math.max(record.lastAtMs, live.startedAtMs) + RESET_AFTER_MS;
  if (wellAtMs <= scope.context.nowMs) delete scope.memory.restarts[slot];
  else scope.draft.lookAgainAt(wellAtMs);
}

/**
 * True when a container is unhealthy and it is certain enough to restart it: it runs, is not paused, the
 * verdict is fresh (the engine keeps an old one when its monitor stops), and it was seen in two observations
 * at least one interval apart.
 */
export function isCertainlyUnhealthy(scope: Scope, live: ObservedContainer): boolean {
  const { nowMs } = scope.context;
  if (live.state !== 'running' || live.health?.status !== 'unhealthy' || !isFresh(live, nowMs)) {
    delete scope.memory.unhealthySince[live.id];
    return false;
  }
  const since = scope.memory.unhealthySince[live.id];
  if (since === undefined) {
    scope.memory.unhealthySince[live.id] = nowMs;
    scope.draft.lookAgainAt(nowMs + live.healthIntervalMs);
    return false;
  }
  const certainAtMs = since + live.healthIntervalMs;
  if (certainAtMs > nowMs) scope.draft.lookAgainAt(certainAtMs);
  return certainAtMs <= nowMs;
}

/** Measured on 20.10 and 28.5: a paused container, and one whose monitor died, keep saying "unhealthy". */
function isFresh(live: ObservedContainer, nowMs: number): boolean {
  const last = live.health?.lastProbeAtMs;
  if (last === undefined) return false;
  return nowMs - last <= 2 * live.healthIntervalMs + live.healthTimeoutMs + 5_000;
}
