import type { EndpointSettings } from '../model/container.ts';
import type { DesiredContainer, DesiredNetwork, DesiredService, DesiredStack } from '../model/desired.ts';
import type {
  BadRevision,
  HookRecord,
  Memory,
  PullRecord,
  RestartRecord,
  RolloutRecord,
} from '../model/memory.ts';
import { type SlotName, slotName } from '../model/names.ts';
import type { Observed, ObservedContainer, ObservedNetwork, OtherContainer } from '../model/observed.ts';
import type { FieldChange, NetworkHandle, StepId } from '../model/plan.ts';
import type { Revision } from '../model/revision.ts';
import { PlanDraft } from './draft.ts';
import { type IsIgnored, ignoredDrift } from './ignored-drift.ts';
import { indexPorts, type PortIndex } from './port-index.ts';

/** What planning depends on beside desired and observed; the clock is one of them. */
export interface PlanContext {
  readonly nowMs: number;
  readonly memory: Memory;
  readonly instance: string;
  /** Since when the engine has answered without a break (unix ms); undefined: nobody has watched it. */
  readonly engineSinceMs?: number | undefined;
  /** This program's version, for Compose's version label. */
  readonly version: string;
  /** The last good wish, to say what a changed spec hash is about; nothing is decided by it. */
  readonly lastApplied?: DesiredStack | undefined;
  /** Whether docker compose's project of this name was taken over: its objects bear no labels of ours. */
  readonly isAdopted?: boolean;
  /** In what containers that bear no spec hash of ours differ from what is wanted, by id. */
  readonly differences?: ReadonlyMap<string, readonly FieldChange[]>;
  /** What the stack was when it was last Ready, for services whose new revision fails. */
  readonly lastReady?: Revision | undefined;
  /** `stackctl rollout pause`: no replacement begins; what has begun is brought to its end. */
  readonly isRolloutPaused?: boolean;
  /** Bad revisions from before (unix ms) are tried again. */
  readonly retryAskedAtMs?: number | undefined;
  /** When a restart of a service was last asked for (unix ms), by service. */
  readonly restartAsked?: Readonly<Record<string, number>>;
  /** Whether other stacks are Ready, by name, for `dependsOn`; one that nobody knows is absent. */
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
  /** Containers (by id) that are taken off a duplicate of this network, and by which step. */
  readonly detached: ReadonlyMap<string, StepId>;
}

/** The planner's memory while it is being brought up to date. */
export interface MemoryDraft {
  readonly beganAtMs: number;
  settled: string | undefined;
  restarts: Record<SlotName, RestartRecord>;
  restarted: Record<string, number>;
  badRevisions: Record<string, BadRevision>;
  unhealthySince: Record<string, number>;
  attachedSince: Record<string, number>;
  completedJobs: Record<SlotName, string>;
  repeats: Record<string, number>;
  pulls: Record<string, PullRecord>;
  known: Record<string, string>;
  hooks: Record<string, HookRecord>;
  rollouts: Record<string, RolloutRecord>;
  guests: Record<string, Readonly<Record<string, EndpointSettings>>>;
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
  /** Services of the manifest, by name. */
  readonly wanted: ReadonlyMap<string, DesiredService>;
  /** Their containers. */
  readonly replicas: ReadonlyMap<SlotName, DesiredContainer>;
  /** Our containers of this stack, by id, in the order in which they were observed. */
  readonly own: ReadonlyMap<string, ObservedContainer>;
  /** Services of the last good wish, by name. */
  readonly before: ReadonlyMap<string, DesiredService>;
  /** Every container that was looked at closely, by id, whoever owns it. */
  readonly byId: ReadonlyMap<string, ObservedContainer>;
  /** Ours, by slot. */
  readonly slots: ReadonlyMap<SlotName, readonly ObservedContainer[]>;
  /** Every container by its name, whoever owns it. */
  readonly holders: ReadonlyMap<string, ObservedContainer | OtherContainer>;
  readonly ports: PortIndex;
  /** Names that this plan sets free without waiting, and after which step. */
  readonly freedNames: Map<string, StepId>;
  /** Containers (by id) that this plan stops without waiting, and by which step: their ports are free then. */
  readonly freedPorts: Map<string, StepId>;
  readonly isIgnored: IsIgnored;
  /** Repairs whose difference was met while planning, by `repairKey`. */
  readonly metRepairs: Set<string>;
}

