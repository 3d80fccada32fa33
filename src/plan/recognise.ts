import type { DesiredContainer, DesiredStack } from '../model/desired.ts';
import { COMPOSE } from '../model/labels.ts';
import type { HookRecord } from '../model/memory.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { FieldChange } from '../model/plan.ts';
import { sameHashVersion } from './drift.ts';
import { madeFromChanges } from './made-from.ts';
import type { PlanContext } from './scope.ts';

/**
 * Takes docker compose's project of the stack's name for ours, when it was adopted, and recognises by their meaning
 * containers that bear no spec hash of this version. One that means what is wanted bears the hash of it from here on,
 * and the context remembers it by id, so that a later change of the manifest is noticed; of the others the context
 * tells in what they differ.
 */
export function recognise(
  desired: DesiredStack,
  seen: Observed,
  context: PlanContext,
): { readonly observed: Observed; readonly context: PlanContext } {
  const owned = context.isAdopted === true ? asOurs(seen, desired.name, desired.project) : seen;
  const adopted: Record<string, string> = {};
  const hooks: Record<string, HookRecord> = { ...context.memory.hooks };
  const differences = new Map<string, readonly FieldChange[]>();
  const containers = owned.containers.map((live) => {
    const wanted = replicaOf(desired, live);
    if (wanted === undefined || sameHashVersion(wanted.specHash, live.specHash)) return live;
    const known = context.memory.adopted[live.id];
    const isKnown = sameHashVersion(wanted.specHash, known);
    const hash = isKnown ? known : hashByMeaning(wanted, live, owned, differences);
    if (hash === undefined) return live;
    adopted[live.id] = hash;
    // Whoever made it has run them.
    if (!isKnown && live.startedAtMs !== undefined) {
      hooks[live.id] = { startedAtMs: live.startedAtMs, done: wanted.hooks?.postStart.length ?? 0 };
    }
    return { ...live, specHash: hash };
  });
  return {
    observed: { ...owned, containers },
    context: { ...context, memory: { ...context.memory, adopted, hooks }, differences },
  };
}

function replicaOf(desired: DesiredStack, live: ObservedContainer): DesiredContainer | undefined {
  if (live.ownership !== 'ours' || live.stack !== desired.name) return undefined;
  return desired.services
    .find(({ name }) => name === live.service)
    ?.containers.find(({ ordinal }) => ordinal === live.ordinal);
}

function hashByMeaning(
  wanted: DesiredContainer,
  live: ObservedContainer,
  observed: Observed,
  differences: Map<string, readonly FieldChange[]>,
): string | undefined {
  const image = observed.images[wanted.config.Image];
  const changes = madeFromChanges(wanted, live, image?.volumes ?? []);
  if (changes.length === 0) return wanted.specHash;
  differences.set(live.id, changes);
  return undefined;
}

/**
 * A snapshot in which what docker compose made for a project belongs to the stack. One-off containers (`docker compose
 * run`) are somebody's work at hand, and stay what they are.
 */
export function asOurs(observed: Observed, stack: string, project: string): Observed {
  const own = <Item extends { readonly ownership: string; readonly project: string | undefined }>(
    item: Item,
  ): Item =>
    item.ownership === 'compose' && item.project === project ? { ...item, ownership: 'ours', stack } : item;
  return {
    ...observed,
    containers: observed.containers.map((live) => (isOneOff(live) ? live : own(live))),
    networks: observed.networks.map(own),
    volumes: observed.volumes.map(own),
  };
}

export const isOneOff = ({ labels }: ObservedContainer): boolean =>
  labels[COMPOSE.oneoff]?.toLowerCase() === 'true';
