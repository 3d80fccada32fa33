import { queryFor } from '../../src/controller/reconcile.ts';
import { execute } from '../../src/execute/execute.ts';
import type { DesiredStack } from '../../src/model/desired.ts';
import { EMPTY_MEMORY, type Memory } from '../../src/model/memory.ts';
import type { Observed } from '../../src/model/observed.ts';
import type { Outcome, Plan } from '../../src/model/plan.ts';
import type { Revision } from '../../src/model/revision.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { recognise } from '../../src/plan/recognise.ts';
import { renderPlan } from '../../src/plan/render.ts';
import { learn } from '../../src/plan/repeats.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

const NEVER = new AbortController().signal;

export interface PassOptions {
  readonly memory?: Memory;
  readonly readyStacks?: Readonly<Record<string, boolean>>;
  readonly lastReady?: Revision;
  readonly restartAsked?: Readonly<Record<string, number>>;
  readonly isRolloutPaused?: boolean;
  readonly retryAskedAtMs?: number;
  readonly engineSinceMs?: number;
  /** Stops the execution between steps: the daemon dies. */
  readonly signal?: AbortSignal;
  /** Sees each plan before it is carried out. */
  readonly onPlan?: (plan: Plan, observed: Observed) => void;
}

export interface PassResult {
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  /** What a controller would have stored after the pass. */
  readonly memory: Memory;
}

/** Looks and plans, and touches nothing. */
export async function planFor(
  engine: SimulatedEngine,
  desired: DesiredStack,
  options: PassOptions = {},
): Promise<Plan> {
  const seen = await engine.observe(queryFor(desired, Object.values(options.lastReady?.images ?? {})));
  const { observed, context } = recognise(desired, seen, {
    nowMs: engine.clock.nowMs(),
    engineSinceMs: options.engineSinceMs,
    memory: options.memory ?? EMPTY_MEMORY,
    instance: engine.instance,
    version: 'test',
    readyStacks: options.readyStacks ?? {},
    lastReady: options.lastReady,
    restartAsked: options.restartAsked ?? {},
    isRolloutPaused: options.isRolloutPaused ?? false,
    retryAskedAtMs: options.retryAskedAtMs,
  });
  const plan = makePlan(desired, observed, context);
  options.onPlan?.(plan, observed);
  return plan;
}

/** One pass: look, plan, carry out, learn. */
export async function pass(
  engine: SimulatedEngine,
  desired: DesiredStack,
  options: PassOptions = {},
): Promise<PassResult> {
  const plan = await planFor(engine, desired, options);
  const outcomes = await execute(
    plan,
    engine,
    { concurrency: 4, nowMs: () => engine.clock.nowMs(), isWanted: () => true, onStep: () => {} },
    options.signal ?? NEVER,
  );
  const nowMs = engine.clock.nowMs();
  return { plan, outcomes, memory: learn(plan.memory, outcomes, { nowMs, revision: desired.revision }) };
}

export interface Settled {
  /** The plan of each pass, as text; the last one has nothing left to do. */
  readonly plans: readonly (readonly string[])[];
  readonly last: Plan;
  readonly memory: Memory;
}

/**
 * Makes passes as the controller does until a plan has no steps: again at once when something was done, and
 * otherwise when the plan says so or the engine changes by itself. Throws when that takes too many.
 */
export async function passUntilSettled(
  engine: SimulatedEngine,
  desired: DesiredStack,
  options: PassOptions & { readonly maxPasses?: number } = {},
): Promise<Settled> {
  const plans: (readonly string[])[] = [];
  let memory = options.memory ?? EMPTY_MEMORY;
  for (let count = 0; count < (options.maxPasses ?? 40); count += 1) {
    const result = await pass(engine, desired, { ...options, memory });
    memory = result.memory;
    plans.push(text(result.plan));
    if (result.plan.steps.length === 0) return { plans, last: result.plan, memory };
    if (!result.outcomes.some((outcome) => outcome.result === 'done')) wait(engine, result.plan, plans);
    // Calls take time; also two containers are never started at the same moment.
    engine.clock.advance(50);
  }
  throw new Error(`not settled:\n${show(plans)}`);
}

/** Nothing could be done: until when? A failed step is tried again after a back-off of the controller's. */
function wait(engine: SimulatedEngine, plan: Plan, plans: readonly (readonly string[])[]): void {
  const isWaiting = plan.steps.every((step) => step.gate !== undefined || step.needs.length > 0);
  const times = [plan.lookAgainAtMs, engine.nextChangeAtMs()].filter((atMs) => atMs !== undefined);
  const soonest = times.length === 0 ? undefined : Math.min(...times);
  if (isWaiting && soonest === undefined) {
    throw new Error(`waits for ever:\n${show(plans)}`);
  }
  engine.clock.advanceTo(Math.min(soonest ?? Number.POSITIVE_INFINITY, engine.clock.nowMs() + 30_000));
}

/** The first plans and the last ones. */
function show(plans: readonly (readonly string[])[]): string {
  const some = plans.length <= 6 ? plans : [...plans.slice(0, 3), ['...'], ...plans.slice(-2)];
  return some.map((plan) => plan.join('\n')).join('\n---\n');
}

/** A plan as text, without hashes: `demo-web-1.<hash>`. */
export function text(plan: Pick<Plan, 'steps' | 'blockers'>): readonly string[] {
  return renderPlan(plan).map((line) =>
    line
      .replace(/sha256:[0-9a-f]+/g, '<image>')
      .replace(/v1\.[0-9a-f]{8,64}/g, '<spec>')
      .replace(/container:[0-9a-f]{64}/g, 'container:<id>')
      .replace(/\.[0-9a-f]{8}(?![0-9a-f])/g, '.<hash>')
      .replace(/_[0-9a-f]{8}(?![0-9a-f])/g, '_<hash>'),
  );
}
