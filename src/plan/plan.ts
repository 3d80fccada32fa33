import type { DesiredContainer, DesiredStack } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { Observed } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import { isCompletedJob } from './gates.ts';
import { blockHeldBack, holdBack } from './hold-back.ts';
import { planImages } from './images.ts';
import { planNetworks } from './networks.ts';
import { pruneContainers, pruneNetworks } from './prune.ts';
import { copyMemory, createScope, type MemoryDraft, type PlanContext, type Scope } from './scope.ts';
import { planService } from './services.ts';
import { outdatedBecause } from './slots.ts';
import { planVolumes } from './volumes.ts';
import { isDone, withholdDrift } from './withhold.ts';

/**
 * The whole way from what is to what should be, as steps of one engine call each. Pure, total and
 * deterministic: the same stack, snapshot and context give the same plan, whatever order things were seen in.
 * An empty plan means converged, and nothing else does.
 */
export function makePlan(desired: DesiredStack, observed: Observed, context: PlanContext): Plan {
  const memory = copyMemory(context);
  forgetStrangers(memory, { desired, observed, context });
  const wanted = holdBack(desired, observed, { memory, lastReady: context.lastReady });
  const scope = createScope(wanted.desired, observed, { context, memory });
  blockHeldBack(scope.draft, wanted.held);
  pruneContainers(scope);
  planNetworks(scope);
  planVolumes(scope);
  const users = imageUsers(scope.desired);
  const images = planImages(scope, (ref) => isImageNeeded(scope, users.get(ref) ?? []));
  for (const service of wanted.desired.services) planService(scope, service, images);
  pruneNetworks(scope);
  keepOnly(scope.memory.repeats, (key) => scope.metRepairs.has(key));
  return withoutDrift(desired, scope);
}

/** As far as `driftDetection` of the manifest lets drift be repaired. */
function withoutDrift(
  { revision, policy: { driftDetection } }: DesiredStack,
  { draft, memory }: Scope,
): Plan {
  const isSettled = memory.settled === revision;
  const plan = draft.build(memory);
  if (!isSettled && isDone(plan)) memory.settled = revision;
  // A changed manifest is carried out as a whole.
  return isSettled && driftDetection !== 'enabled' ? withholdDrift(plan, driftDetection) : plan;
}

/** The containers that are made from an image, or mount it, by its reference. */
function imageUsers({ services }: DesiredStack): ReadonlyMap<string, readonly DesiredContainer[]> {
  const users = new Map<string, DesiredContainer[]>();
  for (const { image, containers } of services) {
    for (const container of containers) {
      for (const ref of new Set([image, ...mountedImages(container)])) {
        users.set(ref, users.get(ref) ?? []);
        users.get(ref)?.push(container);
      }
    }
  }
  return users;
}

const mountedImages = ({ host }: DesiredContainer): readonly string[] =>
  (host.Mounts ?? []).flatMap(({ Type, Source }) =>
    Type === 'image' && Source !== undefined ? [Source] : [],
  );

/** Whether some of these has to be made. */
function isImageNeeded(scope: Scope, users: readonly DesiredContainer[]): boolean {
  return users.some((container) => {
    const slot = scope.slots.get(slotName(container.service, container.ordinal)) ?? [];
    if (slot.length === 0 && isCompletedJob(scope, container)) return false;
    return !slot.some((live) => outdatedBecause(scope, container, live) === undefined);
  });
}

/** Drops what is remembered of containers, slots and services that are no more. */
function forgetStrangers(
  memory: MemoryDraft,
  about: { readonly desired: DesiredStack; readonly observed: Observed; readonly context: PlanContext },
): void {
  const { desired, observed, context } = about;
  const ids = new Set<string>(observed.containers.map((live) => live.id));
  const slots = new Set<string>(
    desired.services.flatMap((service) =>
      service.containers.map((replica) => slotName(service.name, replica.ordinal)),
    ),
  );
  const services = new Map(desired.services.map((service) => [service.name, service]));
  const images = new Set(desired.images.map(({ ref }) => ref));
  keepOnly(memory.restarted, (id) => ids.has(id));
  keepOnly(memory.unhealthySince, (id) => ids.has(id));
  keepOnly(memory.attachedSince, (id) => ids.has(id));
  keepOnly(memory.hooks, (id) => ids.has(id));
  keepOnly(memory.restarts, (slot) => slots.has(slot));
  keepOnly(memory.completedJobs, (slot) => slots.has(slot));
  keepOnly(memory.pulls, (ref) => images.has(ref));
  keepOnly(memory.rollouts, (name) => services.has(name));
  keepOnly(memory.guests, (name) => desired.networks.some((network) => network.name === name));
  keepOnly(memory.badRevisions, (name) => {
    const bad = memory.badRevisions[name];
    if ((bad?.atMs ?? 0) < (context.retryAskedAtMs ?? 0)) return false;
    return services.get(name)?.containers.some((replica) => replica.specHash === bad?.specHash) ?? false;
  });
}

function keepOnly<Value>(record: Record<string, Value>, wanted: (key: string) => boolean): void {
  for (const key of Object.keys(record)) if (!wanted(key)) delete record[key];
}
