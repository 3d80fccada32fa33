import fc from 'fast-check';
import { expect, test } from 'vitest';
import { queryFor } from '../../src/controller/reconcile.ts';
import { EMPTY_MEMORY } from '../../src/model/memory.ts';
import type { Observed } from '../../src/model/observed.ts';
import type { Plan, Step } from '../../src/model/plan.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { recognise } from '../../src/plan/recognise.ts';
import { renderPlan } from '../../src/plan/render.ts';
import type { PlanContext } from '../../src/plan/scope.ts';
import { engineFor, scriptJobs, stacks } from '../support/arbitraries.ts';
import { stack } from '../support/builders.ts';
import { holds } from '../support/cases.ts';
import { type History, histories, past } from '../support/histories.ts';
import { passUntilSettled } from '../support/passes.ts';
import type { SimulatedEngine } from '../support/simulated-engine.ts';

/** Every plan on the way from a history to convergence, with what it was made from. */
async function plansOf(history: History, engine?: SimulatedEngine): Promise<readonly [Plan, Observed][]> {
  const seen: [Plan, Observed][] = [];
  const onPlan = (plan: Plan, observed: Observed) => seen.push([plan, observed]);
  await passUntilSettled(engine ?? (await past(history)), stack(history.after), { onPlan });
  return seen;
}

test('shuffling what was observed does not change the plan', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, fc.infiniteStream(fc.nat()), async (history, numbers) => {
      const shuffle = <Item>(items: readonly Item[]): Item[] =>
        items
          .map((item) => [numbers.next().value ?? 0, item] as const)
          .sort(([a], [b]) => a - b)
          .map(([, item]) => item);
      const engine = await past(history);
      const desired = stack(history.after);
      const before: PlanContext = {
        nowMs: engine.clock.nowMs(),
        memory: EMPTY_MEMORY,
        instance: engine.instance,
        version: 'test',
        readyStacks: {},
      };
      const planOf = (seen: Observed): Plan => {
        const { observed, context } = recognise(desired, seen, before);
        return makePlan(desired, observed, context);
      };
      const seen = await engine.observe(queryFor(desired));
      const shuffled: Observed = {
        ...seen,
        containers: shuffle(seen.containers).map((each) => ({
          ...each,
          attachments: shuffle(each.attachments),
        })),
        others: shuffle(seen.others),
        networks: shuffle(seen.networks),
        volumes: shuffle(seen.volumes),
      };
      expect(planOf(shuffled)).toEqual(planOf(seen));
    }),
  );
});

test('needs point backwards and exist', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      for (const [plan] of await plansOf(history)) {
        plan.steps.forEach((step, index) => {
          expect(step.id).toBe(index + 1);
          for (const need of step.needs) expect(need >= 1 && need < step.id).toBe(true);
        });
      }
    }),
  );
});

test('no step removes a volume', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      for (const [plan] of await plansOf(history)) {
        expect(plan.steps.filter((step) => step.kind === 'remove-volume')).toEqual([]);
      }
    }),
  );
});

/** The container or network that a step changes, when that existed before. */
function touched(step: Step): { readonly container?: string; readonly network?: string } {
  const container = 'container' in step && step.container.by === 'id' ? { container: step.container.id } : {};
  const network = step.kind === 'remove-network' ? { network: step.networkId } : {};
  return { ...container, ...network };
}

test('no step touches what is not ours', async (context) => {
  await holds(
    context,
    fc.asyncProperty(histories, async (history) => {
      const engine = await past(history);
      const [network] = [...engine.world.networks.values()].filter((each) => each.name.startsWith('demo_'));
      engine.hands.run('stranger', { ports: ['9999:80'] });
      engine.hands.createNetwork('strange');
      engine.hands.createVolume('strange');
      if (network !== undefined)
        engine.hands.run('guest', { networks: { [network.name]: { aliases: ['guest'] } } });
      for (const [plan, observed] of await plansOf(history, engine)) {
        const own = new Set<string>(
          [...observed.containers, ...observed.networks]
            .filter((each) => each.ownership === 'ours' && each.stack === 'demo')
            .map((each) => each.id),
        );
        const ownNetworks = new Set<string>(
          observed.networks.filter((each) => own.has(each.id)).map((each) => each.name),
        );
        for (const step of plan.steps) {
          const { container, network: removed } = touched(step);
          if (removed !== undefined) expect(own).toContain(removed);
          // A guest on a network of ours is put back on it after a swap.
          const isSwap = step.kind === 'connect-network' || step.kind === 'disconnect-network';
          if (container !== undefined && !isSwap) expect(own).toContain(container);
          if (isSwap && container !== undefined && !own.has(container))
            expect(ownNetworks.size).toBeGreaterThan(0);
        }
      }
      expect(engine.world.container('stranger')?.state).toBe('running');
      expect(engine.world.networksNamed('strange')).toHaveLength(1);
      expect(engine.world.volumes.has('strange')).toBe(true);
      const guest = engine.world.container('guest');
      if (network !== undefined) {
        expect(guest?.state).toBe('running');
        const endpoint = guest?.endpoints.get(network.name);
        expect(endpoint?.settings.aliases).toEqual(['guest']);
        expect(engine.world.networks.has(endpoint?.networkId ?? network.id)).toBe(true);
      }
    }),
  );
});

test('an unchanged service gets no step', async (context) => {
  await holds(
    context,
    fc.asyncProperty(stacks, async (words) => {
      const engine = engineFor('28');
      scriptJobs(engine, words);
      const withExtra = (env: string) =>
        stack({ ...words, services: { ...words.services, z: { env: [env], health: true } } });
      const { memory } = await passUntilSettled(engine, withExtra('A=1'));
      const strays: string[] = [];
      await passUntilSettled(engine, withExtra('A=2'), {
        memory,
        onPlan: (plan) =>
          strays.push(
            ...renderPlan({ steps: plan.steps.filter((step) => step.service !== 'z'), blockers: [] }),
          ),
      });
      expect(strays).toEqual([]);
    }),
  );
});
