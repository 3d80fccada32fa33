import pLimit from 'p-limit';
import { describe, expect, test } from 'vitest';
import { modelOf } from '../../src/isolation/model.ts';
import { observedTopology } from '../../src/isolation/observed.ts';
import type { Endpoint, Model } from '../../src/isolation/verdict.ts';
import type { ContainerId } from '../../src/model/names.ts';
import type { Probe, ProbeResult } from '../../src/model/probe.ts';
import { concludeCells } from '../../src/verify/conclude.ts';
import { askedAgain, inDoubt } from '../../src/verify/doubt.ts';
import { planVerification } from '../../src/verify/plan.ts';
import { type Cell, sayCell } from '../../src/verify/report.ts';
import { hasEngine, Lab } from '../support/lab.ts';
import { buildTopology, removeTopology } from '../support/topologies/build-topology.ts';
import { randomTopology, type TopologyPlan } from '../support/topologies/random-topology.ts';

/** How many, and from which seed on. */
const COUNT = Number(process.env['ISOLATION_TOPOLOGIES'] ?? 3);
const SEED = Number(process.env['ISOLATION_SEED'] ?? 1);
const WAIT_MS = 1500;
const SECOND_WAIT_MS = 5000;
const PARALLEL = 3;

/** Builds a topology, and has every pair and port of it computed and probed. */
async function survey(lab: Lab, plan: TopologyPlan): Promise<readonly (Cell & { readonly why: string })[]> {
  const names = await buildTopology(lab, plan);
  const signal = AbortSignal.timeout(120_000);
  const query = { stack: lab.stack, project: lab.stack, networkNames: names, imageRefs: [] };
  const observed = await lab.engine.observe(query, signal);
  const model = modelOf(observedTopology({ observed, stackLabels: {} }));
  const stacks = [lab.stack];
  const verification = planVerification({
    declared: model,
    observed: model,
    stacks,
    ours: stacks,
    outside: undefined,
  });
  const limit = pLimit(PARALLEL);
  const ask = (from: string, probes: readonly Probe[], waitMs: number) =>
    limit(() =>
      lab.engine.probe({ from: from as ContainerId | 'host', probes, waitMs, image: undefined }, signal),
    );
  const results = new Map<string, readonly ProbeResult[]>();
  const probesOf = new Map(verification.probes.all());
  await Promise.all(
    [...probesOf].map(async ([from, probes]) => results.set(from, await ask(from, probes, WAIT_MS))),
  );
  // As `net verify` does, so that a machine which is busy accuses nobody.
  await Promise.all(
    [...inDoubt(verification, results)].map(async ([from, indexes]) => {
      const silent = indexes.flatMap((index) => probesOf.get(from)?.[index] ?? []);
      const again = await ask(from, silent, SECOND_WAIT_MS);
      results.set(from, askedAgain(results.get(from) ?? [], indexes, again));
    }),
  );
  return concludeCells(verification, results).map((cell) => ({
    ...cell,
    why: cell.differs ? why(model, cell) : '',
  }));
}

/** The chain of reasons, for whoever reads of a difference. */
function why(model: Model, { from, to }: Cell): string {
  const endOf = (name: string): Endpoint =>
    name === 'host' || name === 'outside' ? { kind: name } : { kind: 'member', id: `${name}/1` };
  const { ways, reasons } = model.reach({ from: endOf(from), to: endOf(to) });
  return JSON.stringify({ ways, reasons });
}

describe.skipIf(!hasEngine())('on a real engine, what is computed is what probes find', () => {
  test.each(Array.from({ length: COUNT }, (_, index) => SEED + index))('topology %i', async (seed) => {
    const lab = new Lab();
    try {
      const { apiVersion } = await lab.engine.connect(AbortSignal.timeout(10_000));
      const plan = randomTopology(seed, { gatewayModes: Number(apiVersion.split('.')[1]) >= 48 });
      const cells = await survey(lab, plan);
      const differing = cells
        .filter(({ differs }) => differs)
        .map((cell) => `${sayCell(cell)}; ${cell.detail}; ${cell.why}`);
      expect(differing, JSON.stringify(plan, undefined, 1)).toEqual([]);
      // A survey that asked nothing, or learnt nothing, would agree with everything.
      expect(cells.filter(({ probed }) => probed !== 'unknown').length).toBeGreaterThan(0);
    } finally {
      await removeTopology(lab);
      await lab.dispose();
    }
  });
});
