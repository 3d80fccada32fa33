import { expect, test } from 'vitest';
import type { DesiredStack, PullPolicy } from '../../../src/model/desired.ts';
import { Failure, type FailureKind } from '../../../src/model/failure.ts';
import { EMPTY_MEMORY } from '../../../src/model/memory.ts';
import type { Outcome } from '../../../src/model/plan.ts';
import { learn } from '../../../src/plan/repeats.ts';
import type { StackWords } from '../../support/builders.ts';
import { stack } from '../../support/builders.ts';
import { pass, passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const words = (kind: PullPolicy | PullPolicy['kind'], image = 'app:1'): StackWords => ({
  services: {
    web: { image, pullPolicy: typeof kind === 'string' ? ({ kind } as PullPolicy) : kind },
    db: { image: 'app:2' },
  },
});

test('an image that is missing is pulled, and what needs it waits; others go on', async () => {
  const engine = engineWithImages();
  engine.hands.rmImage('app:1');
  expect(await passes(engine, words('missing'))).toMatchInlineSnapshot(`
    [
      "#1 create network/demo_default: Missing
    #2 pull image/app:1: Missing
    [1] -> #3 create container/demo-web-1: Missing (waits: image app:1)
    [3] -> #4 start container/demo-web-1: Missing (waits: image app:1)
    [1] -> #5 create container/demo-db-1: Missing
    [5] -> #6 start container/demo-db-1: Missing",
      "#1 create container/demo-web-1: Missing
    [1] -> #2 start container/demo-web-1: Missing",
      "",
    ]
  `);
});

test('an image that cannot be pulled holds up only its own services', async () => {
  const engine = engineWithImages();
  engine.world.registry.delete('app:1');
  engine.hands.rmImage('app:1');
  const { outcomes } = await pass(engine, stack(words('missing')));
  expect(outcomes.filter((each) => each.result === 'failed').map((each) => each.step.kind)).toEqual([
    'pull-image',
  ]);
  expect(engine.world.container('demo-db-1')?.state).toBe('running');
});

test('a pull that goes on after its pass holds up only its own services, and is looked after', async () => {
  const engine = engineWithImages();
  engine.world.slowPulls.add('app:1');
  engine.hands.rmImage('app:1');
  const desired = stack(words('missing'));
  const first = await pass(engine, desired);
  expect(first.plan.lookAgainAtMs).toBe(engine.clock.nowMs() + 10_000);
  expect(first.outcomes.filter(({ result }) => result === 'failed')).toEqual([]);
  expect(first.memory.pulls).toEqual({});
  expect(engine.world.container('demo-db-1')?.state).toBe('running');
  engine.world.slowPulls.clear();
  await passUntilSettled(engine, desired, { memory: first.memory });
  expect(engine.world.container('demo-web-1')?.state).toBe('running');
});

test('pull_policy never: a missing image is a blocker', async () => {
  const engine = engineWithImages();
  engine.hands.rmImage('app:1');
  expect(await planned(engine, words('never'))).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-db-1: Missing
    [2] -> #3 start container/demo-db-1: Missing
    ! image/app:1: ImageMissing: image app:1 is not on this engine and its pull_policy is never"
  `);
});

test('pull_policy always: once a revision, and what runs is kept when nothing new came', async () => {
  const engine = engineWithImages();
  expect((await passes(engine, words('always')))[0]).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    #2 pull image/app:1: ImageChanged
    [1] -> #3 create container/demo-web-1: Missing (waits: image app:1)
    [3] -> #4 start container/demo-web-1: Missing (waits: image app:1)
    [1] -> #5 create container/demo-db-1: Missing
    [5] -> #6 start container/demo-db-1: Missing"
  `);
  const { memory } = await passUntilSettled(engine, stack(words('always')));
  expect(await planned(engine, words('always'), { memory })).toBe('');
  const next = stack({ ...words('always'), revision: 'sha256:next' });
  const { plans } = await passUntilSettled(engine, next, { memory });
  expect(plans.map((plan) => plan.join('\n'))).toMatchInlineSnapshot(`
    [
      "#1 pull image/app:1: ImageChanged",
      "",
    ]
  `);
});

