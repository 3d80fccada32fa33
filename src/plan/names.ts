import type { ObservedContainer, OtherContainer } from '../model/observed.ts';
import type { Cause, StepId } from '../model/plan.ts';
import { adoptionHint } from './adoption-hint.ts';
import { cause, containerRef } from './draft.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';

/**
 * The name to create a container of this slot under: its final one when that is free (or freed by this plan),
 * and otherwise `NAME.<hash8>`, which is made final later.
 */
export function freeName(scope: Scope, slot: Slot): string {
  const { name, specHash } = slot.container;
  return isFree(scope, name) ? name : spareName(scope, name, specHash);
}

const isFree = (scope: Scope, name: string): boolean =>
  !scope.holders.has(name) || scope.freedNames.has(name);

function spareName(scope: Scope, name: string, specHash: string): string {
  const hash = (specHash.split('.')[1] ?? '').slice(0, 8);
  // The same spec may stand there with another image, or with a namespace of a container that is gone.
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? `${name}.${hash}` : `${name}.${hash}.${count}`;
    if (isFree(scope, candidate)) return candidate;
  }
}

/** True, with a blocker, when the final name of this slot is held by a container that is not this stack's. */
export function isNameTaken(scope: Scope, slot: Slot): boolean {
  const { name } = slot.container;
  const holder = holderOf(scope, name);
  if (holder === undefined || isOwn(scope, holder)) return false;
  const composeProject = holder.ownership === 'compose' ? holder.project : undefined;
  scope.draft.block({
    target: containerRef(name),
    service: slot.service.name,
    code: 'NameTakenByForeign',
    message:
      holder.stack === undefined
        ? `a container named ${name} exists and was not made by stackctl`
        : `container ${name} belongs to stack ${holder.stack}${holder.ownership === 'other-instance' ? ' of another stackctld' : ''}`,
    hint:
      composeProject === undefined
        ? 'rename or remove it, or give the service another `container_name`'
        : adoptionHint(scope, composeProject),
  });
  return true;
}

/** Gives a container its final name; `because` is drift unless told otherwise. */
export function repairName(
  scope: Scope,
  slot: Slot,
  live: ObservedContainer,
  because?: Cause,
): readonly StepId[] {
  const { name } = slot.container;
  if (live.name === name || isNameTaken(scope, slot)) return [];
  const change = { path: 'name', from: live.name, to: name };
  const about = { section: 'services', name: slot.service.name } as const;
  if (because === undefined && scope.isIgnored(about, change)) return [];
  const freed = scope.freedNames.get(name);
  const needs = freed === undefined ? [] : [freed];
  if (isFree(scope, name)) return [rename(scope, slot, live, { newName: name, needs, because })];
  // Two that hold each other's names: out of the way first, or neither could ever get its own.
  if (!isWantedBySomeone(scope, live.name)) return [];
  return [rename(scope, slot, live, { newName: freeName(scope, slot), needs: [], because })];
}

/** Takes the final name of a slot off the container that gives way to another. */
export function giveUpName(
  scope: Scope,
  slot: Slot,
  live: ObservedContainer,
  about: { readonly because: Cause; readonly needs: readonly StepId[] },
): readonly StepId[] {
  const { name } = slot.container;
  if (live.name !== name) return [];
  return [rename(scope, slot, live, { newName: spareName(scope, name, live.specHash ?? ''), ...about })];
}

interface Renaming {
  readonly newName: string;
  readonly needs: readonly StepId[];
  readonly because: Cause | undefined;
}

function rename(scope: Scope, slot: Slot, live: ObservedContainer, how: Renaming): StepId {
  const { newName, needs } = how;
  const step = scope.draft.add(
    'rename-container',
    { container: { by: 'id', id: live.id }, newName },
    {
      target: containerRef(live.name),
      service: slot.service.name,
      because: how.because ?? cause('Drifted', [{ path: 'name', from: live.name, to: newName }]),
      needs,
    },
  );
  if (!scope.draft.isGated(step)) scope.freedNames.set(live.name, step);
  return step;
}

function holderOf(scope: Scope, name: string): ObservedContainer | OtherContainer | undefined {
  if (scope.freedNames.has(name)) return undefined;
  return scope.holders.get(name);
}

function isOwn(scope: Scope, holder: ObservedContainer | OtherContainer): boolean {
  return holder.ownership === 'ours' && holder.stack === scope.desired.name;
}

function isWantedBySomeone(scope: Scope, name: string): boolean {
  return scope.desired.services.some((service) =>
    service.containers.some((replica) => replica.name === name),
  );
}
