import pLimit from 'p-limit';
import { type DeclaredMembership, declaredTopology } from '../isolation/declared.ts';
import { modelOf } from '../isolation/model.ts';
import { observedTopology } from '../isolation/observed.ts';
import type { Model } from '../isolation/verdict.ts';
import { asFailure, Failure } from '../model/failure.ts';
import { containerId, type StackName } from '../model/names.ts';
import type { EngineInfo, Observed } from '../model/observed.ts';
import { MAX_PROBES, type Probe, type ProbeResult } from '../model/probe.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import { isoTime } from '../model/time.ts';
import { concludeCells } from '../verify/conclude.ts';
import { askedAgain, inDoubt } from '../verify/doubt.ts';
import { planVerification } from '../verify/plan.ts';
import { holdToPolicies } from '../verify/policies.ts';
import { HOST, type Source } from '../verify/probe-list.ts';
import type { VerifyReport } from '../verify/report.ts';
import type { VerifyPlan } from '../verify/survey.ts';
import type { Ports } from './ports.ts';

/** Long enough for a second try of a lost packet; what is dropped costs this once, since all is tried at once. */
const WAIT_MS = 2500;
/** The second time, when silence is against what was expected. */
const SECOND_WAIT_MS = 5000;
/** Probe containers at a time: each takes a moment of a core and about 50 MiB. */
const PARALLEL = 4;

export interface Verification {
  /** Whose services are looked at. */
  readonly stacks: readonly StackName[];
  /** All stacks of ours that are known, as they are wanted. */
  readonly known: readonly DeclaredMembership[];
  /** What is expected of the live engine, too. */
  readonly policies: readonly ReachabilityPolicy[];
  readonly engine: EngineInfo;
  readonly outside: { readonly host: string; readonly port: number } | undefined;
  readonly probeImage: string | undefined;
}

/** How far it has got. */
export interface VerifyProgress {
  readonly done: number;
  readonly total: number;
  /** Who was asked last: `shop/web`. */
  readonly from: string;
}

/**
 * Proves who reaches whom: what the manifests say, what the engine shows and what probes find. Changes nothing on the engine
 * but for probe containers that are gone when it ends. Throws `invalid` or `refused` when no probe can be run at all.
 */
export async function verifyIsolation(
  { engine, clock }: Pick<Ports, 'engine' | 'clock'>,
  asked: Verification,
  onProgress: (progress: VerifyProgress) => void,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const startedMs = clock.nowMs();
  await engine.removeProbes(signal);
  const plan = planOf(asked, await observeAll(engine, asked, signal));
  const sources = plan.probes.all();
  const results = new Map<Source, readonly ProbeResult[]>();
  const missed: string[] = [];
  const limit = pLimit(PARALLEL);
  let done = 0;
  const askOne = async (source: Source, probes: readonly Probe[], waitMs: number) => {
    try {
      return await probeInParts(engine, { source, probes, waitMs, image: asked.probeImage }, signal);
    } catch (thrown) {
      const failure = asFailure(thrown);
      // One that is gone or stopped meanwhile says nothing of the others; without an image nobody can be asked.
      if (failure.kind !== 'conflict' && failure.kind !== 'gone') throw failure;
      missed.push(`${plan.names.get(source) ?? source}: ${failure.message}`);
      return undefined;
    }
  };
  const askFirst = async (source: Source, probes: readonly Probe[]) => {
    const found = await askOne(source, probes, WAIT_MS);
    if (found !== undefined) results.set(source, found);
    done += 1;
    onProgress({ done, total: sources.length, from: plan.names.get(source) ?? source });
  };
  const askAgain = async (source: Source, indexes: readonly number[]) => {
    const probes = new Map(sources).get(source) ?? [];
    const silent = indexes.flatMap((index) => probes[index] ?? []);
    const found = await askOne(source, silent, SECOND_WAIT_MS);
    if (found !== undefined) results.set(source, askedAgain(results.get(source) ?? [], indexes, found));
  };
  await Promise.all(sources.map(([source, probes]) => limit(() => askFirst(source, probes))));
  const doubts = [...inDoubt(plan, results)];
  await Promise.all(doubts.map(([source, indexes]) => limit(() => askAgain(source, indexes))));
  const cells = concludeCells(plan, results);
  return {
    stacks: [...asked.stacks].sort(),
    startedAt: isoTime(startedMs),
    tookMs: clock.nowMs() - startedMs,
    cells,
    policies: holdToPolicies(asked.policies, { seen: plan.seen, cells, stacks: asked.stacks }),
    skipped: [...plan.skipped, ...missed],
    probes: sources.reduce((sum, [, probes]) => sum + probes.length, 0),
  };
}

function observeAll(
  engine: Ports['engine'],
  { stacks: [stack], known }: Verification,
  signal: AbortSignal,
): Promise<Observed> {
  const any = stack ?? known[0]?.desired.name;
  if (any === undefined) {
    throw new Failure('invalid', 'there is no stack to verify', { hint: 'see `stackctl get stacks`' });
  }
  const query = { stack: any, project: any, networkNames: [], imageRefs: [], everything: true };
  return engine.observe(query, signal);
}

interface NamedPlan extends VerifyPlan {
  /** Names for people, by source. */
  readonly names: ReadonlyMap<Source, string>;
  /** What the engine shows. */
  readonly seen: Model;
}

function planOf({ stacks, known, engine, outside }: Verification, observed: Observed): NamedPlan {
  const stackLabels = Object.fromEntries(known.map(({ desired, labels }) => [desired.name, labels]));
  const topology = observedTopology({ observed, stackLabels });
  const { apiVersion } = engine;
  const declared = declaredTopology({ stacks: known, surroundings: topology, engine: { apiVersion } });
  const seen = modelOf(topology);
  const plan = planVerification({
    declared: modelOf(declared),
    observed: seen,
    stacks,
    ours: known.map(({ desired }) => desired.name),
    outside,
  });
  const names = topology.members.map(({ containerId: id = '', name }) => [id, name] as const);
  return { ...plan, seen, names: new Map<Source, string>([[HOST, 'the host'], ...names]) };
}

interface Part {
  readonly source: Source;
  readonly probes: readonly Probe[];
  readonly waitMs: number;
  readonly image: string | undefined;
}

async function probeInParts(
  engine: Ports['engine'],
  { source, probes, waitMs, image }: Part,
  signal: AbortSignal,
): Promise<readonly ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (let start = 0; start < probes.length; start += MAX_PROBES) {
    const part = probes.slice(start, start + MAX_PROBES);
    const from = source === HOST ? HOST : containerId(source);
    results.push(...(await engine.probe({ from, probes: part, waitMs, image }, signal)));
  }
  return results;
}
