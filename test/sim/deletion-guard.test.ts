import { afterEach, beforeEach, expect, test } from 'vitest';
import { Simulation } from '../support/simulation/simulation.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const stack = (name: string, control = '') =>
  `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: ${name}}, spec: {${control} services: {web: {image: "app:1"}}}}`;

let simulation: Simulation;
beforeEach(() => {
  simulation = new Simulation({ profile: '28', seed: 7 });
});
afterEach(() => {
  simulation.kill();
  expect(simulation.faults).toEqual([]);
});

const isThere = (name: string) => simulation.engine.world.container(`${name}-web-1`) !== undefined;
const reasonOf = (name: string) =>
  simulation.statuses.get(name)?.conditions.find(({ type }) => type === 'Ready')?.reason;
const operations = () => {
  const { daemon } = simulation;
  if (daemon === undefined) throw new Error('there is no daemon');
  return daemon.operations;
};

async function running(texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) simulation.directory.write(`${name}.yaml`, text);
  simulation.start();
  expect(await simulation.settle(300_000)).toBe(true);
}
const all = () => Object.fromEntries(NAMES.map((name) => [name, stack(name)]));

test('the window of deletions outlives the daemon, however often that is restarted', async () => {
  await running(all());
  for (const name of ['a', 'b', 'c']) simulation.directory.remove(`${name}.yaml`);
  for (let restart = 0; restart < 4; restart += 1) {
    await simulation.run(100_000);
    simulation.kill();
    await simulation.run(2_000);
  }
  expect(['a', 'b', 'c'].filter(isThere)).toHaveLength(2);
  await simulation.run(100_000);
  const [kept = ''] = ['a', 'b', 'c'].filter(isThere);
  const ready = simulation.statuses.get(kept)?.conditions.find(({ type }) => type === 'Ready');
  expect(ready).toMatchObject({ status: 'True', reason: 'TooManyDeletions' });
  expect(ready?.message).toContain(`stackctl delete ${kept} --confirm`);
  expect(simulation.statuses.get(kept)?.sync).toBe('OutOfSync');
  const events = operations().events({ stack: kept, afterSequence: undefined });
  expect(events.filter(({ reason }) => reason === 'TooManyDeletions')[0]).toMatchObject({ type: 'Warning' });
  // A window later one more goes, and the last one a window after that.
  await simulation.run(600_000);
  expect(['a', 'b', 'c'].filter(isThere).length).toBeLessThan(2);
});

test('a held deletion goes on when somebody confirms it, and not without', async () => {
  await running(all());
  for (const name of NAMES) simulation.directory.remove(`${name}.yaml`);
  await simulation.run(120_000);
  expect(NAMES.filter(isThere)).toEqual(NAMES);
  expect(NAMES.map(reasonOf)).toEqual(NAMES.map(() => 'SourceSuspect'));
  const asked = operations().delete({ name: 'a', volumes: false, confirm: false });
  const refused = expect(asked).rejects.toMatchObject({
    kind: 'conflict',
    hint: expect.stringContaining('--confirm'),
  });
  await simulation.run(5_000);
  await refused;
  const confirmed = operations().delete({ name: 'a', volumes: false, confirm: true });
  await simulation.run(60_000);
  await confirmed;
  expect(NAMES.filter(isThere)).toEqual(['b', 'c', 'd']);
  for (const name of NAMES.slice(1)) simulation.directory.write(`${name}.yaml`, stack(name));
  await simulation.run(60_000);
  expect(NAMES.slice(1).map(reasonOf)).toEqual(NAMES.slice(1).map(() => 'ReconciliationSucceeded'));
});

test('a confirmed deletion leaves what the manifest wanted to be left', async () => {
  await running({ a: stack('a', 'deletionPolicy: Orphan,'), b: stack('b') });
  simulation.directory.remove('a.yaml');
  await simulation.run(5_000);
  const confirmed = operations().delete({ name: 'a', volumes: false, confirm: true });
  await simulation.run(30_000);
  await confirmed;
  expect([isThere('a'), simulation.statuses.has('a')]).toEqual([true, false]);
});

test('a suspended stack whose manifest is gone stays, also over a restart, until it is resumed', async () => {
  await running(all());
  const suspended = operations().suspend('a');
  await simulation.run(5_000);
  await suspended;
  simulation.directory.remove('a.yaml');
  await simulation.run(100_000);
  simulation.kill();
  await simulation.run(100_000);
  expect(isThere('a')).toBe(true);
  expect(reasonOf('a')).toBe('SuspendedStack');
  const resumed = operations().resume('a');
  await simulation.run(100_000);
  await resumed;
  expect(isThere('a')).toBe(false);
});

test('of a stack that is gone nobody hears again after a restart, and there is a second look', async () => {
  await running(all());
  simulation.directory.remove('a.yaml');
  expect(await simulation.runUntil(() => !simulation.statuses.has('a'), 120_000)).toBe(true);
  simulation.kill();
  const looks: string[] = [];
  simulation.onCall = (call) => {
    if (call.method === 'observe') looks.push(JSON.stringify(call.object));
    return { kind: 'ok' };
  };
  await simulation.runUntil(
    () => simulation.daemon?.isAlive === true && simulation.statuses.has('b'),
    20_000,
  );
  expect(
    operations()
      .stacks()
      .map(({ name }) => name),
  ).not.toContain('a');
  expect(simulation.disk.files.has('tombstone/a')).toBe(true);
  await simulation.run(60_000);
  expect(
    operations()
      .stacks()
      .map(({ name }) => name),
  ).not.toContain('a');
  expect(simulation.disk.files.has('tombstone/a')).toBe(false);
});

test('a stack goes before the one that it depends on', async () => {
  await running({ ...all(), a: stack('a'), zone: stack('zone', 'dependsOn: [{name: a}],') });
  const asked = ['a', 'zone'].map((name) => {
    simulation.directory.remove(`${name}.yaml`);
    return name;
  });
  expect(await simulation.runUntil(() => reasonOf('a') === 'GracePeriod', 20_000)).toBe(true);
  const confirmed = asked.map((name) => operations().delete({ name, volumes: false, confirm: true }));
  expect(await simulation.runUntil(() => asked.some((name) => !isThere(name)), 60_000)).toBe(true);
  expect(asked.filter(isThere)).toEqual(['a']);
  await simulation.run(30_000);
  await Promise.all(confirmed);
  expect(asked.filter(isThere)).toEqual([]);
});
