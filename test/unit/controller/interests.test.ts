import { expect, test } from 'vitest';
import { Interests } from '../../../src/controller/interests.ts';
import { queryFor } from '../../../src/controller/reconcile.ts';
import type { EngineEvent } from '../../../src/engine/engine.ts';
import { stackName } from '../../../src/model/names.ts';
import { stack } from '../../support/builders.ts';
import { planFor } from '../../support/passes.ts';
import { running } from '../../support/planned.ts';

const WORDS = { services: { web: { volumes: ['data:/data'] } }, volumes: { data: {} } };

async function interestsOf() {
  const { engine } = await running(WORDS);
  const desired = stack(WORDS);
  const observed = await engine.observe(queryFor(desired, []));
  const interests = new Interests();
  const plan = await planFor(engine, desired);
  interests.note('demo', {
    desired,
    observed,
    plan,
    problems: [],
    outcomes: [],
    filesUsed: [],
    sourceRevision: undefined,
  });
  const web = engine.world.container('demo-web-1')?.id ?? '';
  const concernedBy = (event: Partial<EngineEvent>) =>
    interests.concernedBy(
      { kind: 'network', action: 'connect', id: 'x', name: 'x', stack: undefined, atMs: 0, ...event },
      stackName,
    );
  return { web, concernedBy };
}

test('an event concerns those who know what it names', async () => {
  const { web, concernedBy } = await interestsOf();
  expect(concernedBy({ kind: 'container', id: web })).toEqual(['demo']);
  expect(concernedBy({ kind: 'network', name: 'demo_default' })).toEqual(['demo']);
  expect(concernedBy({ kind: 'volume', name: 'demo_data' })).toEqual(['demo']);
  expect(concernedBy({ kind: 'image', name: 'app:1' })).toEqual(['demo']);
  expect(concernedBy({ kind: 'container', id: 'other' })).toEqual([]);
});

test('a container that is attached to a network of somebody else concerns its own stack', async () => {
  const { web, concernedBy } = await interestsOf();
  expect(concernedBy({ name: 'elsewhere', container: web })).toEqual(['demo']);
  expect(concernedBy({ name: 'elsewhere', container: 'other' })).toEqual([]);
});
