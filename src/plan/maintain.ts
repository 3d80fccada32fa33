import type { ObservedContainer } from '../model/observed.ts';
import type { Cause, Gate, StepId } from '../model/plan.ts';
import { repairAttachments } from './attach.ts';
import { cause, containerRef } from './draft.ts';
import { resourceDrift } from './drift.ts';
import { currentContainers } from './gates.ts';
import { bookRestart, forgiveRestarts, isCertainlyUnhealthy } from './heal.ts';
import { addPreStop } from './hooks.ts';
import { repairName } from './names.ts';
import { fixedPortsOf } from './port-index.ts';
import { isInTheWay, portCondition } from './ports.ts';
import { isFalseDrift } from './repeats.ts';
import type { SlotPlan } from './replace.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';
import { isFinished, settledAtMs } from './verdict.ts';

const UNDISTURBED: SlotPlan = { startStep: undefined, disturbed: false, rolling: false };

/** Keeps the right container right: attachments, limits, name, state, in place wherever possible. */
export function maintain(scope: Scope, slot: Slot, live: ObservedContainer): SlotPlan {
  repairResources(scope, slot, live);
  return keepUp(scope, slot, live);
}

/** The same without the limits: those of an earlier revision are its own. */
export function keepUp(scope: Scope, slot: Slot, live: ObservedContainer): SlotPlan {
  // This plan stops it, so that another gets its port: whatever starts it again would take the port back.
  if (scope.freedPorts.has(live.id)) return { ...UNDISTURBED, disturbed: true };
  forgiveRestarts(scope, slot.name, live);
  repairName(scope, slot, live);
  switch (live.state) {
    case 'running':
      return maintainRunning(scope, slot, live);
    case 'paused':
      repairAttachments(scope, slot.container, live);
      unpause(scope, slot, live);
      return UNDISTURBED;
    case 'created':
    case 'exited':
      return maintainStopped(scope, slot, live);
    case 'restarting':
      // Its restart policy is at work in the engine, with a back-off of its own.
      repairAttachments(scope, slot.container, live);
      return { ...UNDISTURBED, disturbed: true };
    case 'removing':
    case 'dead':
      return { ...UNDISTURBED, disturbed: true };
  }
}

function unpause(scope: Scope, slot: Slot, live: ObservedContainer): void {
  const service = slot.service.name;
  const change = { path: 'state', from: 'paused', to: 'running' };
  if (scope.isIgnored({ section: 'services', name: service }, change)) return;
  scope.draft.add(
    'unpause-container',
    { container: { by: 'id', id: live.id } },
    { target: containerRef(live.name), service, because: cause('Paused') },
  );
}

function repairResources(scope: Scope, slot: Slot, live: ObservedContainer): void {
  const about = { section: 'services', name: slot.service.name } as const;
  const { changes: found } = resourceDrift(slot.container, live);
  const changes = found.filter((change) => !scope.isIgnored(about, change));
  if (changes.length === 0) return;
  if (isFalseDrift(scope, containerRef(live.name), changes, slot.service.name)) return;
  const policyChanged = changes.some((each) => each.path === 'restart');
  scope.draft.add(
    'update-container',
    {
      container: { by: 'id', id: live.id },
      resources: slot.container.resources,
      restartPolicy: policyChanged ? slot.container.restartPolicy : undefined,
    },
    { target: containerRef(live.name), service: slot.service.name, because: cause('Drifted', changes) },
  );
}

function maintainRunning(scope: Scope, slot: Slot, live: ObservedContainer): SlotPlan {
  const wellAtMs = settledAtMs(slot.service, live, scope.memory.restarts[slot.name]?.count ?? 0);
  if (wellAtMs !== undefined && wellAtMs > scope.context.nowMs) scope.draft.lookAgainAt(wellAtMs);
  const repaired = repairAttachments(scope, slot.container, live);
  if (slot.service.healUnhealthy && isCertainlyUnhealthy(scope, live)) {
    const gate = bookRestart(scope, slot.name);
    return restart(scope, slot, live, cause('Unhealthy'), { needs: repaired.steps, gate });
  }
  if (live.staleBinds.length > 0) {
    const changes = live.staleBinds.map((path) => ({
      path: `volumes.${path}`,
      from: 'replaced on the host',
      to: 'mounted again',
    }));
    if (!isFalseDrift(scope, containerRef(live.name), changes, slot.service.name)) {
      return restart(scope, slot, live, cause('StaleBind', changes), {
        needs: repaired.steps,
        gate: undefined,
      });
    }
  }
  const parent = newerParent(scope, slot, live);
  if (parent !== undefined) {
    const changes = [
      {
        path: `depends_on.${parent.service}`,
        from: 'started before it',
        to: `started after ${parent.name} (${parent.startedAtMs})`,
      },
    ];
    if (!isFalseDrift(scope, containerRef(live.name), changes, slot.service.name)) {
      const { gate } = slot.start;
      return restart(scope, slot, live, cause('DependencyReplaced', changes), {
        needs: repaired.steps,
        gate,
      });
    }
  }
  return UNDISTURBED;
}

