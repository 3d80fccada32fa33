import type { DesiredContainer } from '../model/desired.ts';
import type { BadRevision } from '../model/memory.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Cause, ContainerHandle, Gate, StepId } from '../model/plan.ts';
import { createContainer } from './create.ts';
import { cause, containerRef } from './draft.ts';
import { handOver, takeBack } from './hand-over.ts';
import { countRestart } from './heal.ts';
import { badRevisionBlocker } from './hold-back.ts';
import { keepUp, startExisting } from './maintain.ts';
import { freeName } from './names.ts';
import { fixedPorts, fixedPortsOf } from './port-index.ts';
import { portCondition } from './ports.ts';
import { dropContainer, removeContainer, stopContainer } from './remove.ts';
import { mayFail } from './rollout.ts';
import type { Scope } from './scope.ts';
import { outdatedBecause, type Slot } from './slots.ts';
import { asUncalled, canHandOver, mayStartFirst } from './start-first.ts';
import { isFinished, judge, mayTryOnceMore, wasStoppedFor, wentWithEngine } from './verdict.ts';

/** What became of a slot, for the service and for its dependents. */
export interface SlotPlan {
  /** The step after which it is started, when it happens in this plan without waiting. */
  readonly startStep: StepId | undefined;
  /** Not simply running on: made, started, stopped or missing. */
  readonly disturbed: boolean;
  /** A replacement is under way; others of the service wait for it. */
  readonly rolling: boolean;
}

/**
 * create NAME.hash8 -> stop old -> start new -> health gate -> remove old -> rename (DESIGN 4.6). The old
 * container is there to go back to until the new one has proved itself, and a crash between any two steps
 * leaves a state that the next pass goes on from.
 */
export function replace(scope: Scope, slot: Slot, rollGate: Gate | undefined): SlotPlan {
  const [old, ...surplus] = slot.outdated;
  if (old === undefined) return { startStep: undefined, disturbed: true, rolling: false };
  const because = outdatedBecause(scope, slot.container, old) ?? cause('SpecChanged');
  const { service, container } = slot;
  const ports = portCondition(scope, { service, container, ports: fixedPorts(container) });
  if (slot.image.blocked || ports.blocked) {
    return service.isJob
      ? { startStep: undefined, disturbed: false, rolling: false }
      : keepUp(scope, slot, old);
  }
  const gate = slot.image.gate ?? slot.start.gate ?? rollGate ?? ports.gate;
  // A job of an earlier spec is not run again while the new one waits.
  if (gate !== undefined && !service.isJob) keepUp(scope, slot, old);
  if (gate?.kind === 'delay') scope.draft.lookAgainAt(gate.untilMs);
  const name = freeName(scope, slot);
  const created = createContainer(scope, {
    service: slot.service,
    container: made(scope, slot),
    image: slot.image.image,
    name,
    because,
    gate,
  });
  if (created === undefined) return { startStep: undefined, disturbed: false, rolling: false };
  const about = { target: containerRef(name), service: slot.service.name, because, gate };
  const startFirst = mayStartFirst(scope, slot);
  const stopped = startFirst ? [] : stopContainer(scope, old, slot.service, because, created.steps, gate);
  const cleared = surplus.flatMap((extra) =>
    removeContainer(scope, extra, cause('Duplicate'), created.steps, gate),
  );
  const started = scope.draft.add(
    'start-container',
    { container: created.handle },
    { ...about, needs: [...created.steps, ...stopped, ...cleared, ...slot.start.needs, ...ports.needs] },
  );
  finish(scope, slot, {
    handle: created.handle,
    name,
    old,
    because,
    after: [started],
    waitUntilMs: undefined,
  });
  return {
    startStep: scope.draft.isGated(started) ? undefined : started,
    disturbed: true,
    rolling: true,
  };
}

/** As the new container is made: one that can be handed over to is not called before it is good. */
function made(scope: Scope, slot: Slot): DesiredContainer {
  return canHandOver(scope, slot) ? asUncalled(scope, slot.container) : slot.container;
}

