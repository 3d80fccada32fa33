import type { ObservedAttachment, ObservedContainer } from '../model/observed.ts';
import type { Gate, StepId } from '../model/plan.ts';
import { repairAttachments } from './attach.ts';
import { cause, containerRef } from './draft.ts';
import { giveUpName, repairName } from './names.ts';
import { removeContainer } from './remove.ts';
import { noteReplaced } from './rollout.ts';
import type { Scope } from './scope.ts';
import type { Slot } from './slots.ts';
import { calledBy, canHandOver, isUncalled, mayStartFirst } from './start-first.ts';

/**
 * How long both have the names. Engines before 28 publish a name some 50 ms before its address answers; a client that
 * looks it up just then asks for the address again (ARP) only a second later, and all that it sends there waits. Until
 * it knows the way, the other half of its requests is answered by the old one.
 */
const OVERLAP_MS = 1200;

/**
 * How long the old container lives on after its last name is gone: whoever looked the name up just before still has to
 * connect and to be answered. Names are looked up for each request in the time of a heartbeat; one second is what a
 * SYN takes to be sent again when it falls into the moment of reattaching.
 */
const DRAIN_MS = 2000;

/**
 * The end of a replacement, once the new container is good. After a start-first one it gets all names, the old one loses them, and
 * goes when it had time to answer. At each moment some container that serves is called. Every part is planned from what
 * is seen, so that a crash after any step leaves a state from which the next pass goes on.
 */
export function handOver(scope: Scope, slot: Slot, fresh: ObservedContainer, old: ObservedContainer): void {
  const because = cause('Replaced');
  noteReplaced(scope, slot);
  const named = mayStartFirst(scope, slot)
    ? repairAttachments(scope, slot.container, fresh, because).steps
    : [];
  if (!canHandOver(scope, slot) || old.state !== 'running') {
    removeContainer(scope, old, because, named);
    repairName(scope, slot, fresh, because);
    return;
  }
  // Engine 20.10 takes all names off a container for an instant when it is renamed: both have them until then.
  const before = [...named, ...giveUpName(scope, slot, old, { because, needs: named })];
  const renamed = [...before, ...repairName(scope, slot, fresh, because)];
  if (calledBy(scope, slot, old).length > 0) {
    delete scope.memory.attachedSince[old.id];
    const overlap = waitAsAttached(scope, fresh, named.length > 0, OVERLAP_MS);
    const uncalled = takeNames(scope, slot, old, { needs: renamed, gate: overlap });
    removeContainer(scope, old, because, uncalled, attachedLong(old, undefined));
    return;
  }
  delete scope.memory.attachedSince[fresh.id];
  removeContainer(scope, old, because, renamed, waitAsAttached(scope, old, false, DRAIN_MS));
}

interface When {
  readonly needs: readonly StepId[];
  readonly gate: Gate | undefined;
}

/** Attaches the old one again without aliases, one network after the other: it is never without any. */
function takeNames(scope: Scope, slot: Slot, old: ObservedContainer, when: When): readonly StepId[] {
  const { needs, gate } = when;
  const steps: StepId[] = [];
  for (const attachment of calledBy(scope, slot, old)) {
    steps.push(...reattachUncalled(scope, old, attachment, { needs: [...needs, ...steps.slice(-1)], gate }));
  }
  return steps;
}

function reattachUncalled(
  scope: Scope,
  old: ObservedContainer,
  attachment: ObservedAttachment,
  { needs, gate }: When,
): readonly StepId[] {
  const { networkId, address, linkLocalIps, driverOpts, gwPriority, macAddress } = attachment;
  if (networkId === undefined) return [];
  const container = { by: 'id', id: old.id } as const;
  const key = scope.desired.networks.find(({ name }) => name === attachment.networkName)?.key;
  const changes = [
    {
      path: `networks.${key}.aliases`,
      from: JSON.stringify(attachment.aliases),
      to: '(none)',
    },
  ];
  const about = {
    target: containerRef(old.name),
    service: old.service,
    because: cause('Replaced', changes),
    gate,
  };
  const off = scope.draft.add(
    'disconnect-network',
    { networkId, container, force: true },
    { ...about, needs },
  );
  const on = scope.draft.add(
    'connect-network',
    {
      network: { by: 'id', id: networkId },
      container,
      settings: { aliases: [], ipv4Address: address, linkLocalIps, driverOpts, gwPriority, macAddress },
    },
    { ...about, needs: [off] },
  );
  return [off, on];
}

/** Open when a container was seen attached as it is for long enough; memory that was lost costs another such time. */
function waitAsAttached(
  scope: Scope,
  live: ObservedContainer,
  isChanging: boolean,
  waitMs: number,
): Gate | undefined {
  const { nowMs } = scope.context;
  if (isChanging) {
    delete scope.memory.attachedSince[live.id];
    return attachedLong(live, undefined);
  }
  const since = scope.memory.attachedSince[live.id] ?? nowMs;
  scope.memory.attachedSince[live.id] = since;
  const untilMs = since + waitMs;
  if (untilMs <= nowMs) return undefined;
  scope.draft.lookAgainAt(untilMs);
  return attachedLong(live, untilMs);
}

const attachedLong = (live: ObservedContainer, untilMs: number | undefined): Gate => ({
  kind: 'attached',
  container: live.name,
  untilMs,
});

/** The new one is not good (any more): an old one that lost its names to it gets them back, and is called again. */
export function takeBack(scope: Scope, slot: Slot, old: ObservedContainer): readonly StepId[] {
  delete scope.memory.attachedSince[old.id];
  if (!isUncalled(scope, slot, old)) return [];
  return repairAttachments(scope, slot.container, old, cause('RolledBack')).steps;
}
