import type { DesiredStack } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { Observed } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import { isCompletedJob } from './gates.ts';
import { planImages } from './images.ts';
import { planNetworks } from './networks.ts';
import { pruneContainers, pruneNetworks } from './prune.ts';
import { createScope, type PlanContext, type Scope } from './scope.ts';
import { planService } from './services.ts';
import { outdatedBecause } from './slots.ts';
import { planVolumes } from './volumes.ts';

/**
 * The whole way from what is to what should be, as steps of one engine call each. Pure, total and
 * deterministic: the same stack, snapshot and context give the same plan, whatever order things were seen in.
 * An empty plan means converged, and nothing else does.
 */
export function makePlan(desired: DesiredStack, observed: Observed, context: PlanContext): Plan {
  const scope = createScope(desired, observed, context);
  forgetStrangers(scope);
  pruneContainers(scope);
  planNetworks(scope);
  planVolumes(scope);
  const images = planImages(scope, (ref) => isImageNeeded(scope, ref));
  for (const service of desired.services) planService(scope, service, images);
  pruneNetworks(scope);
  keepOnly(scope.memory.repeats, (key) => scope.metRepairs.has(key));
  return scope.draft.build(scope.memory);
}

/** Whether some container has to be made from this image. */
function isImageNeeded(scope: Scope, ref: string): boolean {
  return scope.desired.services
    .filter((service) => service.image === ref)
    .flatMap((service) => service.containers)
    .some((container) => {
      const slot = scope.slots.get(slotName(container.service, container.ordinal)) ?? [];
      if (slot.length === 0 && isCompletedJob(scope, container)) return false;
      return !slot.some((live) => outdatedBecause(scope, container, live) === undefined);
    });
}

/** Drops what is remembered of containers, slots and services that are no more. */
function forgetStrangers(scope: Scope): void {
  const { memory, desired } = scope;
  const ids = new Set<string>(scope.observed.containers.map((live) => live.id));
  const slots = new Set<string>(
    desired.services.flatMap((service) =>
      service.containers.map((replica) => slotName(service.name, replica.ordinal)),
    ),
  );
  const services = new Map(desired.services.map((service) => [service.name, service]));
  keepOnly(memory.unhealthySince, (id) => ids.has(id));
  keepOnly(memory.attachedSince, (id) => ids.has(id));
  keepOnly(memory.hooks, (id) => ids.has(id));
  keepOnly(memory.restarts, (slot) => slots.has(slot));
  keepOnly(memory.completedJobs, (slot) => slots.has(slot));
  keepOnly(memory.pulls, (ref) => desired.images.some((image) => image.ref === ref));
  keepOnly(memory.badRevisions, (name) => {
    const bad = memory.badRevisions[name];
    return services.get(name)?.containers.some((replica) => replica.specHash === bad?.specHash) ?? false;
  });
}

function keepOnly<Value>(record: Record<string, Value>, wanted: (key: string) => boolean): void {
  for (const key of Object.keys(record)) if (!wanted(key)) delete record[key];
}
