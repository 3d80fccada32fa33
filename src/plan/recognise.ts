import type { DesiredContainer, DesiredStack } from '../model/desired.ts';
import { COMPOSE } from '../model/labels.ts';
import type { HookRecord } from '../model/memory.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { FieldChange } from '../model/plan.ts';
import { sameHashVersion } from './drift.ts';
import { madeFromChanges } from './made-from.ts';
import { type PlanContext, replicaOf, replicasOf } from './scope.ts';

/**
 * Takes docker compose's project of the stack's name for ours, when it was adopted, and recognises by their meaning
 * containers that the memory does not know: what docker compose made, what bears a spec hash of another version, and
 * what bears ours although somebody else may have made it, as programs do that copy a container with all its labels.
 * One that means what is wanted bears the hash of it from here on, and the context remembers it by id, so that a later
 * change of the manifest is noticed; of the others the context tells in what they differ.
 */
export function recognise(
  desired: DesiredStack,
  seen: Observed,
  context: PlanContext,
): { readonly observed: Observed; readonly context: PlanContext } {
  const owned = context.isAdopted === true ? asOurs(seen, desired.name, desired.project) : seen;
  const known: Record<string, string> = {};
  const hooks: Record<string, HookRecord> = { ...context.memory.hooks };
  const differences = new Map<string, readonly FieldChange[]>();
  const replicas = replicasOf(desired);
  const wantedFor = (live: ObservedContainer): DesiredContainer | undefined =>
    live.ownership === 'ours' && live.stack === desired.name ? replicaOf({ replicas }, live) : undefined;
  const containers = owned.containers.map((live) => {
    const before = context.memory.known[live.id];
    if (before !== undefined) known[live.id] = before;
    const wanted = wantedFor(live);
    if (wanted === undefined) return live;
    if (sameHashVersion(wanted.specHash, before)) return { ...live, specHash: before };
    const isLabelled = sameHashVersion(wanted.specHash, live.specHash);
    if (isLabelled && live.specHash !== wanted.specHash) return live;
    const changes = changesByMeaning(wanted, live, owned);
    if (changes.length > 0) {
      differences.set(live.id, changes);
      return { ...live, specHash: undefined };
    }
    known[live.id] = wanted.specHash;
    // Of what somebody else made they have been run by whoever made it.
    if (!isLabelled && live.startedAtMs !== undefined) {
      hooks[live.id] = { startedAtMs: live.startedAtMs, done: wanted.hooks?.postStart.length ?? 0 };
    }
    return { ...live, specHash: wanted.specHash };
  });
  return {
    observed: { ...owned, containers },
    context: { ...context, memory: { ...context.memory, known, hooks }, differences },
  };
}

function changesByMeaning(
  wanted: DesiredContainer,
  live: ObservedContainer,
  observed: Observed,
): readonly FieldChange[] {
  // Once its image is gone nobody can tell what of a container is its own: then its label has to do.
  const isImageGone = Object.keys(live.madeFrom.image).length === 0;
  if (isImageGone && live.specHash === wanted.specHash) return [];
  return madeFromChanges(wanted, live, observed.images[wanted.config.Image]?.volumes ?? []);
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
