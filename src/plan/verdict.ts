import type { ObservedContainer } from '../model/observed.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/** Has a new container proved itself? */
export type Verdict =
  | { readonly kind: 'not-started' }
  | { readonly kind: 'waiting'; readonly untilMs: number | undefined }
  | { readonly kind: 'good' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * With a healthcheck it must become healthy within the stack's timeout; without one it must run for
 * `monitor`. A job is good when it ended well.
 */
export function judge(scope: Scope, slot: Slot, fresh: ObservedContainer): Verdict {
  switch (fresh.state) {
    case 'created':
      return judgeCreated(fresh);
    case 'running':
      return judgeRunning(scope, slot, fresh);
    case 'paused':
      return { kind: 'waiting', untilMs: undefined };
    case 'exited':
      if (slot.service.isJob && fresh.exitCode === 0) return { kind: 'good' };
      return { kind: 'failed', reason: exitReason(fresh) };
    case 'restarting':
      return { kind: 'failed', reason: exitReason(fresh) };
    case 'removing':
    case 'dead':
      return { kind: 'failed', reason: 'it was removed' };
  }
}

/** Engine 28 cancels a start when the client's connection breaks; that says nothing about the container. */
function judgeCreated(fresh: ObservedContainer): Verdict {
  const failed = fresh.error !== '' && !fresh.error.includes('context canceled');
  return failed ? { kind: 'failed', reason: fresh.error } : { kind: 'not-started' };
}

function judgeRunning(scope: Scope, slot: Slot, fresh: ObservedContainer): Verdict {
  const startedAtMs = fresh.startedAtMs ?? scope.context.nowMs;
  const { nowMs } = scope.context;
  if (!fresh.hasHealthcheck) {
    const untilMs = startedAtMs + slot.service.update.monitorMs;
    return untilMs <= nowMs ? { kind: 'good' } : { kind: 'waiting', untilMs };
  }
  if (fresh.health?.status === 'healthy') return { kind: 'good' };
  if (fresh.health?.status === 'unhealthy') return { kind: 'failed', reason: 'it became unhealthy' };
  const untilMs = startedAtMs + scope.desired.policy.timeoutMs;
  if (untilMs > nowMs) return { kind: 'waiting', untilMs };
  return {
    kind: 'failed',
    reason: `it was not healthy within ${Math.round(scope.desired.policy.timeoutMs / 1000)} s`,
  };
}

function exitReason(fresh: ObservedContainer): string {
  if (fresh.oomKilled) return 'it ran out of memory';
  return fresh.error === '' ? `it exited with code ${fresh.exitCode}` : fresh.error;
}
