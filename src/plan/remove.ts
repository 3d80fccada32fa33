import type { DesiredService } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Cause, Gate, StepId } from '../model/plan.ts';
import { containerRef } from './draft.ts';
import { portKey } from './ports.ts';
import type { Scope } from './scope.ts';

const DEFAULT_GRACE_MS = 10_000;

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
      graceMs: service?.stopGraceMs ?? DEFAULT_GRACE_MS,
      signal: undefined,
    },
    { target: containerRef(live.name), service: live.service, because, needs, gate },
  );
  if (gate === undefined) {
    for (const port of live.ports) scope.freedPorts.set(portKey(port), step);
    scope.freedPorts.set(live.id, step);
  }
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
  const service = scope.desired.services.find((each) => each.name === live.service);
  const stopped = stopContainer(scope, live, service, because, needs, gate);
  const step = scope.draft.add(
    'remove-container',
    { container: { by: 'id', id: live.id } },
    {
      target: containerRef(live.name),
      service: live.service,
      because,
      needs: stopped.length > 0 ? stopped : needs,
      gate,
    },
  );
  if (gate === undefined) scope.freedNames.set(live.name, step);
  return [step];
}
