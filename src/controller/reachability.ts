import { declaredTopology } from '../isolation/declared.ts';
import { modelOf } from '../isolation/model.ts';
import { observedTopology } from '../isolation/observed.ts';
import { checkPolicies, problemsOf } from '../isolation/policy.ts';
import { stackName } from '../model/names.ts';
import type { EngineInfo } from '../model/observed.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import { type Declaring, declaredStacks } from './declared-stacks.ts';
import type { DeclaredStack, Loader } from './loader.ts';
import type { Wish } from './wish.ts';

/** A stack that is about to mean something. */
export interface Candidate {
  readonly manifest: DeclaredStack;
  readonly wish: Wish;
}

/** The loader, with what policies of reachability forbid among the problems: what breaks one is no wish. */
export function heldToPolicies(state: Declaring): Loader {
  const { loader } = state.ports;
  return {
    find: (files, signal) => loader.find(files, signal),
    resolve: async (manifest, engine, admission, signal) => {
      const wish = await loader.resolve(manifest, engine, admission, signal);
      const policies = state.catalog.policies();
      const broken = await brokenBy(state, { candidates: [{ manifest, wish }], policies, engine }, signal);
      if (broken.length === 0) return wish;
      const problems = [...wish.problems, ...broken];
      return { ...wish, problems, desired: isAcceptable(problems) ? wish.desired : undefined };
    },
  };
}

/**
 * What the candidates would break, together with all other stacks as their manifests want them now: were the others taken
 * as they last were good, two stacks that must change together would wait for each other.
 */
export async function brokenBy(
  state: Declaring,
  asked: {
    readonly candidates: readonly Candidate[];
    readonly policies: readonly ReachabilityPolicy[];
    readonly engine: EngineInfo;
  },
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { candidates, policies, engine } = asked;
  const meant = candidates.flatMap(({ manifest: { labels }, wish: { desired } }) =>
    desired === undefined ? [] : [{ desired, labels }],
  );
  if (policies.length === 0 || meant.length === 0) return [];
  const names = new Set(candidates.map(({ manifest }) => manifest.name));
  const others = await declaredStacks(state, engine, signal, names);
  // Lists alone: no stack has an empty name, and what is asked for is what external networks are like.
  const query = { stack: stackName(''), project: '', networkNames: [], imageRefs: [] };
  const observed = await state.ports.engine.observe(query, signal);
  const surroundings = observedTopology({ observed: { ...observed, containers: [] }, stackLabels: {} });
  const { apiVersion } = engine;
  const topology = declaredTopology({ stacks: [...meant, ...others], surroundings, engine: { apiVersion } });
  const checks = checkPolicies(modelOf(topology), policies);
  const found = [...names].flatMap((name) => problemsOf(checks, name));
  return found.filter((one, index) => found.findIndex((other) => other.message === one.message) === index);
}
