import type { ObservedContainer, ObservedNetwork } from '../model/observed.ts';
import type { StepId } from '../model/plan.ts';
import { isAttachedTo } from './attach.ts';
import { cause, containerRef, networkRef } from './draft.ts';
import { removeContainer } from './remove.ts';
import { replicaOf, type Scope } from './scope.ts';

/**
 * Containers of ours that no service of the manifest wants. First in the plan, so that what they hold (names,
 * ports) is free for those that come.
 */
export function pruneContainers(scope: Scope): void {
  if (!scope.desired.policy.prune) return;
  for (const live of scope.own.values()) {
    if (!isWanted(scope, live)) removeContainer(scope, live, cause('Orphaned'), []);
  }
}

/** Whether some service of the manifest has a place for this container. */
export function isWanted(scope: Scope, live: ObservedContainer): boolean {
  return replicaOf(scope, live) !== undefined;
}

/** Networks of ours that the manifest declares no more. Volumes are never pruned. */
export function pruneNetworks(scope: Scope): void {
  if (!scope.desired.policy.prune) return;
  // One that is declared external now is still in use: it is never removed.
  const wanted = new Set(scope.desired.networks.map((network) => network.name));
  for (const network of scope.observed.networks) {
    if (network.ownership !== 'ours' || network.stack !== scope.desired.name) continue;
    if (!wanted.has(network.name)) pruneNetwork(scope, network);
  }
}

function pruneNetwork(scope: Scope, network: ObservedNetwork): void {
  const strangers = strangersOn(scope, network);
  if (strangers.length > 0) {
    scope.draft.block({
      target: networkRef(network.name),
      service: undefined,
      code: 'OwnedByAnotherStack',
      message: `network ${network.name} is declared no more, and still used by ${strangers.join(', ')}`,
      hint: 'it is removed as soon as nobody else is attached to it',
    });
    return;
  }
  const because = cause('Orphaned');
  scope.draft.add(
    'remove-network',
    { networkId: network.id, unclaimed: false },
    { target: networkRef(network.name), because, needs: stepsOff(scope, network) },
  );
}

/** Names of containers on this network that are not this stack's. */
export function strangersOn(scope: Scope, network: ObservedNetwork): readonly string[] {
  const inspected = scope.observed.containers
    .filter((live) => !scope.own.has(live.id))
    .filter((live) => live.attachments.some((attachment) => isAttachedTo(attachment, network)))
    .map((live) => live.name);
  const listed = scope.observed.others
    .filter((other) => other.networks.includes(network.name))
    .map((other) => other.name);
  return [...inspected, ...listed].sort();
}

/** What already takes our containers off this network in this plan, and what has to be added to that. */
function stepsOff(scope: Scope, network: ObservedNetwork): readonly StepId[] {
  const needs: StepId[] = [];
  for (const live of scope.own.values()) {
    const attached = live.attachments.some((attachment) => isAttachedTo(attachment, network));
    if (!attached) continue;
    const planned = scope.draft
      .stepsOn(live.id)
      .find(
        (step) =>
          step.kind === 'remove-container' ||
          (step.kind === 'disconnect-network' && step.networkId === network.id),
      );
    needs.push(
      planned?.id ??
        scope.draft.add(
          'disconnect-network',
          { networkId: network.id, container: { by: 'id', id: live.id }, force: true },
          { target: containerRef(live.name), service: live.service, because: cause('Orphaned') },
        ),
    );
  }
  return needs;
}
