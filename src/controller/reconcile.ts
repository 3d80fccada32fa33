import type { Engine, ObserveQuery } from '../engine/engine.ts';
import { execute } from '../execute/execute.ts';
import type { DesiredStack } from '../model/desired.ts';
import type { Memory } from '../model/memory.ts';
import type { EngineInfo, Observed } from '../model/observed.ts';
import type { Outcome, Plan, Step } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { makePlan } from '../plan/plan.ts';
import { recognise } from '../plan/recognise.ts';
import type { PlanContext } from '../plan/scope.ts';
import type { DeclaredStack, Loader } from './loader.ts';

/** What a pass needs to know about its stack. */
export interface PassInput {
  readonly manifest: DeclaredStack;
  readonly engineInfo: EngineInfo;
  /** Stands in when the manifest is broken: its last good meaning. */
  readonly lastGood: DesiredStack | undefined;
  readonly context: PlanContext;
  /** Look, plan and tell, but do not touch. */
  readonly suspended: boolean;
}

/** What a pass can do in the world. */
export interface PassPorts {
  readonly engine: Engine;
  readonly loader: Loader;
  readonly concurrency: number;
  readonly nowMs: () => number;
  /** Stores what the planner wants remembered; durable before any step runs. */
  readonly remember: (memory: Memory) => Promise<void>;
  readonly onStep: (step: Step, phase: 'started' | 'done' | 'failed', detail: string) => void;
}

export interface Pass {
  readonly problems: readonly Problem[];
  /** What was reconciled to; undefined when there is neither a good manifest nor a last good one. */
  readonly desired: DesiredStack | undefined;
  readonly observed: Observed | undefined;
  readonly plan: Plan | undefined;
  readonly outcomes: readonly Outcome[];
  readonly filesUsed: readonly string[];
}

/** One pass: the whole program as one line. `diff` is the same line with `suspended`, stopped before it acts. */
export async function reconcile(input: PassInput, ports: PassPorts, signal: AbortSignal): Promise<Pass> {
  const wish = await ports.loader.resolve(input.manifest, input.engineInfo, signal);
  const desired = wish.desired ?? input.lastGood;
  const { problems, filesUsed } = wish;
  if (desired === undefined) {
    return { problems, filesUsed, desired, observed: undefined, plan: undefined, outcomes: [] };
  }
  const seen = await ports.engine.observe(queryFor(desired), signal);
  const { observed, context } = recognise(desired, seen, input.context);
  const plan = makePlan(desired, observed, context);
  if (input.suspended) return { problems, filesUsed, desired, observed, plan, outcomes: [] };
  await ports.remember(plan.memory);
  const outcomes = await execute(plan, ports.engine, ports, signal);
  return { problems, filesUsed, desired, observed, plan, outcomes };
}

/** What to look at for a stack, and which images beside those it names. */
export function queryFor(desired: DesiredStack, images: readonly string[] = []): ObserveQuery {
  return {
    stack: desired.name,
    project: desired.project,
    networkNames: desired.networks.map((network) => network.name),
    imageRefs: [...new Set([...desired.images.map((image) => image.ref), ...images])],
  };
}
