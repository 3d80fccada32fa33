import pLimit from 'p-limit';
import type { Engine } from '../engine/engine.ts';
import { asFailure, Failure } from '../model/failure.ts';
import type { Outcome, Plan, Step, StepId } from '../model/plan.ts';
import { runStep, type StepResults } from './executors.ts';

export interface ExecuteOptions {
  /** How many engine calls may run at a time. */
  readonly concurrency: number;
  readonly nowMs: () => number;
  /** Asked before each step: false once what the plan is for is not wanted any more. */
  readonly isWanted: () => boolean;
  /** Told before and after each step. */
  readonly onStep: (step: Step, phase: 'started' | 'done' | 'failed', detail: string) => void;
}

/**
 * Walks a plan and decides nothing: a step runs as soon as all its needs are done, several at a time; a gated
 * one is skipped, as is a pull that goes on after this pass, and so is what needs it or needs something that
 * failed. The signal, and a wish that is past, stop it between steps: a call in flight is finished.
 */
export async function execute(
  plan: Plan,
  engine: Engine,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const limit = pLimit(options.concurrency);
  const results: StepResults = { containers: new Map(), networks: new Map() };
  const running = new Map<StepId, Promise<Outcome>>();
  for (const step of plan.steps) {
    const needs = step.needs.flatMap((need) => running.get(need) ?? []);
    running.set(
      step.id,
      afterNeeds(step, needs, () => limit(() => perform(step, engine, results, options, signal))),
    );
  }
  return Promise.all(running.values());
}

async function afterNeeds(
  step: Step,
  needs: readonly Promise<Outcome>[],
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  if (step.gate !== undefined) return { step, result: 'skipped', waitingFor: 'gate' };
  const before = await Promise.all(needs);
  const unmet = before.find((outcome) => outcome.result !== 'done' && !isOver(outcome));
  if (unmet !== undefined) {
    const gated = unmet.result === 'skipped' && unmet.waitingFor === 'gate';
    return { step, result: 'skipped', waitingFor: gated ? 'gate' : 'failed-need' };
  }
  return run();
}

/** A `pre_stop` hook that failed must not keep its container from being stopped. */
const isOver = ({ step, result }: Outcome): boolean =>
  result === 'failed' && step.kind === 'exec-hook' && step.phase === 'pre_stop';

async function perform(
  step: Step,
  engine: Engine,
  results: StepResults,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  if (signal.aborted || !options.isWanted()) return { step, result: 'skipped', waitingFor: 'abort' };
  const startedMs = options.nowMs();
  options.onStep(step, 'started', '');
  try {
    const end = await runStep(step, {
      engine,
      results,
      signal,
      progress: (line) => options.onStep(step, 'started', line),
    });
    if (end === 'under-way') return { step, result: 'skipped', waitingFor: 'under-way' };
    options.onStep(step, 'done', '');
    return {
      step,
      result: 'done',
      tookMs: options.nowMs() - startedMs,
      made: results.containers.get(step.id),
    };
  } catch (thrown) {
    const failure = thrown instanceof Failure ? thrown : asFailure(thrown);
    // Given up because of the signal: nobody refused anything.
    if (signal.aborted && failure.kind === 'superseded')
      return { step, result: 'skipped', waitingFor: 'abort' };
    options.onStep(step, 'failed', failure.message);
    return { step, result: 'failed', failure, tookMs: options.nowMs() - startedMs };
  }
}