interface Finish {
  readonly handle: ContainerHandle;
  /** The name the new one has now. */
  readonly name: string;
  readonly old: ObservedContainer;
  readonly because: Cause;
  readonly after: readonly StepId[];
  /** When the wait ends in a failure or a success without any event. */
  readonly waitUntilMs: number | undefined;
}

/** The gated end of a replacement: away with the old one, and its name to the new one. */
function finish(scope: Scope, slot: Slot, end: Finish): void {
  const gate: Gate = {
    kind: 'replacement',
    container: end.name,
    until: hasHealthcheck(slot) ? 'healthy' : 'running',
    atMs: end.waitUntilMs,
  };
  const because = cause('Replaced', end.because.changes);
  // Where the old one had to make room first, it is stopped by now.
  const removed = mayStartFirst(scope, slot)
    ? removeContainer(scope, end.old, because, end.after, gate)
    : dropContainer(scope, end.old, because, end.after, gate);
  if (end.name === slot.container.name) return;
  scope.draft.add(
    'rename-container',
    { container: end.handle, newName: slot.container.name },
    {
      target: containerRef(end.name),
      service: slot.service.name,
      because: cause('Replaced'),
      needs: removed,
      gate,
    },
  );
}

function hasHealthcheck(slot: Slot): boolean {
  const own = slot.container.config.Healthcheck?.Test;
  if (own !== undefined) return own[0] !== 'NONE';
  return slot.image.image?.hasHealthcheck ?? false;
}

/** Goes on with a replacement that an earlier pass began: forward, wait, or back. */
export function continueReplacement(scope: Scope, slot: Slot, fresh: ObservedContainer): SlotPlan {
  const [old, ...surplus] = slot.outdated;
  if (old === undefined) return { startStep: undefined, disturbed: false, rolling: false };
  const cleared = surplus.flatMap((extra) => removeContainer(scope, extra, cause('Duplicate'), []));
  const verdict = judge(scope, slot, fresh, old);
  switch (verdict.kind) {
    case 'not-started':
      return startFresh(scope, slot, fresh, { old, cleared });
    case 'waiting': {
      if (verdict.untilMs !== undefined) scope.draft.lookAgainAt(verdict.untilMs);
      if (fresh.state === 'paused') unpause(scope, slot, fresh);
      const because = cause('SpecChanged');
      takeBack(scope, slot, old);
      // Its restart policy, or somebody, may have started it again.
      const after = mayStartFirst(scope, slot) ? [] : stopContainer(scope, old, slot.service, because, []);
      finish(scope, slot, { ...endOf(fresh), old, because, after, waitUntilMs: verdict.untilMs });
      return { startStep: undefined, disturbed: true, rolling: true };
    }
    case 'good':
      handOver(scope, slot, fresh, old);
      return { startStep: undefined, disturbed: false, rolling: true };
    case 'failed':
      return fail(scope, slot, fresh, old, verdict.reason);
  }
}

/** The new one was made and not started: a crash came between, or its turn had not come. */
function startFresh(
  scope: Scope,
  slot: Slot,
  fresh: ObservedContainer,
  before: { readonly old: ObservedContainer; readonly cleared: readonly StepId[] },
): SlotPlan {
  const { service, container } = slot;
  const { old, cleared } = before;
  const ports = portCondition(scope, { service, container, ports: fixedPortsOf(fresh) });
  if (ports.blocked) {
    // Somebody took the port meanwhile: what served until then goes on, as if it had been seen before.
    if (!service.isJob) keepUp(scope, slot, old);
    return { startStep: undefined, disturbed: false, rolling: true };
  }
  const because = cause('SpecChanged');
  const gate = slot.start.gate ?? ports.gate;
  takeBack(scope, slot, old);
  const stopped = mayStartFirst(scope, slot) ? [] : stopContainer(scope, old, service, because, [], gate);
  const needs = [...stopped, ...cleared, ...slot.start.needs, ...ports.needs];
  const started = startExisting(scope, { ...slot, container: made(scope, slot) }, fresh, because, {
    needs,
    gate,
  });
  const after = started === undefined ? needs : [started];
  finish(scope, slot, { ...endOf(fresh), old, because, after, waitUntilMs: undefined });
  const runs = started !== undefined && !scope.draft.isGated(started);
  const isForgiven = wasStoppedFor(old, fresh) || wentWithEngine(scope, fresh);
  if (runs && !isForgiven && mayTryOnceMore(scope, slot, fresh, old)) countRestart(scope, slot.name);
  return { startStep: runs ? started : undefined, disturbed: true, rolling: true };
}

