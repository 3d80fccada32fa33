import type { DesiredService } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import { isOwnFault, lostItsPort } from './engine-faults.ts';
import { postStartOf } from './hooks.ts';
import { fixedPortsOf } from './port-index.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/** Has a new container proved itself? */
export type Verdict =
  | { readonly kind: 'not-started' }
  | { readonly kind: 'waiting'; readonly untilMs: number | undefined }
  | { readonly kind: 'good' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Has the container that is to take over from `old` proved itself? With a healthcheck it must become healthy within the stack's timeout; without one it must run for
 * `monitor`. A job is good when it ended well.
 */
export function judge(scope: Scope, slot: Slot, fresh: ObservedContainer, old: ObservedContainer): Verdict {
  switch (fresh.state) {
    case 'created':
      return judgeCreated(scope, slot, fresh, old);
    case 'running':
      return judgeRunning(scope, slot, fresh);
    case 'paused':
      return { kind: 'waiting', untilMs: undefined };
    case 'exited':
      if (slot.service.isJob && fresh.exitCode === 0) return { kind: 'good' };
      if (wasStoppedFor(old, fresh)) return { kind: 'not-started' };
      if (isFinished(slot, fresh)) return { kind: 'good' };
      if (fresh.error !== '' && !isOwnFault(fresh)) return { kind: 'not-started' };
      if (wentWithEngine(scope, fresh) || mayTryOnceMore(scope, slot, fresh, old))
        return { kind: 'not-started' };
      return { kind: 'failed', reason: exitReason(fresh) };
    case 'restarting':
      return { kind: 'failed', reason: exitReason(fresh) };
    case 'removing':
    case 'dead':
      return { kind: 'failed', reason: 'it was removed' };
  }
}

/**
 * A container that ended well and was not meant to go on: a job, or a service without a restart policy that
 * serves nothing (no healthcheck, no port). A server that was stopped by hand ends with 0 too, and is healed.
 */
export function isFinished(slot: Slot, live: ObservedContainer): boolean {
  if (live.state !== 'exited' || live.exitCode !== 0) return false;
  if (slot.service.isJob) return true;
  const policy = slot.container.restartPolicy.Name;
  if (policy !== 'no' && policy !== 'on-failure') return false;
  const exposes = Object.keys(slot.container.config.ExposedPorts ?? {}).length > 0;
  return !live.hasHealthcheck && !exposes && (slot.image.image?.exposedPorts.length ?? 0) === 0;
}

/**
 * Whether a container was stopped to make room for another that came after it: when the manifest goes back
 * to an earlier revision in the middle of a replacement, that is no failure of the earlier one.
 */
export function wasStoppedFor(successor: ObservedContainer, live: ObservedContainer): boolean {
  const { finishedAtMs } = live;
  if (finishedAtMs === undefined || live.createdAtMs > successor.createdAtMs) return false;
  return finishedAtMs >= successor.createdAtMs && finishedAtMs <= (successor.startedAtMs ?? finishedAtMs);
}

/** 128 + SIGKILL, 128 + SIGTERM, and what an engine says of a process that it lost. */
const KILLED: ReadonlySet<number> = new Set([137, 143, 255]);

const wasKilled = ({ state, oomKilled, exitCode }: ObservedContainer): boolean =>
  state === 'exited' && !oomKilled && KILLED.has(exitCode);

/**
 * Whether a container was killed while the engine was away or coming back, which takes its containers along: that says
 * nothing about a revision, however often it happens.
 */
export function wentWithEngine(scope: Scope, fresh: ObservedContainer): boolean {
  const { engineSinceMs, nowMs } = scope.context;
  // A clock that was set back says nothing about what came first.
  if (engineSinceMs === undefined || engineSinceMs > nowMs || fresh.finishedAtMs === undefined) return false;
  return wasKilled(fresh) && fresh.finishedAtMs <= engineSinceMs;
}

/**
 * One that somebody killed, or took the port from, is tried once more before its revision counts as failed. As long as
 * the port is another's, nothing is tried.
 */
export function mayTryOnceMore(
  scope: Scope,
  slot: Slot,
  fresh: ObservedContainer,
  old: ObservedContainer,
): boolean {
  const isRobbed = lostItsPort(fresh);
  if (!wasKilled(fresh) && !isRobbed) return false;
  if (isRobbed && fixedPortsOf(fresh).some((port) => scope.ports.ofStrangers(port).length > 0)) return true;
  const tried = scope.memory.restarts[slot.name];
  if (tried === undefined || tried.lastAtMs < fresh.createdAtMs) return true;
  // While the port was another's the old one went on, and the last start may have been that one's.
  return isRobbed && tried.lastAtMs <= (old.startedAtMs ?? 0);
}

/**
 * When a running container that has ended before, and that no healthcheck speaks for, counts as well again: one that
 * ends and is started over and over is not Ready each time it runs for a moment.
 */
export function settledAtMs(
  service: DesiredService,
  live: ObservedContainer,
  restarts: number,
): number | undefined {
  if (live.state !== 'running' || live.hasHealthcheck || live.restartCount + restarts === 0) return undefined;
  return (live.startedAtMs ?? 0) + service.update.monitorMs;
}

function judgeCreated(scope: Scope, slot: Slot, fresh: ObservedContainer, old: ObservedContainer): Verdict {
  if (!isOwnFault(fresh) || mayTryOnceMore(scope, slot, fresh, old)) return { kind: 'not-started' };
  return { kind: 'failed', reason: fresh.error };
}

function judgeRunning(scope: Scope, slot: Slot, fresh: ObservedContainer): Verdict {
  const startedAtMs = fresh.startedAtMs ?? scope.context.nowMs;
  const { nowMs } = scope.context;
  const hooks = postStartOf(scope, fresh);
  if (hooks.kind === 'failed') return hooks;
  if (hooks.kind === 'pending') return { kind: 'waiting', untilMs: undefined };
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
