import type { ObservedContainer } from '../model/observed.ts';
import type { Gate } from '../model/plan.ts';
import { cause } from './draft.ts';
import { restart } from './maintain.ts';
import type { SlotPlan } from './replace.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/** A container may be started between the time of a pass and its look; what is later still, no clock that is right shows. */
const LONGEST_LOOK_MS = 300_000;

/**
 * `stackctl rollout restart`: restarts a container that was started before that was asked for, in place. Replicas go one
 * after another as in a replacement, each when the one before is healthy or has run for `monitor`.
 */
export function restartIfAsked(
  scope: Scope,
  slot: Slot,
  live: ObservedContainer,
  plan: SlotPlan,
  rollGate: Gate | undefined,
): SlotPlan {
  const askedAtMs = scope.context.restartAsked?.[slot.service.name];
  if (askedAtMs === undefined || plan.disturbed || live.state !== 'running') return plan;
  const startedAtMs = live.startedAtMs ?? 0;
  if (isFromBefore(scope, live, askedAtMs)) {
    const gate = slot.start.gate ?? rollGate;
    const planned = restart(scope, slot, live, cause('RestartAsked'), { needs: slot.start.needs, gate });
    return { ...planned, rolling: true };
  }
  if (live.hasHealthcheck) return { ...plan, rolling: live.health?.status !== 'healthy' };
  const settledAtMs = startedAtMs + slot.service.update.monitorMs;
  if (settledAtMs <= scope.context.nowMs) return plan;
  scope.draft.lookAgainAt(settledAtMs);
  return { ...plan, rolling: true };
}

/**
 * Whether a container was started before it was asked to restart, and was not restarted for that. Where the clock of the
 * engine goes wrong, or was set back since, its times alone would have it restarted for ever, or not at all.
 */
function isFromBefore({ context, memory }: Scope, live: ObservedContainer, askedAtMs: number): boolean {
  if ((memory.restarted[live.id] ?? 0) >= askedAtMs) return false;
  const startedAtMs = live.startedAtMs ?? 0;
  return startedAtMs < askedAtMs || startedAtMs > context.nowMs + LONGEST_LOOK_MS;
}