test('pull_policy always: a newer image replaces the container', async () => {
  const { engine, memory } = await running(words('always'));
  engine.world.registry.set('app:1', { content: 'newer' });
  const next = stack({ ...words('always'), revision: 'sha256:next' });
  await passUntilSettled(engine, next, { memory });
  const image = engine.world.images.get('app:1')?.id;
  expect(engine.world.container('demo-web-1')?.imageId).toBe(image);
});

test('pull_policy daily: when the last pull is a day old', async () => {
  const dayMs = 86_400_000;
  const daily = words({ kind: 'every', periodMs: dayMs });
  const { engine, memory } = await running(daily);
  const createdAtMs = engine.world.images.get('app:1')?.createdAtMs ?? 0;
  const before = await pass(engine, stack(daily), { memory });
  expect(before.plan.lookAgainAtMs).toBe(createdAtMs + dayMs);
  engine.clock.advance(dayMs);
  const due = await pass(engine, stack(daily), { memory: before.memory });
  expect(text(due.plan)).toEqual(['#1 pull image/app:1: ImageChanged']);
  expect(await planned(engine, daily, { memory: due.memory })).toBe('');
});

/** Passes until the pull is tried again, and how long that took, again and again. */
async function retries(engine: SimulatedEngine, desired: DesiredStack, count: number): Promise<number[]> {
  const waits: number[] = [];
  let { memory } = await pass(engine, desired);
  while (waits.length < count) {
    const held = await pass(engine, desired, { memory });
    expect(held.outcomes.filter(({ result }) => result === 'failed')).toEqual([]);
    const untilMs = held.plan.lookAgainAtMs ?? Number.NaN;
    waits.push((untilMs - engine.clock.nowMs()) / 1000);
    engine.clock.advanceTo(untilMs);
    ({ memory } = await pass(engine, desired, { memory: held.memory }));
  }
  return waits;
}

