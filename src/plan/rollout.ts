import type { DesiredService } from '../model/desired.ts';
import type { Gate } from '../model/plan.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/**
 * What the replacement of a replica waits for. Replicas are replaced `parallelism` at a time: the next waits for those before it, and for `delay` after the last one
 * that was good.
 */
export function rollGate(
  scope: Scope,
  service: DesiredService,
  rolling: readonly string[],
): Gate | undefined {
  if (scope.context.isRolloutPaused === true) return { kind: 'paused' };
  const last = rolling.at(-1);
  const { parallelism, delayMs } = service.update;
  if (last !== undefined && parallelism !== 0 && rolling.length >= parallelism) {
    return { kind: 'replacement', container: last, until: 'healthy', atMs: undefined };
  }
  const doneAtMs = rolloutOf(scope, service)?.lastDoneAtMs;
  if (doneAtMs === undefined || delayMs === 0) return undefined;
  const untilMs = doneAtMs + delayMs;
  return untilMs > scope.context.nowMs ? { kind: 'delay', untilMs } : undefined;
}

/** Books a replica that has proved itself. */
export function noteReplaced(scope: Scope, slot: Slot): void {
  scope.memory.rollouts[slot.service.name] = {
    ...rolloutFor(scope, slot),
    lastDoneAtMs: scope.context.nowMs,
  };
}

/** Books a replica whose new container failed; true as long as so many may (`max_failure_ratio`). */
export function mayFail(scope: Scope, slot: Slot): boolean {
  const before = rolloutFor(scope, slot);
  const failed = [...new Set([...before.failed, slot.container.ordinal])];
  scope.memory.rollouts[slot.service.name] = { ...before, failed };
  const { update, containers } = slot.service;
  return failed.length / containers.length <= update.maxFailureRatio;
}

function rolloutOf(scope: Scope, service: DesiredService) {
  const rollout = scope.memory.rollouts[service.name];
  return rollout?.specHash === service.containers[0]?.specHash ? rollout : undefined;
}

function rolloutFor(scope: Scope, { service, container }: Slot) {
  return rolloutOf(scope, service) ?? { specHash: container.specHash, lastDoneAtMs: undefined, failed: [] };
}
