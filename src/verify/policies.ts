import { checkPolicies } from '../isolation/policy.ts';
import type { Model } from '../isolation/verdict.ts';
import { formatPosition } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import { provedModel } from './proved.ts';
import type { Cell, PolicyReport } from './report.ts';

/** What the policies are held to. */
export interface Scene {
  /** What the engine shows. */
  readonly seen: Model;
  readonly cells: readonly Cell[];
  /** Rules that none of these has a part in are not told of. */
  readonly stacks: readonly string[];
}

/**
 * Holds policies to the live engine. A selector that matches nothing there, and rules that contradict each other, are faults
 * of the policy itself, which `net test` and the stacks' own problems tell.
 */
export function holdToPolicies(
  policies: readonly ReachabilityPolicy[],
  { seen, cells, stacks }: Scene,
): PolicyReport {
  const checks = checkPolicies(provedModel(seen, cells), policies);
  const broken = checks.flatMap(({ policy, title: rule, failures }) =>
    failures
      .filter(({ code, stacks: part }) => code === 'PolicyBroken' && part.some((one) => stacks.includes(one)))
      .map(({ message, at, ends, stacks: part }) => ({
        policy,
        rule,
        at: formatPosition(at),
        from: ends?.from,
        to: ends?.to,
        stacks: part,
        message,
      })),
  );
  return { checked: checks.length, broken };
}
