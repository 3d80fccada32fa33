import { COMPOSE } from '../model/labels.ts';
import { EMPTY_MEMORY } from '../model/memory.ts';
import type { StackName } from '../model/names.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Plan, StepId } from '../model/plan.ts';
import { cause, containerRef, networkRef, PlanDraft, volumeRef } from './draft.ts';
import { preStopOfDeleted } from './hooks.ts';
import { ownGraceMs } from './remove.ts';
import { inStableOrder, oursOf } from './scope.ts';

/**
 * Takes down everything of a stack that was deleted: containers, then networks; volumes only when they were
 * asked for by name of the flag. A network that others still use stays, with a blocker that names them.
 */
export function planDeletion(stack: StackName, seen: Observed, options: { readonly volumes: boolean }): Plan {
  const draft = new PlanDraft();
  const observed = inStableOrder(seen);
  const because = cause('StackDeleted');
  const own = oursOf(stack, observed);
  const stops = stopAll(draft, own);
  const removed: StepId[] = own.map((live) =>
    draft.add(
      'remove-container',
      { container: { by: 'id', id: live.id } },
      { target: containerRef(live.name), service: live.service, because, needs: stops.get(live.id) ?? [] },
    ),
  );
  for (const network of observed.networks) {
    if (network.ownership !== 'ours' || network.stack !== stack) continue;
    const strangers = usersOf(network.name, observed, stack);
    if (strangers.length === 0) {
      const about = { target: networkRef(network.name), because, needs: removed };
      draft.add('remove-network', { networkId: network.id, unclaimed: false }, about);
      continue;
    }
    draft.block({
      target: networkRef(network.name),
      service: undefined,
      code: 'OwnedByAnotherStack',
      message: `network ${network.name} is still used by ${strangers.join(', ')}`,
      hint: 'delete those stacks first; it is removed as soon as nobody is attached to it',
    });
  }
  if (options.volumes) removeVolumes(draft, stack, observed, removed);
  return draft.build(EMPTY_MEMORY);
}

function removeVolumes(
  draft: PlanDraft,
  stack: StackName,
  observed: Observed,
  needs: readonly StepId[],
): void {
  const because = cause('StackDeleted');
  for (const volume of observed.volumes) {
    if (volume.ownership !== 'ours' || volume.stack !== stack) continue;
    const [user] = usersOfVolume(volume.name, stack, observed);
    if (user === undefined) {
      const about = { target: volumeRef(volume.name), because, needs };
      draft.add('remove-volume', { volumeName: volume.name }, about);
      continue;
    }
    draft.block({
      target: volumeRef(volume.name),
      service: undefined,
      code: 'OwnedByAnotherStack',
      message: `volume ${volume.name} is still used by ${user}`,
      hint: 'delete that first; it is removed as soon as nobody has it',
    });
  }
}

/** A volume of a stack that somebody else has too. */
export interface SharedVolume {
  readonly name: string;
  /** `container shop-web-1 of stack shop` */
  readonly user: string;
}

/** Volumes of a stack that containers of others have, running or not; `isGoing`: stacks that go as well do not count. */
export function sharedVolumes(
  stack: StackName,
  seen: Observed,
  isGoing: (stack: string) => boolean,
): readonly SharedVolume[] {
  const observed = inStableOrder(seen);
  return observed.volumes
    .filter((volume) => volume.ownership === 'ours' && volume.stack === stack)
    .flatMap(({ name }) => {
      const [user] = usersOfVolume(name, stack, observed, isGoing);
      return user === undefined ? [] : [{ name, user }];
    });
}

function usersOfVolume(
  volume: string,
  stack: StackName,
  observed: Observed,
  isGoing: (stack: string) => boolean = () => false,
): readonly string[] {
  const own = new Set<string>(oursOf(stack, observed).map((live) => live.id));
  const inspected = observed.containers.filter(
    (live) => !own.has(live.id) && live.mounts.some(({ name }) => name === volume),
  );
  const listed = observed.others.filter(({ volumes }) => volumes.includes(volume));
  return [...inspected, ...listed]
    .filter((user) => user.ownership !== 'ours' || !isGoing(user.stack ?? ''))
    .map((user) =>
      user.ownership === 'ours' && user.stack !== undefined
        ? `container ${user.name} of stack ${user.stack}`
        : `container ${user.name}`,
    )
    .sort();
}

/** Stops what runs: who depends on a service first, then the service. By container id. */
function stopAll(
  draft: PlanDraft,
  own: readonly ObservedContainer[],
): ReadonlyMap<string, readonly StepId[]> {
  const stops = new Map<string, readonly StepId[]>();
  const stop = (live: ObservedContainer): readonly StepId[] => {
    const known = stops.get(live.id);
    if (known !== undefined) return known;
    // A circle, which only labels that somebody else wrote can have, ends here.
    stops.set(live.id, []);
    const before = own.filter((other) => other !== live && dependsOn(other, live.service)).flatMap(stop);
    const steps = UP.has(live.state) ? [stopOne(draft, live, before)] : before;
    stops.set(live.id, steps);
    return steps;
  };
  own.forEach(stop);
  return stops;
}

const UP: ReadonlySet<ObservedContainer['state']> = new Set(['running', 'paused', 'restarting']);

function stopOne(draft: PlanDraft, live: ObservedContainer, before: readonly StepId[]): StepId {
  const because = cause('StackDeleted');
  return draft.add(
    'stop-container',
    { container: { by: 'id', id: live.id }, graceMs: ownGraceMs(live), signal: undefined },
    {
      target: containerRef(live.name),
      service: live.service,
      because,
      needs: preStopOfDeleted(draft, live, { because, needs: before }),
    },
  );
}

/** By Compose's label, which is all that is left of the manifest: `db:service_healthy:false,cache:...`. */
function dependsOn(live: ObservedContainer, service: string | undefined): boolean {
  const dependencies = (live.labels[COMPOSE.dependsOn] ?? '').split(',');
  return service !== undefined && dependencies.some((each) => each.split(':')[0] === service);
}

function usersOf(network: string, observed: Observed, stack: StackName): readonly string[] {
  const own = new Set<string>(oursOf(stack, observed).map((live) => live.id));
  const inspected = observed.containers.filter(
    (live) => !own.has(live.id) && live.attachments.some((attachment) => attachment.networkName === network),
  );
  const listed = observed.others.filter((other) => other.networks.includes(network));
  return [...inspected, ...listed].map((each) => each.name).sort();
}
