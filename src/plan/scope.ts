import type { DesiredNetwork, DesiredStack } from '../model/desired.ts';
import type { BadRevision, Memory, PullRecord, RestartRecord } from '../model/memory.ts';
import { type SlotName, slotName } from '../model/names.ts';
import type { Observed, ObservedContainer, ObservedNetwork } from '../model/observed.ts';
import type { NetworkHandle, StepId } from '../model/plan.ts';
import { PlanDraft } from './draft.ts';

/** What planning depends on beside desired and observed; the clock is one of them. */
export interface PlanContext {
  readonly nowMs: number;
  readonly memory: Memory;
  readonly instance: string;
  /** This program's version, for Compose's version label. */
  readonly version: string;
  /** Whether other stacks are Ready, by name, for `dependsOn`. */
  readonly readyStacks: Readonly<Record<string, boolean>>;
}

/** Where a network of the manifest stands in this plan. */
export interface NetworkState {
  readonly desired: DesiredNetwork;
  /** Undefined: it cannot be had (a blocker says why). */
  readonly handle: NetworkHandle | undefined;
  /** The one that exists and stays. */
  readonly live: ObservedNetwork | undefined;
  /** Steps before anyone can be attached to it. */
  readonly needs: readonly StepId[];
  /** Containers (by id) whose attachment a swap of this network takes care of, with their last step. */
  readonly swapped: ReadonlyMap<string, StepId>;
}

/** The planner's memory while it is being brought up to date. */
export interface MemoryDraft {
  restarts: Record<SlotName, RestartRecord>;
  badRevisions: Record<string, BadRevision>;
  unhealthySince: Record<string, number>;
  completedJobs: Record<string, string>;
  repeats: Record<string, number>;
  pulls: Record<string, PullRecord>;
}

/** What became of a service that others depend on. */
export interface ServicePlan {
  /** Steps after which it is started, when that happens in this very plan without waiting. */
  readonly startSteps: readonly StepId[];
  /** Something in this plan interrupts it or it is not there yet. */
  readonly disturbed: boolean;
}

/** Everything that the planning of one stack looks at, and the draft it writes to. */
export interface Scope {
  readonly desired: DesiredStack;
  readonly observed: Observed;
  readonly context: PlanContext;
  readonly draft: PlanDraft;
  readonly memory: MemoryDraft;
  readonly networks: Map<string, NetworkState>;
  /** Steps that make a volume, by its engine-side name. */
  readonly volumeSteps: Map<string, StepId>;
  readonly blockedVolumes: Set<string>;
  readonly services: Map<string, ServicePlan>;
  /** Our containers of this stack, by slot. */
  readonly slots: ReadonlyMap<SlotName, readonly ObservedContainer[]>;
  /** Every container's id by its name, whoever owns it. */
  readonly names: ReadonlyMap<string, string>;
  /** What this plan sets free, and after which step: container names, and `ip:port/protocol` of the host. */
  readonly freedNames: Map<string, StepId>;
  readonly freedPorts: Map<string, StepId>;
}

export function createScope(desired: DesiredStack, observed: Observed, context: PlanContext): Scope {
  const slots = new Map<SlotName, ObservedContainer[]>();
  for (const container of oursOf(desired.name, observed)) {
    if (container.service === undefined || container.ordinal === undefined) continue;
    const slot = slotName(container.service, container.ordinal);
    slots.set(slot, [...(slots.get(slot) ?? []), container]);
  }
  const names = new Map<string, string>();
  for (const container of [...observed.containers, ...observed.others])
    names.set(container.name, container.id);
  return {
    desired,
    observed,
    context,
    draft: new PlanDraft(),
    memory: copyMemory(context.memory),
    networks: new Map(),
    volumeSteps: new Map(),
    blockedVolumes: new Set(),
    services: new Map(),
    slots,
    names,
    freedNames: new Map(),
    freedPorts: new Map(),
  };
}

/** Our containers of a stack, in a stable order whatever the order of observation. */
export function oursOf(stack: string, observed: Observed): readonly ObservedContainer[] {
  return observed.containers
    .filter((container) => container.ownership === 'ours' && container.stack === stack)
    .sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}

function copyMemory(memory: Memory): MemoryDraft {
  return {
    restarts: { ...memory.restarts },
    badRevisions: { ...memory.badRevisions },
    unhealthySince: { ...memory.unhealthySince },
    completedJobs: { ...memory.completedJobs },
    repeats: { ...memory.repeats },
    pulls: { ...memory.pulls },
  };
}