export function createScope(
  desired: DesiredStack,
  seen: Observed,
  { context, memory }: { readonly context: PlanContext; readonly memory: MemoryDraft },
): Scope {
  const observed = inStableOrder(seen);
  const own = oursOf(desired.name, observed);
  const slots = new Map<SlotName, ObservedContainer[]>();
  for (const container of own) {
    if (container.service === undefined || container.ordinal === undefined) continue;
    const slot = slotName(container.service, container.ordinal);
    slots.set(slot, [...(slots.get(slot) ?? []), container]);
  }
  return {
    desired,
    observed,
    context,
    draft: new PlanDraft(),
    memory,
    networks: new Map(),
    volumeSteps: new Map(),
    blockedVolumes: new Set(),
    services: new Map(),
    wanted: byName(desired),
    replicas: replicasOf(desired),
    own: new Map(own.map((live) => [live.id, live])),
    before: byName(context.lastApplied),
    byId: new Map(observed.containers.map((live) => [live.id, live])),
    slots,
    holders: new Map([...observed.containers, ...observed.others].map((each) => [each.name, each])),
    ports: indexPorts(desired, observed, own),
    freedNames: new Map(),
    freedPorts: new Map(),
    isIgnored: ignoredDrift(desired, memory.settled === desired.revision),
    metRepairs: new Set(),
  };
}

const byName = (stack: DesiredStack | undefined): ReadonlyMap<string, DesiredService> =>
  new Map(stack?.services.map((service) => [service.name, service]));

/** Our containers of a stack, in the order in which they were observed. */
export function oursOf(stack: string, observed: Observed): readonly ObservedContainer[] {
  return observed.containers.filter(
    (container) => container.ownership === 'ours' && container.stack === stack,
  );
}

/** What the manifest wants, by slot. */
export function replicasOf({ services }: DesiredStack): Scope['replicas'] {
  const replicas = services.flatMap(({ containers }) => containers);
  return new Map(replicas.map((replica) => [slotName(replica.service, replica.ordinal), replica]));
}

/** What the manifest wants in the place of a container; undefined when it has none. */
export function replicaOf(
  { replicas }: Pick<Scope, 'replicas'>,
  live: ObservedContainer,
): DesiredContainer | undefined {
  if (live.service === undefined || live.ordinal === undefined) return undefined;
  return replicas.get(slotName(live.service, live.ordinal));
}

/** The same, however the engine happened to list it: by name, then by id; networks of one name by age. */
export function inStableOrder(observed: Observed): Observed {
  return {
    ...observed,
    containers: observed.containers
      .map((each) => ({
        ...each,
        attachments: each.attachments.toSorted((a, b) => compare(a.networkName, b.networkName)),
      }))
      .sort(byNameAndId),
    others: observed.others.toSorted(byNameAndId),
    networks: observed.networks.toSorted(
      (a, b) => compare(a.name, b.name) || a.createdAtMs - b.createdAtMs || compare(a.id, b.id),
    ),
    volumes: observed.volumes.toSorted((a, b) => compare(a.name, b.name)),
  };
}

interface Named {
  readonly name: string;
  readonly id: string;
}

const byNameAndId = (a: Named, b: Named): number => compare(a.name, b.name) || compare(a.id, b.id);

/** By code units: the same on every machine, whatever its locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The memory of the last pass, to be brought up to date by this one. Nothing in it is later than now: where the clock was
 * set back since, a wait begins anew and does not last until the clock has caught up.
 */
export function copyMemory({ memory, nowMs }: PlanContext): MemoryDraft {
  const past = (atMs: number): number => Math.min(atMs, nowMs);
  return {
    beganAtMs: past(memory.beganAtMs ?? nowMs),
    settled: memory.settled,
    restarts: { ...memory.restarts },
    restarted: mapValues(memory.restarted, past),
    badRevisions: mapValues(memory.badRevisions, (each) => ({ ...each, atMs: past(each.atMs) })),
    unhealthySince: mapValues(memory.unhealthySince, past),
    attachedSince: mapValues(memory.attachedSince, past),
    completedJobs: { ...memory.completedJobs },
    repeats: { ...memory.repeats },
    pulls: mapValues(memory.pulls, (each) => ({ ...each, atMs: past(each.atMs) })),
    known: { ...memory.known },
    hooks: { ...memory.hooks },
    rollouts: mapValues(memory.rollouts, ({ lastDoneAtMs, ...each }) => ({
      ...each,
      lastDoneAtMs: lastDoneAtMs === undefined ? undefined : past(lastDoneAtMs),
    })),
    guests: { ...memory.guests },
  };
}

function mapValues<Value>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
