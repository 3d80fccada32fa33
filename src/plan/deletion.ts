import { EMPTY_MEMORY } from '../model/memory.ts';
import type { StackName } from '../model/names.ts';
import type { Observed } from '../model/observed.ts';
import type { Plan, StepId } from '../model/plan.ts';
import { cause, containerRef, networkRef, PlanDraft, volumeRef } from './draft.ts';
import { inStableOrder, oursOf } from './scope.ts';

/**
 * Takes down everything of a stack that was deleted: containers, then networks; volumes only when they were
 * asked for by name of the flag. A network that others still use stays, with a blocker that names them.
 */
export function planDeletion(
  stack: StackName,
  seen: Observed,
  options: { readonly volumes: boolean; readonly graceMs: number },
): Plan {
  const draft = new PlanDraft();
  const observed = inStableOrder(seen);
  const because = cause('StackDeleted');
  const own = oursOf(stack, observed);
  const removed: StepId[] = own.map((live) => {
    const about = { target: containerRef(live.name), service: live.service, because };
    const handle = { by: 'id', id: live.id } as const;
    const runs = live.state === 'running' || live.state === 'paused' || live.state === 'restarting';
    const stop = runs
      ? [
          draft.add(
            'stop-container',
            { container: handle, graceMs: options.graceMs, signal: undefined },
            about,
          ),
        ]
      : [];
    return draft.add('remove-container', { container: handle }, { ...about, needs: stop });
  });
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
  if (options.volumes) {
    for (const volume of observed.volumes) {
      if (volume.ownership !== 'ours' || volume.stack !== stack) continue;
      const about = { target: volumeRef(volume.name), because, needs: removed };
      draft.add('remove-volume', { volumeName: volume.name }, about);
    }
  }
  return draft.build(EMPTY_MEMORY);
}

function usersOf(network: string, observed: Observed, stack: StackName): readonly string[] {
  const own = new Set<string>(oursOf(stack, observed).map((live) => live.id));
  const inspected = observed.containers.filter(
    (live) => !own.has(live.id) && live.attachments.some((attachment) => attachment.networkName === network),
  );
  const listed = observed.others.filter((other) => other.networks.includes(network));
  return [...inspected, ...listed].map((each) => each.name).sort();
}