/** A dependency with `restart: true` (also the owner of a shared namespace) that was started after this one. */
function newerParent(scope: Scope, slot: Slot, live: ObservedContainer): ObservedContainer | undefined {
  for (const dependency of slot.service.dependsOn) {
    if (!dependency.restart || scope.services.get(dependency.service)?.disturbed === true) continue;
    const target = scope.wanted.get(dependency.service);
    if (target === undefined) continue;
    const newer = currentContainers(scope, target).find(
      (parent) => parent?.state === 'running' && (parent.startedAtMs ?? 0) > (live.startedAtMs ?? 0),
    );
    if (newer !== undefined) return newer;
  }
  return undefined;
}

/** Restarts in place, with the hooks of a stop before it. */
export function restart(
  scope: Scope,
  slot: Slot,
  live: ObservedContainer,
  because: Cause,
  when: { readonly needs: readonly StepId[]; readonly gate: Gate | undefined },
): SlotPlan {
  const step = scope.draft.add(
    'restart-container',
    { container: { by: 'id', id: live.id }, graceMs: slot.service.stopGraceMs },
    {
      target: containerRef(live.name),
      service: slot.service.name,
      because,
      needs: addPreStop(scope, live, { because, ...when }),
      gate: when.gate,
    },
  );
  const now = when.gate === undefined;
  return { startStep: now ? step : undefined, disturbed: now, rolling: false };
}

function maintainStopped(scope: Scope, slot: Slot, live: ObservedContainer): SlotPlan {
  if (isFinished(slot, live)) {
    const isJobOfThisSpec = slot.service.isJob && live.specHash === slot.container.specHash;
    if (isJobOfThisSpec) scope.memory.completedJobs[slot.name] = slot.container.specHash;
    repairAttachments(scope, slot.container, live);
    return UNDISTURBED;
  }
  if (slot.outdated.includes(live) && isInTheWay(scope, live)) return { ...UNDISTURBED, disturbed: true };
  const ports = portCondition(scope, {
    service: slot.service,
    container: slot.container,
    ports: fixedPortsOf(live),
  });
  if (ports.blocked) return { ...UNDISTURBED, disturbed: true };
  // A first start is no restart; one that the engine refused before is paced like one.
  const isFirst = live.state === 'created' && live.error === '';
  const waits = slot.start.gate ?? ports.gate ?? (isFirst ? undefined : bookRestart(scope, slot.name));
  const because = live.state === 'created' ? cause('NotRunning') : cause('NotRunning', exitChange(live));
  const step = startExisting(scope, slot, live, because, {
    needs: [...slot.start.needs, ...ports.needs],
    gate: waits,
  });
  const runs = step !== undefined && !scope.draft.isGated(step);
  return { startStep: runs ? step : undefined, disturbed: true, rolling: false };
}

const exitChange = (live: ObservedContainer) => [
  { path: 'state', from: `exited (${live.exitCode})`, to: 'running' },
];

/** Starts a container that exists: attachments first, and injected files when it never ran. */
export function startExisting(
  scope: Scope,
  slot: Slot,
  live: ObservedContainer,
  because: Cause,
  when: { readonly needs: readonly StepId[]; readonly gate: Gate | undefined },
): StepId | undefined {
  const about = { target: containerRef(live.name), service: slot.service.name, because, gate: when.gate };
  const handle = { by: 'id', id: live.id } as const;
  const repaired = repairAttachments(scope, slot.container, live);
  const needs = [...when.needs, ...repaired.steps];
  // A crash may have come between the creation and this; putting them there again does no harm.
  if (live.state === 'created' && slot.container.files.length > 0) {
    needs.push(
      scope.draft.add(
        'put-files',
        { container: handle, files: slot.container.files },
        { ...about, needs: [] },
      ),
    );
  }
  if (live.state === 'paused') {
    return scope.draft.add('unpause-container', { container: handle }, { ...about, needs });
  }
  return scope.draft.add('start-container', { container: handle }, { ...about, needs });
}
