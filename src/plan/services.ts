import type { DesiredService } from '../model/desired.ts';
import type { Gate, StepId } from '../model/plan.ts';
import { createContainer } from './create.ts';
import { cause, containerRef } from './draft.ts';
import { isCompletedJob, startCondition } from './gates.ts';
import { badRevisionOf } from './hold-back.ts';
import { addPostStart } from './hooks.ts';
import type { ImageState } from './images.ts';
import { maintain } from './maintain.ts';
import { freeName, isNameTaken } from './names.ts';
import { fixedPorts } from './port-index.ts';
import { portCondition } from './ports.ts';
import { removeContainer } from './remove.ts';
import { continueReplacement, keepOld, pause, replace, type SlotPlan } from './replace.ts';
import { restartIfAsked } from './restart-asked.ts';
import { rollGate } from './rollout.ts';
import type { Scope } from './scope.ts';
import { readSlot, type Slot } from './slots.ts';

const NO_IMAGE: ImageState = { image: undefined, gate: undefined, blocked: false };

/** Plans all replicas of one service; its dependencies were planned before it. */
export function planService(
  scope: Scope,
  service: DesiredService,
  images: ReadonlyMap<string, ImageState>,
): void {
  const image = images.get(service.image) ?? NO_IMAGE;
  const start = startCondition(scope, service);
  const slots: SlotPlan[] = [];
  const rolling: string[] = [];
  for (const container of service.containers) {
    const slot = readSlot(scope, service, container, image, start);
    const plan = addPostStart(scope, slot, planSlot(scope, slot, rollGate(scope, service, rolling)));
    if (plan.rolling) rolling.push(container.name);
    slots.push(plan);
  }
  const disturbed = slots.filter((slot) => slot.disturbed);
  const startSteps = disturbed.flatMap((slot): StepId[] =>
    slot.startStep === undefined ? [] : [slot.startStep],
  );
  scope.services.set(service.name, {
    disturbed: disturbed.length > 0,
    startSteps: startSteps.length === disturbed.length ? startSteps : [],
  });
}

function planSlot(scope: Scope, slot: Slot, gate: Gate | undefined): SlotPlan {
  for (const useless of slot.useless) removeContainer(scope, useless, cause('Orphaned'), []);
  const bad =
    slot.outdated.length > 0 ? badRevisionOf(slot.service, scope.observed, scope.memory) : undefined;
  if (bad !== undefined) return bad.isPaused === true ? pause(scope, slot, bad) : keepOld(scope, slot, bad);
  const [keep, ...duplicates] = slot.current;
  for (const duplicate of duplicates) removeContainer(scope, duplicate, cause('Duplicate'), []);
  if (keep === undefined) {
    return slot.outdated.length > 0 ? replace(scope, slot, gate) : createFresh(scope, slot);
  }
  return slot.outdated.length > 0
    ? continueReplacement(scope, slot, keep)
    : restartIfAsked(scope, slot, keep, maintain(scope, slot, keep), gate);
}

function createFresh(scope: Scope, slot: Slot): SlotPlan {
  const missing: SlotPlan = { startStep: undefined, disturbed: true, rolling: false };
  const { container, service } = slot;
  if (isCompletedJob(scope, container)) return { ...missing, disturbed: false };
  const ports = portCondition(scope, { service, container, ports: fixedPorts(container) });
  if (slot.image.blocked || ports.blocked || isNameTaken(scope, slot)) return missing;
  const name = freeName(scope, slot);
  const because = cause('Missing');
  const created = createContainer(scope, {
    service,
    container,
    image: slot.image.image,
    name,
    because,
    gate: slot.image.gate,
  });
  if (created === undefined) return missing;
  const gate = slot.image.gate ?? slot.start.gate ?? ports.gate;
  const started = scope.draft.add(
    'start-container',
    { container: created.handle },
    {
      target: containerRef(name),
      service: service.name,
      because,
      needs: [...created.steps, ...slot.start.needs, ...ports.needs],
      gate,
    },
  );
  return { ...missing, startStep: scope.draft.isGated(started) ? undefined : started };
}
