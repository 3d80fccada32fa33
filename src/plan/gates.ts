import type { DesiredContainer, DesiredDependency, DesiredService } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Gate, StepId } from '../model/plan.ts';
import type { Scope } from './scope.ts';

/** What stands between a service and its start. */
export interface StartCondition {
  readonly gate: Gate | undefined;
  /** Starts of dependencies in this very plan: enough for `service_started`. */
  readonly needs: readonly StepId[];
}

/** May a container of this service be started in this pass? The first thing to wait for is named. */
export function startCondition(scope: Scope, service: DesiredService): StartCondition {
  const stack = stackGate(scope);
  if (stack !== undefined) return { gate: stack, needs: [] };
  const needs: StepId[] = [];
  for (const dependency of service.dependsOn) {
    const condition = dependencyCondition(scope, dependency);
    if (condition.gate !== undefined) return { gate: condition.gate, needs: [] };
    needs.push(...condition.needs);
  }
  return { gate: undefined, needs };
}

/** The first of the stacks that this one depends on which is not Ready. */
export function stackGate({ desired, context }: Pick<Scope, 'desired' | 'context'>): Gate | undefined {
  const stack = desired.policy.dependsOn.find((name) => context.readyStacks[name] !== true);
  if (stack === undefined) return undefined;
  return { kind: 'stack', stack, isMissing: !Object.hasOwn(context.readyStacks, stack) };
}

const UNTIL = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const;

function dependencyCondition(scope: Scope, dependency: DesiredDependency): StartCondition {
  const target = scope.wanted.get(dependency.service);
  const open: StartCondition = { gate: undefined, needs: [] };
  if (target === undefined || target.containers.length === 0 || !dependency.required) return open;
  const until = UNTIL[dependency.condition];
  const gate: Gate = { kind: 'service', service: target.name, until };
  const plan = scope.services.get(target.name);
  if (until === 'started') {
    if (plan?.disturbed !== true) return isStarted(scope, target) ? open : { gate, needs: [] };
    return plan.startSteps.length > 0 ? { gate: undefined, needs: plan.startSteps } : { gate, needs: [] };
  }
  if (plan?.disturbed === true) return { gate, needs: [] };
  const fulfilled =
    until === 'healthy' ? currentContainers(scope, target).every(isHealthy) : isCompleted(scope, target);
  return fulfilled && isStarted(scope, target) ? open : { gate, needs: [] };
}

/** The observed container of each slot that is made from today's spec; undefined where there is none. */
export function currentContainers(
  scope: Scope,
  service: DesiredService,
): readonly (ObservedContainer | undefined)[] {
  return service.containers.map((replica) => {
    const candidates = scope.slots.get(slotName(service.name, replica.ordinal)) ?? [];
    return (
      candidates.find((live) => live.specHash === replica.specHash && live.state === 'running') ??
      candidates.find((live) => live.specHash === replica.specHash) ??
      candidates.find((live) => live.state === 'running')
    );
  });
}

function isStarted(scope: Scope, service: DesiredService): boolean {
  return isCompleted(scope, service, (live) => live.state === 'running');
}

export const isHealthy = (live: ObservedContainer | undefined): boolean =>
  live?.state === 'running' && live.health?.status === 'healthy';

const isDone = (live: ObservedContainer): boolean => live.state === 'exited' && live.exitCode === 0;

/** Whether each replica ended well, or `suffices` says yes. */
function isCompleted(
  scope: Scope,
  service: DesiredService,
  suffices: (live: ObservedContainer) => boolean = () => false,
): boolean {
  const containers = currentContainers(scope, service);
  return service.containers.every((replica, index) => {
    const live = containers[index];
    return live === undefined ? isCompletedJob(scope, replica) : suffices(live) || isDone(live);
  });
}

/** A job of this very spec ended well; that its container was removed since is no reason to run it again. */
export function isCompletedJob(scope: Scope, container: DesiredContainer): boolean {
  const slot = slotName(container.service, container.ordinal);
  return scope.memory.completedJobs[slot] === container.specHash;
}
