import type { DesiredService } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Cause, Gate, StepId } from '../model/plan.ts';
import { containerRef } from './draft.ts';
import { addPreStop } from './hooks.ts';
import type { Scope } from './scope.ts';

/** The engine's own, for a container that was made without. */
const DEFAULT_GRACE_MS = 10_000;

/** The time that a container was made with to stop in. */
export function ownGraceMs(live: ObservedContainer): number {
  const seconds = live.madeFrom.config['StopTimeout'];
  return typeof seconds === 'number' ? seconds * 1000 : DEFAULT_GRACE_MS;
}

/** Stops a container that runs; no step for one that does not. */
export function stopContainer(
  scope: Scope,
  live: ObservedContainer,
  service: DesiredService | undefined,
  because: Cause,
  needs: readonly StepId[],
  gate?: Gate | undefined,
): readonly StepId[] {
  if (live.state !== 'running' && live.state !== 'paused' && live.state !== 'restarting') return [];
  const step = scope.draft.add(
    'stop-container',
    {
      container: { by: 'id', id: live.id },
      graceMs: service?.stopGraceMs ?? ownGraceMs(live),
      signal: undefined,
    },
    {
      target: containerRef(live.name),
      service: live.service,
      because,
      needs: addPreStop(scope, live, { because, needs, gate }),
      gate,
    },
  );
  if (!scope.draft.isGated(step)) scope.freedPorts.set(live.id, step);
  return [step];
}

/** Stops and removes; what comes after it needs the steps returned. Volumes stay, always. */
export function removeContainer(
  scope: Scope,
  live: ObservedContainer,
  because: Cause,
  needs: readonly StepId[],
  gate?: Gate | undefined,
): readonly StepId[] {
  const service = scope.wanted.get(live.service ?? '');
  const stopped = stopContainer(scope, live, service, because, needs, gate);
  return dropContainer(scope, live, because, stopped.length > 0 ? stopped : needs, gate);
}

/** Removes one that does not run, or is stopped by `needs`. */
export function dropContainer(
  scope: Scope,
  live: ObservedContainer,
  because: Cause,
  needs: readonly StepId[],
  gate?: Gate | undefined,
): readonly StepId[] {
  const step = scope.draft.add(
    'remove-container',
    { container: { by: 'id', id: live.id } },
    { target: containerRef(live.name), service: live.service, because, needs, gate },
  );
  if (!scope.draft.isGated(step)) scope.freedNames.set(live.name, step);
  return [step];
}

/** The step of this plan that removes a container without waiting for anything, if there is one. */
export function removalOf(scope: Scope, id: string): StepId | undefined {
  const step = scope.draft.stepsOn(id).find(({ kind }) => kind === 'remove-container');
  return step === undefined || scope.draft.isGated(step.id) ? undefined : step.id;
}
