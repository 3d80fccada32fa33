import type { DesiredContainer, DesiredService, NamespaceRef } from '../model/desired.ts';
import { OURS } from '../model/labels.ts';
import { type SlotName, slotName } from '../model/names.ts';
import type { ObservedContainer, ObservedImage } from '../model/observed.ts';
import type { Cause, FieldChange } from '../model/plan.ts';
import { isStranded } from './attach.ts';
import { cause } from './draft.ts';
import { resourceDrift } from './drift.ts';
import { canNeverStart } from './engine-faults.ts';
import type { StartCondition } from './gates.ts';
import type { ImageState } from './images.ts';
import { resolveNamespace } from './namespaces.ts';
import type { Scope } from './scope.ts';
import { specChanges } from './spec-changes.ts';
import { isUncalled } from './start-first.ts';

/** One replica to be planned, with all that the decision looks at. */
export interface Slot {
  readonly name: SlotName;
  readonly service: DesiredService;
  readonly container: DesiredContainer;
  readonly image: ImageState;
  readonly start: StartCondition;
  /** Made from today's spec and image; the one to keep first. */
  readonly current: readonly ObservedContainer[];
  /**
   * Made from another, and run before; the one to fall back on first. That is the oldest: a younger one stands
   * beside it only because it had not proved itself yet. One that others do not call (any more) comes last.
   */
  readonly outdated: readonly ObservedContainer[];
  /**
   * Good for nothing: half removed by an engine that crashed (they hold their name), or made from another spec
   * and never started.
   */
  readonly useless: readonly ObservedContainer[];
}

export function readSlot(
  scope: Scope,
  service: DesiredService,
  container: DesiredContainer,
  image: ImageState,
  start: StartCondition,
): Slot {
  const name = slotName(service.name, container.ordinal);
  const all = scope.slots.get(name) ?? [];
  const alive = all.filter((live) => live.state !== 'dead' && live.state !== 'removing');
  const current = alive.filter((live) => outdatedBecause(scope, container, live) === undefined);
  const about = { service, container };
  const old = alive.filter((live) => !current.includes(live));
  return {
    name,
    service,
    container,
    image,
    start,
    current: [...current].sort(
      (a, b) => rank(container, b) - rank(container, a) || a.createdAtMs - b.createdAtMs,
    ),
    outdated: old
      .filter(hasRun)
      .sort(
        (a, b) =>
          Number(isUncalled(scope, about, a)) - Number(isUncalled(scope, about, b)) ||
          a.createdAtMs - b.createdAtMs,
      ),
    useless: all.filter((live) => !alive.includes(live) || (old.includes(live) && !hasRun(live))),
  };
}

const hasRun = (live: ObservedContainer): boolean => live.startedAtMs !== undefined;

/** The healthier and the more rightly named, the better. */
function rank(container: DesiredContainer, live: ObservedContainer): number {
  return (
    (live.state === 'running' ? 8 : live.state === 'paused' || live.state === 'restarting' ? 4 : 0) +
    (live.health?.status === 'unhealthy' ? 0 : 2) +
    (live.name === container.name ? 1 : 0)
  );
}

/** Why a container cannot be kept and needs another in its place, or undefined when it can. */
export function outdatedBecause(
  scope: Scope,
  desired: DesiredContainer,
  live: ObservedContainer,
): Cause | undefined {
  if (live.specHash !== desired.specHash) {
    const isCopy = live.labels[OURS.specHash] === desired.specHash;
    return cause(isCopy ? 'Drifted' : 'SpecChanged', explain(scope, desired, live));
  }
  const image = scope.observed.images[desired.config.Image];
  // An image that is gone from the engine is no reason to touch the container that runs from it.
  if (image !== undefined && image.id !== live.imageId) return imageChanged(image, live);
  const shared = sharedDrift(scope, desired, live);
  if (shared.length > 0) return cause('DependencyReplaced', shared);
  if (hasLostPrimary(scope, desired, live)) {
    return cause('Drifted', [{ path: 'network_mode', from: live.networkMode, to: desired.networkMode.kind }]);
  }
  if (canNeverStart(live)) return cause('Drifted', [{ path: 'state', from: live.error, to: 'running' }]);
  if (isStranded(scope, desired, live)) {
    return cause('Drifted', [{ path: 'networks', from: 'a network that is gone', to: 'attached' }]);
  }
  const { changes, inPlace } = resourceDrift(desired, live);
  const about = { section: 'services', name: desired.service } as const;
  const counted = changes.filter((change) => !scope.isIgnored(about, change));
  return inPlace || counted.length === 0 ? undefined : cause('Drifted', counted);
}

/** The fields, where the last wish is still known and the container was made from it; else the two hashes. */
function explain(scope: Scope, desired: DesiredContainer, live: ObservedContainer): readonly FieldChange[] {
  const found = scope.context.differences?.get(live.id);
  if (found !== undefined) return found;
  const before = scope.before
    .get(desired.service)
    ?.containers.find((replica) => replica.specHash === live.specHash);
  const fields = before === undefined ? [] : specChanges(before, desired);
  return fields.length > 0
    ? fields
    : [{ path: 'spec', from: short(live.specHash), to: short(desired.specHash) }];
}

const short = (hash: string | undefined): string => hash?.slice(0, 11) ?? '(unknown)';

function imageChanged(image: ObservedImage, live: ObservedContainer): Cause {
  return cause('ImageChanged', [
    { path: 'image', from: live.imageId.slice(0, 19), to: `${image.ref} ${image.id.slice(0, 19)}` },
  ]);
}

/**
 * The engine keeps the name of the primary network as the container's network mode; 28.5 refuses to start a
 * container whose primary network is gone for good.
 */
function hasLostPrimary(scope: Scope, desired: DesiredContainer, live: ObservedContainer): boolean {
  switch (desired.networkMode.kind) {
    case 'networks':
      return !desired.endpoints.some((endpoint) => {
        const network = scope.networks.get(endpoint.network);
        return network?.desired.name === live.networkMode || network?.live?.id === live.networkMode;
      });
    case 'host':
    case 'none':
      return live.networkMode !== desired.networkMode.kind;
    case 'bridge':
      return live.networkMode !== 'bridge' && live.networkMode !== 'default';
    case 'shared':
      return false;
  }
}

/** Namespaces and volumes shared with a container that has been replaced since. */
function sharedDrift(scope: Scope, desired: DesiredContainer, live: ObservedContainer): FieldChange[] {
  const network = desired.networkMode.kind === 'shared' ? desired.networkMode.with : undefined;
  return [
    ...parentDrift(scope, 'network_mode', network, live.networkMode),
    ...parentDrift(scope, 'ipc', desired.ipc, live.ipcMode),
    ...parentDrift(scope, 'pid', desired.pid, live.pidMode),
  ];
}

function parentDrift(
  scope: Scope,
  path: string,
  wanted: NamespaceRef | undefined,
  mode: string,
): readonly FieldChange[] {
  if (wanted === undefined) return [];
  const parent = resolveNamespace(scope, wanted);
  if (parent === undefined) return [];
  const to = parent.by === 'id' ? `container:${parent.id}` : 'a new container';
  return to === mode ? [] : [{ path, from: mode, to }];
}
