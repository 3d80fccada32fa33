import type { DesiredService } from '../model/desired.ts';
import type { Gate, StepId } from '../model/plan.ts';
import { createContainer } from './create.ts';
import { cause, containerRef } from './draft.ts';
import { isCompletedJob, startCondition } from './gates.ts';
import { addPostStart } from './hooks.ts';
import type { ImageState } from './images.ts';
import { maintain } from './maintain.ts';
import { freeName, isNameTaken } from './names.ts';
import { fixedPorts, portCondition } from './ports.ts';
import { removeContainer } from './remove.ts';
import { continueReplacement, keepOld, replace, type SlotPlan } from './replace.ts';
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
    const plan = addPostStart(scope, slot, planSlot(scope, slot, rollGate(service, rolling)));
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

/** Replicas are replaced `parallelism` at a time (0: all at once); the next waits for those before it. */
function rollGate(service: DesiredService, rolling: readonly string[]): Gate | undefined {
  const last = rolling.at(-1);
  if (last === undefined || service.update.parallelism === 0) return undefined;
  if (rolling.length < service.update.parallelism) return undefined;
  return { kind: 'replacement', container: last, until: 'healthy', atMs: undefined };
}

function planSlot(scope: Scope, slot: Slot, gate: Gate | undefined): SlotPlan {
  for (const useless of slot.useless) removeContainer(scope, useless, cause('Orphaned'), []);
  if (isKnownBad(scope, slot)) return keepOld(scope, slot);
  const [keep, ...duplicates] = slot.current;
  for (const duplicate of duplicates) removeContainer(scope, duplicate, cause('Duplicate'), []);
  if (keep === undefined) {
    return slot.outdated.length > 0 ? replace(scope, slot, gate) : createFresh(scope, slot);
  }
  return slot.outdated.length > 0 ? continueReplacement(scope, slot, keep) : maintain(scope, slot, keep);
}

function isKnownBad(scope: Scope, slot: Slot): boolean {
  const bad = scope.memory.badRevisions[slot.service.name];
  if (bad === undefined || slot.outdated.length === 0) return false;
  const sameImage = slot.image.image === undefined || slot.image.image.id === bad.imageId;
  return bad.specHash === slot.container.specHash && sameImage;
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