test('a pull that fails where the image is here: that one is used, and pulls back off to five minutes', async () => {
  const engine = engineWithImages();
  engine.world.registry.delete('app:1');
  expect(await retries(engine, stack(words('always')), 8)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  expect(engine.world.container('demo-web-1')?.state).toBe('running');
});

test('a pull that fails where the image is missing backs off to a minute, and the others go on', async () => {
  const engine = engineWithImages();
  engine.world.registry.delete('app:1');
  engine.hands.rmImage('app:1');
  const desired = stack(words('missing'));
  expect(await retries(engine, desired, 6)).toEqual([5, 10, 20, 40, 60, 60]);
  expect(engine.world.container('demo-db-1')?.state).toBe('running');
  const { memory } = await pass(engine, desired);
  expect(await planned(engine, words('missing'), { memory })).toMatchInlineSnapshot(`
    "#1 pull image/app:1: Missing (waits: back-off until 2023-11-14T22:16:40.000Z, attempt 2)
    #2 create container/demo-web-1: Missing (waits: image app:1)
    [2] -> #3 start container/demo-web-1: Missing (waits: image app:1)"
  `);
  expect(memory.pulls['app:1']).toMatchObject({ failures: 1, failure: 'manifest for app:1 not found' });
  // Brought by hand (docker load), it is not waited for any longer; nor is another revision.
  const next = { ...words('missing'), revision: 'sha256:next' };
  expect((await planned(engine, next, { memory })).split('\n')[0]).toBe('#1 pull image/app:1: Missing');
  engine.world.addImage('app:1');
  await passUntilSettled(engine, desired, { memory });
  expect(engine.world.container('demo-web-1')?.state).toBe('running');
});

test('a daily pull that failed is not put off for a day', async () => {
  const daily = words({ kind: 'every', periodMs: 86_400_000 });
  const { engine, desired, memory } = await running(daily);
  const spec = engine.world.registry.get('app:1') ?? {};
  engine.world.registry.delete('app:1');
  engine.clock.advance(86_400_000);
  const failed = await pass(engine, desired, { memory });
  expect(failed.memory.pulls['app:1']).toMatchObject({ failures: 1 });
  engine.clock.advance(5_000);
  engine.world.registry.set('app:1', spec);
  const again = await pass(engine, desired, { memory: failed.memory });
  expect(again.outcomes).toMatchObject([{ step: { kind: 'pull-image' }, result: 'done' }]);
  expect(again.memory.pulls['app:1']).toEqual({
    atMs: engine.clock.nowMs(),
    revision: desired.revision,
    failures: 0,
  });
});

test('a pull that was cut short by a shutdown is no failure of the image', async () => {
  const engine = engineWithImages();
  const { plan } = await pass(engine, stack(words('always')));
  const [step] = plan.steps.filter(({ kind }) => kind === 'pull-image');
  if (step === undefined) throw new Error('no pull was planned');
  const outcome = (kind: FailureKind): Outcome => ({
    step,
    result: 'failed',
    failure: new Failure(kind, 'it ended'),
    tookMs: 1,
  });
  const learnt = (kind: FailureKind) =>
    learn(EMPTY_MEMORY, [outcome(kind)], { nowMs: 1, revision: 'r' }).pulls['app:1']?.failures;
  expect([learnt('superseded'), learnt('unreachable'), learnt('refused')]).toEqual([undefined, undefined, 1]);
});

test('an image is built when it is missing or its inputs changed', async () => {
  const built = (digest: string): StackWords => ({
    services: { web: { image: 'demo-web', build: digest, pullPolicy: { kind: 'build' } } },
  });
  const engine = engineWithImages();
  expect((await passes(engine, built('one')))[0]).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    #2 build image/demo-web: Missing
    [1] -> #3 create container/demo-web-1: Missing (waits: image demo-web)
    [3] -> #4 start container/demo-web-1: Missing (waits: image demo-web)"
  `);
  expect(await planned(engine, built('one'))).toBe('');
  expect(await passes(engine, built('two'))).toMatchInlineSnapshot(`
    [
      "#1 build image/demo-web: ImageChanged",
      "#1 create container/demo-web-1.<hash>: ImageChanged {image: <image> -> demo-web <image>}
    [1] -> #2 stop container/demo-web-1: ImageChanged {image: <image> -> demo-web <image>}
    [1,2] -> #3 start container/demo-web-1.<hash>: ImageChanged {image: <image> -> demo-web <image>}
    [3] -> #4 remove container/demo-web-1: Replaced {image: <image> -> demo-web <image>} (waits: demo-web-1.<hash> running)
    [4] -> #5 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> running)",
      "#1 remove container/demo-web-1: Replaced (waits: demo-web-1.<hash> running)
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> running)",
      "#1 remove container/demo-web-1: Replaced
    [1] -> #2 rename container/demo-web-1.<hash> to demo-web-1: Replaced",
      "",
    ]
  `);
});

test('anonymous volumes of manifest and image become named ones, and survive a replacement', async () => {
  const data = (env: string): StackWords => ({
    services: { web: { image: 'data:1', anonymous: ['/cache'], env: [env] } },
  });
  const { engine } = await running(data('A=1'));
  const mounts = () =>
    engine.world.container('demo-web-1')?.mounts.map((each) => `${each.name} ${each.target}`);
  const before = mounts();
  expect(before).toEqual([
    expect.stringMatching(/^demo_web_1_[0-9a-f]{8} \/cache$/),
    expect.stringMatching(/^demo_web_1_[0-9a-f]{8} \/var\/lib\/data$/),
  ]);
  const id = engine.world.container('demo-web-1')?.id;
  await passUntilSettled(engine, stack(data('A=2')));
  expect(engine.world.container('demo-web-1')?.id).not.toBe(id);
  expect(mounts()).toEqual(before);
  expect([...engine.world.volumes.values()]).toEqual(engine.world.volumeHistory);
});
