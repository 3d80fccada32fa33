import { expect, test } from 'vitest';
import type { StackPolicy } from '../../../src/model/desired.ts';
import type { Memory } from '../../../src/model/memory.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { type StackWords, stack } from '../../support/builders.ts';
import { pass, passUntilSettled, planFor, text } from '../../support/passes.ts';
import { running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const MIB = 1024 * 1024;
const words = (policy: Partial<StackPolicy>, image = 'app:1'): StackWords => ({
  services: {
    db: { networks: ['back'], resources: { Memory: 64 * MIB } },
    web: { image, health: true, networks: ['front', 'back'], resources: { Memory: 64 * MIB } },
  },
  networks: { front: {}, back: {} },
  policy,
});
const WARN = words({ driftDetection: 'warn' });
const OFF = words({ driftDetection: 'disabled' });

const planNow = (engine: SimulatedEngine, wanted: StackWords, memory: Memory) =>
  planFor(engine, stack(wanted), { memory });
const withheld = (plan: Plan) => (plan.withheld ?? []).map((step) => `${step.kind} ${step.target.name}`);

/** As a person makes a network again with another option, and attaches who was on it. */
function remake(engine: SimulatedEngine): void {
  engine.hands.remakeNetwork('demo_back', { internal: true }, true);
  for (const name of ['demo-db-1', 'demo-web-1']) engine.hands.connect('demo_back', name);
}

/** What somebody does by hand, and what stackctl would do about it. */
const HANDS: readonly (readonly [string, (engine: SimulatedEngine) => void, readonly string[]])[] = [
  ['updates', ({ hands }) => hands.update('demo-db-1', { Memory: 32 * MIB }), ['update-container demo-db-1']],
  ['detaches', ({ hands }) => hands.disconnect('demo_back', 'demo-db-1'), ['connect-network demo-db-1']],
  ['pauses', ({ hands }) => hands.pause('demo-db-1'), ['unpause-container demo-db-1']],
  ['renames', ({ hands }) => hands.rename('demo-db-1', 'odd'), ['rename-container odd']],
  [
    'removes',
    ({ hands }) => hands.rm('demo-db-1'),
    ['create-container demo-db-1', 'start-container demo-db-1'],
  ],
];

test.each(HANDS)(
  'warn: what somebody %s is told and not repaired; disabled: neither',
  async (_does, change, steps) => {
    const warned = await running(WARN);
    change(warned.engine);
    const told = await planNow(warned.engine, WARN, warned.memory);
    expect([told.steps, withheld(told)]).toEqual([[], steps]);
    expect(text(told)[0]).toMatch(/^~ .* \(left alone: driftDetection is warn\)$/);
    const off = await running(OFF);
    change(off.engine);
    const silent = await planNow(off.engine, OFF, off.memory);
    expect([silent.steps, withheld(silent), text(silent)]).toEqual([[], [], []]);
  },
);

test('warn: a network that somebody made again with other options is left as it is, attachments and all', async () => {
  const { engine, memory } = await running(WARN);
  remake(engine);
  const plan = await planNow(engine, WARN, memory);
  expect(plan.steps).toEqual([]);
  expect(withheld(plan).length).toBeGreaterThan(2);
});

test.each([WARN, OFF])(
  'what ended or is unhealthy is healed in every mode, over drift that stays',
  async (wanted) => {
    const { engine, memory } = await running(wanted);
    engine.hands.update('demo-web-1', { Memory: 32 * MIB });
    engine.hands.stop('demo-web-1');
    const { last } = await passUntilSettled(engine, stack(wanted), { memory });
    expect(engine.world.container('demo-web-1')?.state).toBe('running');
    expect(engine.world.container('demo-web-1')?.resources.Memory).toBe(32 * MIB);
    expect(last.steps).toEqual([]);
  },
);

test('warn: a changed manifest is carried out as a whole, and what somebody changes after that is drift again', async () => {
  const { engine, memory } = await running(WARN);
  engine.hands.update('demo-db-1', { Memory: 32 * MIB });
  const next = words({ driftDetection: 'warn' }, 'app:2');
  const applied = await passUntilSettled(engine, stack(next), { memory });
  expect(applied.plans.flat().join('\n')).toContain('create container/demo-web-1');
  expect(engine.world.container('demo-db-1')?.resources.Memory).toBe(64 * MIB);
  engine.hands.update('demo-db-1', { Memory: 32 * MIB });
  expect(withheld(await planNow(engine, next, applied.memory))).toEqual(['update-container demo-db-1']);
});

test('warn: a new image is rolled out, with what its container cannot do without', async () => {
  const { engine, memory } = await running(WARN);
  engine.world.addImage('app:1', { hasHealthcheck: false });
  engine.hands.disconnect('demo_front', 'demo-web-1');
  engine.hands.disconnect('demo_back', 'demo-web-1');
  engine.hands.disconnect('demo_back', 'demo-db-1');
  engine.hands.rmNetwork('demo_back');
  const { last } = await passUntilSettled(engine, stack(WARN), { memory });
  expect(last.steps).toEqual([]);
  const web = engine.world.container('demo-web-1');
  expect(web?.imageId).toBe(engine.world.image('app:1')?.id);
});

test.each([
  ['/services/web/mem_limit', true],
  ['/services/*/mem_limit', true],
  ['/services/web/deploy/resources/limits/memory', true],
  ['/services/web', true],
  ['/services/web/cpus', false],
  ['/services/db/mem_limit', false],
  ['/networks/web/mem_limit', false],
])('ignore %s: a memory limit of web that somebody changed is left alone: %s', async (pointer, isIgnored) => {
  const wanted = words({ driftIgnore: [pointer] });
  const { engine, memory } = await running(wanted);
  engine.hands.update('demo-web-1', { Memory: 32 * MIB });
  const plan = await planNow(engine, wanted, memory);
  expect(text(plan)).toHaveLength(isIgnored ? 0 : 1);
});

test.each([
  [['/networks/back/internal', '/services/*/networks/back'], remake],
  [
    ['/services/db/networks/back'],
    (engine: SimulatedEngine) => engine.hands.disconnect('demo_back', 'demo-db-1'),
  ],
  [
    ['/services/db/networks/demo_front'],
    (engine: SimulatedEngine) => engine.hands.connect('demo_front', 'demo-db-1'),
  ],
  [['/services/db/container_name'], (engine: SimulatedEngine) => engine.hands.rename('demo-db-1', 'odd')],
  [['/services/db/state'], (engine: SimulatedEngine) => engine.hands.pause('demo-db-1')],
])('ignore %s leaves alone what it names and nothing else', async (pointers, change) => {
  const wanted = words({ driftIgnore: pointers });
  const { engine, memory } = await running(wanted);
  change(engine);
  expect(
    text(await planNow(engine, words({}), { ...memory, settled: stack(words({})).revision })),
  ).not.toEqual([]);
  expect(text(await planNow(engine, wanted, memory))).toEqual([]);
  engine.hands.update('demo-web-1', { Memory: 32 * MIB });
  expect(text(await planNow(engine, wanted, memory)).join()).toContain('resources.Memory');
});

test('an ignored field is set when the manifest changes it', async () => {
  const wanted = words({ driftIgnore: ['/services/web/mem_limit'] });
  const { engine, memory } = await running(wanted);
  const next = {
    ...wanted,
    services: { ...wanted.services, web: { ...wanted.services?.['web'], resources: { Memory: 96 * MIB } } },
  };
  const { plan } = await pass(engine, stack(next), { memory });
  expect(text(plan).join()).toContain('update container/demo-web-1');
});
