import { queryFor } from '../../src/controller/reconcile.ts';
import { EMPTY_MEMORY } from '../../src/model/memory.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { recognise } from '../../src/plan/recognise.ts';
import type { PlanContext } from '../../src/plan/scope.ts';
import { deriveStatus } from '../../src/status/derive.ts';
import { type ServiceWords, stack } from '../../test/support/builders.ts';
import { passReport } from '../../test/support/pass-report.ts';
import { passUntilSettled } from '../../test/support/passes.ts';
import { engineWithImages } from '../../test/support/planned.ts';
import type { Case } from '../case.ts';
import { timed } from '../programs.ts';

/** Planning alone, without an engine: what stands is what is wanted, and must be compared as a whole. */
export const PLANNING: readonly Case[] = [
  {
    name: 'planning, 1,000 services',
    unit: 'ms',
    bounds: [{ against: undefined, atMost: 50 }],
    prepare: async () => ({
      sides: [await planningSide('converged', 1_000, true), await planningSide('from nothing', 1_000, false)],
      dispose: async () => undefined,
    }),
  },
  {
    name: 'planning, 10,000 services',
    unit: 'ms',
    // n log n from 1,000 to 10,000 is 13.3 times as much.
    bounds: [{ against: '1,000', atMost: 13.3 }],
    prepare: async () => ({
      sides: [
        await planningSide('converged', 10_000, true),
        await planningSide('1,000', 1_000, true),
        await planningSide('from nothing', 10_000, false),
      ],
      dispose: async () => undefined,
    }),
  },
  {
    name: 'status of 10,000 services',
    unit: 'ms',
    bounds: [],
    prepare: async () => ({
      sides: [await statusSide('10,000', 10_000), await statusSide('1,000', 1_000)],
      dispose: async () => undefined,
    }),
  },
];

/** What was found, and what follows from it. */
async function findings(services: number, isConverged: boolean) {
  const desired = stack({
    name: 'big',
    networks: { a: {}, b: {}, c: {} },
    volumes: { data: {} },
    services: Object.fromEntries(Array.from({ length: services }, (_, index) => [`s${index}`, words(index)])),
  });
  const engine = engineWithImages();
  const memory = isConverged ? (await passUntilSettled(engine, desired)).memory : EMPTY_MEMORY;
  const seen = await engine.observe(queryFor(desired));
  const before: PlanContext = {
    nowMs: engine.clock.nowMs(),
    memory,
    instance: engine.instance,
    version: 'bench',
    readyStacks: {},
  };
  const plan = () => {
    const { observed, context } = recognise(desired, seen, before);
    return { desired, observed, plan: makePlan(desired, observed, context) };
  };
  return { plan, nowMs: before.nowMs };
}

async function planningSide(name: string, services: number, isConverged: boolean) {
  const { plan } = await findings(services, isConverged);
  return { name, measure: async () => timed(async () => plan()) };
}

/** When each service was just made. */
async function statusSide(name: string, services: number) {
  const { plan, nowMs } = await findings(services, false);
  const seen = plan();
  const outcomes = seen.plan.steps.map((step) => ({ step, result: 'done', tookMs: 1 }) as const);
  const report = passReport({ ...seen, outcomes, nowMs });
  return { name, measure: async () => timed(async () => deriveStatus(report)) };
}

/** Of all kinds: ports, volumes, networks, services that wait for others. */
function words(index: number): ServiceWords {
  return {
    image: 'app:1',
    networks: [['a'], ['b'], ['a', 'c']][index % 3] ?? ['a'],
    ...(index % 4 === 0 ? { ports: [`${20_000 + index}:80`] } : {}),
    ...(index % 5 === 0 ? { volumes: ['data:/data'] } : {}),
    ...(index % 10 === 9 ? { dependsOn: { [`s${index - 1}`]: 'started' as const } } : {}),
  };
}