const endOf = (fresh: ObservedContainer) => ({
  handle: { by: 'id', id: fresh.id } as const,
  name: fresh.name,
});

function unpause(scope: Scope, slot: Slot, fresh: ObservedContainer): void {
  scope.draft.add(
    'unpause-container',
    { container: { by: 'id', id: fresh.id } },
    { target: containerRef(fresh.name), service: slot.service.name, because: cause('Paused') },
  );
}

/** A new container that failed: it may, or everything stays as it is, or the one that worked comes back. */
function fail(
  scope: Scope,
  slot: Slot,
  fresh: ObservedContainer,
  old: ObservedContainer,
  reason: string,
): SlotPlan {
  const { failureAction } = slot.service.update;
  if (failureAction === 'continue' || mayFail(scope, slot)) {
    handOver(scope, slot, fresh, old);
    return { startStep: undefined, disturbed: true, rolling: true };
  }
  const bad: BadRevision = {
    specHash: slot.container.specHash,
    imageId: fresh.imageId,
    reason,
    atMs: scope.context.nowMs,
    ...(failureAction === 'pause' ? { isPaused: true } : {}),
  };
  scope.memory.badRevisions[slot.service.name] = bad;
  if (failureAction === 'pause') return pause(scope, slot, bad);
  keepOld(scope, { ...slot, current: [fresh], outdated: [old] }, bad);
  return { startStep: undefined, disturbed: true, rolling: true };
}

/** Neither forward nor back (`failure_action: pause`): what stands there is kept as well as it goes. */
export function pause(scope: Scope, slot: Slot, bad: BadRevision): SlotPlan {
  // With start-first the old one serves still, and is the one that is called.
  const [keep] = [...slot.outdated.filter(isUp), ...slot.current, ...slot.outdated];
  scope.draft.block({
    target: containerRef(slot.container.name),
    service: slot.service.name,
    code: 'RolloutPaused',
    message: `the new revision failed (${bad.reason}), and its failure_action is pause`,
    hint: `\`stackctl rollout resume ${scope.desired.name}\` tries again, \`stackctl rollback ${scope.desired.name}\` goes back; or change the manifest`,
  });
  if (keep === undefined) return { startStep: undefined, disturbed: true, rolling: false };
  return keepUp(scope, slot, keep);
}

/** The wanted revision is known to be bad: what worked keeps running, and leftovers of the bad one go. */
export function keepOld(scope: Scope, slot: Slot, bad: BadRevision): SlotPlan {
  const [old, ...surplus] = slot.outdated;
  if (old === undefined) return { startStep: undefined, disturbed: true, rolling: false };
  scope.draft.block(badRevisionBlocker(slot.service, bad));
  const leftovers = [...slot.current, ...surplus];
  if (leftovers.length === 0) return keepUp(scope, slot, old);
  const because = cause('RolledBack', [
    { path: 'revision', from: slot.container.specHash.slice(0, 11), to: bad.reason },
  ]);
  const called = takeBack(scope, slot, old);
  const stopped = leftovers.flatMap((left) => stopContainer(scope, left, slot.service, because, called));
  const rests = isUp(old) || (isFinished(slot, old) && !leftovers.some((left) => wasStoppedFor(left, old)));
  const started = rests
    ? undefined
    : startExisting(scope, slot, old, because, { needs: stopped, gate: undefined });
  const after = started === undefined ? stopped : [started];
  for (const left of leftovers) dropContainer(scope, left, because, after);
  return { startStep: undefined, disturbed: started !== undefined, rolling: false };
}

const isUp = (live: ObservedContainer): boolean => live.state === 'running' || live.state === 'restarting';
