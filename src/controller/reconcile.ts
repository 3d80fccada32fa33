import type { Engine, ObserveQuery } from '../engine/engine.ts';
import { execute } from '../execute/execute.ts';
import type { Admission, CallAdmission } from '../model/admission.ts';
import type { DesiredStack } from '../model/desired.ts';
import type { Memory } from '../model/memory.ts';
import type { EngineInfo, Observed } from '../model/observed.ts';
import type { Outcome, Plan, Step } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import { pinImages } from '../plan/hold-back.ts';
import { makePlan } from '../plan/plan.ts';
import { recognise } from '../plan/recognise.ts';
import type { PlanContext } from '../plan/scope.ts';
import type { DeclaredStack, Loader } from './loader.ts';

/** What a pass needs to know about its stack. */
export interface PassInput {
  readonly manifest: DeclaredStack;
  readonly engineInfo: EngineInfo;
  /** What the operator holds the stack to now, whenever what is wanted was made. */
  readonly admission: Admission;
  /** Stands in when the manifest is broken: its last good meaning. */
  readonly lastGood: DesiredStack | undefined;
  /** What the stack is held at, whatever the manifest says. */
  readonly held?: Revision | undefined;
  readonly context: PlanContext;
  /** Look, plan and tell, but do not touch. Asked after the look, which may take a while. */
  readonly isSuspended: () => boolean;
}

/** What a pass can do in the world. */
export interface PassPorts {
  readonly engine: Engine;
  readonly loader: Loader;
  readonly concurrency: number;
  readonly nowMs: () => number;
  readonly isWanted: () => boolean;
  /** Stores what the planner wants remembered; durable before any step runs. */
  readonly remember: (memory: Memory) => Promise<void>;
  readonly onStep: (step: Step, phase: 'started' | 'done' | 'failed', detail: string) => void;
}

export interface Pass {
  readonly problems: readonly Problem[];
  /** Of what the manifest means now; undefined while it is wrong. */
  readonly sourceRevision: string | undefined;
  /** What was reconciled to; undefined when there is neither a good manifest nor a last good one. */
  readonly desired: DesiredStack | undefined;
  readonly observed: Observed | undefined;
  readonly plan: Plan | undefined;
  readonly outcomes: readonly Outcome[];
  readonly filesUsed: readonly string[];
}

/** One pass: the whole program as one line. `diff` is the same line suspended, stopped before it acts. */
export async function reconcile(input: PassInput, ports: PassPorts, signal: AbortSignal): Promise<Pass> {
  const wish = await ports.loader.resolve(input.manifest, input.engineInfo, input.admission, signal);
  const wanted = input.held?.desired ?? wish.desired ?? input.lastGood;
  const { problems, filesUsed } = wish;
  const found = { problems, filesUsed, sourceRevision: wish.desired?.revision };
  if (wanted === undefined) {
    return { ...found, desired: undefined, observed: undefined, plan: undefined, outcomes: [] };
  }
  const seen = await ports.engine.observe(queryFor(wanted, earlierImages(input)), signal);
  const desired = input.held === undefined ? wanted : pinImages(input.held, seen);
  const { observed, context } = recognise(desired, seen, input.context);
  const plan = makePlan(desired, observed, context);
  if (input.isSuspended()) return { ...found, desired, observed, plan, outcomes: [] };
  await ports.remember(plan.memory);
  const engine = ports.engine.admitting(callAdmission(desired, input.admission));
  const outcomes = await execute(plan, engine, ports, signal);
  return { ...found, desired, observed, plan, outcomes };
}

/** What each call of the pass is held to, once more and on its own. */
function callAdmission(desired: DesiredStack, { enforce, places }: Admission): CallAdmission {
  const { name: stack, project, workingDirectory: directory } = desired;
  return { stack, project, level: enforce, directory, places };
}

/** Those that services may have to go back to. */
function earlierImages({ held, context }: PassInput): readonly string[] {
  const isAnyBad = Object.keys(context.memory.badRevisions).length > 0;
  return Object.values({ ...(isAnyBad ? context.lastReady?.images : {}), ...held?.images });
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
