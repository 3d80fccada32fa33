import type { ObservedContainer } from '../model/observed.ts';
import type { Gate } from '../model/plan.ts';
import { cause } from './draft.ts';
import { restart } from './maintain.ts';
import type { SlotPlan } from './replace.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';

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
  if (startedAtMs < askedAtMs) {
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
