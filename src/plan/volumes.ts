import type { DesiredVolume } from '../model/desired.ts';
import type { ObservedVolume } from '../model/observed.ts';
import type { StepId } from '../model/plan.ts';
import { cause, volumeRef } from './draft.ts';
import { volumeDrift } from './drift.ts';
import { stackGate } from './gates.ts';
import { volumeLabels } from './labels.ts';
import type { Scope } from './scope.ts';

/**
 * Brings each volume of the manifest into being. A volume that exists is used as it is, whatever changed:
 * nothing here ever removes one.
 */
export function planVolumes(scope: Scope): void {
  for (const desired of scope.desired.volumes) planVolume(scope, desired);
}

function planVolume(scope: Scope, desired: DesiredVolume): void {
  const live = scope.observed.volumes.find((volume) => volume.name === desired.name);
  if (live === undefined) {
    if (desired.external) blockMissing(scope, desired);
    else createVolume(scope, desired);
    return;
  }
  if (desired.external) return;
  if (live.stack !== undefined && live.stack !== scope.desired.name) {
    blockOtherOwner(scope, desired, live);
    return;
  }
  reportDrift(scope, desired, live);
}

/** Returns the step, or undefined when the volume exists already. */
export function ensureVolume(scope: Scope, desired: DesiredVolume): StepId | undefined {
  const known = scope.volumeSteps.get(desired.name);
  if (known !== undefined) return known;
  if (scope.observed.volumes.some((volume) => volume.name === desired.name)) return undefined;
  return createVolume(scope, desired);
}

function createVolume(scope: Scope, volume: DesiredVolume): StepId {
  const step = scope.draft.add(
    'create-volume',
    { volume, labels: volumeLabels(scope, volume) },
    { target: volumeRef(volume.name), because: cause('Missing') },
  );
  scope.volumeSteps.set(volume.name, step);
  return step;
}

function blockMissing(scope: Scope, desired: DesiredVolume): void {
  scope.blockedVolumes.add(desired.name);
  scope.draft.block({
    target: volumeRef(desired.name),
    service: undefined,
    code: 'ExternalMissing',
    message: `external volume ${desired.name} does not exist`,
    hint: `create it (docker volume create ${desired.name}), or take out \`external: true\``,
    waitsFor: stackGate(scope),
  });
}

function blockOtherOwner(scope: Scope, desired: DesiredVolume, live: ObservedVolume): void {
  scope.blockedVolumes.add(desired.name);
  scope.draft.block({
    target: volumeRef(desired.name),
    service: undefined,
    code: 'OwnedByAnotherStack',
    message: `volume ${desired.name} belongs to stack ${live.stack}`,
    hint: 'declare it `external: true` to share it, or give yours another `name:`',
  });
}

function reportDrift(scope: Scope, desired: DesiredVolume, live: ObservedVolume): void {
  const about = { section: 'volumes', name: desired.key } as const;
  const changes = volumeDrift(desired, live).filter((change) => !scope.isIgnored(about, change));
  if (changes.length === 0) return;
  scope.draft.block({
    target: volumeRef(desired.name),
    service: undefined,
    code: 'VolumeWouldBeLost',
    message: `volume ${desired.name} exists with another definition (${changes
      .map((each) => `${each.path}: ${each.from} -> ${each.to}`)
      .join(', ')}); making it again would lose its data`,
    hint: 'take the change back, give the volume another `name:`, or move the data and remove the volume yourself',
  });
}
