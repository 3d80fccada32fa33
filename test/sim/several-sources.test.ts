import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ApplyRequest } from '../../src/controller/operations.ts';
import { Simulation } from '../support/simulation/simulation.ts';

const web = (image: string, control = '') =>
  `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: web}, spec: {${control} services: {web: {image: "${image}"}}}}`;
const OTHER = web('app:1').replace('name: web', 'name: other');

let simulation: Simulation;
beforeEach(() => {
  simulation = new Simulation({ profile: '28', seed: 11 });
});
afterEach(() => {
  simulation.kill();
  expect(simulation.faults).toEqual([]);
});

const operations = () => {
  const { daemon } = simulation;
  if (daemon === undefined) throw new Error('there is no daemon');
  return daemon.operations;
};
/** What a command answers, while time passes. */
async function answered<Answer>(answer: Promise<Answer>, ms = 20_000): Promise<Answer> {
  const caught = answer.then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );
  await simulation.run(ms);
  const end = await caught;
  if ('thrown' in end) throw end.thrown;
  return end.value;
}
const apply = (text: string, more: Partial<ApplyRequest> = {}) =>
  answered(
    operations().apply(
      {
        baseDirectory: '/home/somebody',
        files: [{ relativePath: 'stack.yaml', text }],
        ...{ dryRun: false, force: false, adopt: false, ...more },
      },
      new AbortController().signal,
    ),
  );
const remove = (volumes = false) => answered(operations().delete({ name: 'web', volumes, confirm: false }));

const image = () => simulation.engine.world.container('web-web-1')?.request.container.config.Image;
const id = () => simulation.engine.world.container('web-web-1')?.id;
const source = () => simulation.statuses.get('web')?.source;
const problems = () => simulation.statuses.get('web')?.problems.map(({ code }) => code);

async function restart(): Promise<void> {
  simulation.kill();
  await simulation.run(40_000);
}

test('a second source with the name of a stack harms neither, and both places are named', async () => {
  simulation.directory.write('one.yaml', web('app:1'));
  simulation.directory.write('other.yaml', OTHER);
  simulation.otherDirectory.write('two.yaml', OTHER.replace('other', 'third'));
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  const before = id();
  simulation.otherDirectory.write('rival.yaml', web('app:2'));
  await simulation.run(60_000);
  expect([id(), image(), source()?.path]).toEqual([before, 'app:1', '/manifests/one.yaml']);
  const [problem] = simulation.statuses.get('web')?.problems ?? [];
  expect(problem).toMatchObject({ severity: 'warning', code: 'DuplicateStack' });
  expect(problem?.message).toContain('/manifests/one.yaml');
  expect(problem?.message).toContain('/other/rival.yaml');
  const events = operations().events({ stack: 'web', afterSequence: undefined });
  expect(events.filter(({ reason }) => reason === 'DuplicateStack')).toMatchObject([{ count: 1 }]);
  expect(simulation.statuses.get('web')?.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
  // Who looks at the source whose manifest is not used learns it there too.
  expect(operations().source('/other').problems).toEqual([problem]);
  expect(operations().source('/manifests').problems).toEqual([]);

  // It is the first one's over a restart too, while that one's manifest is missing and not given up yet.
  simulation.kill();
  simulation.directory.remove('one.yaml');
  await simulation.run(15_000);
  expect([id(), image()]).toEqual([before, 'app:1']);
  // From then on it is the other one's: nothing is deleted in between.
  let wasThere = true;
  const isOther = () => {
    wasThere &&= simulation.statuses.has('web');
    return image() === 'app:2';
  };
  expect([await simulation.runUntil(isOther, 120_000), wasThere]).toEqual([true, true]);
  expect(source()?.path).toBe('/other/rival.yaml');
});

test('a rival that goes takes nothing along', async () => {
  simulation.directory.write('one.yaml', web('app:1'));
  simulation.otherDirectory.write('rival.yaml', web('app:2'));
  simulation.otherDirectory.write('other.yaml', OTHER);
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  const before = id();
  simulation.otherDirectory.remove('rival.yaml');
  await simulation.run(120_000);
  expect([id(), problems()]).toEqual([before, []]);
});

test('apply refuses what another source has, and --force takes it over until delete hands it back', async () => {
  simulation.directory.write('one.yaml', web('app:1'));
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  await expect(apply(web('app:2'))).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('/manifests/one.yaml'),
    hint: expect.stringContaining('--force'),
  });
  expect(image()).toBe('app:1');

  expect(await apply(web('app:2'), { force: true })).toMatchObject({ stacks: [{ action: 'configured' }] });
  await simulation.run(30_000);
  expect([image(), source()?.kind, problems()]).toEqual(['app:2', 'applied', ['DuplicateStack']]);

  // It holds over a restart, and over a change of the manifest that was taken over.
  await restart();
  simulation.directory.write('one.yaml', web('app:1', 'interval: 20s,'));
  await simulation.run(60_000);
  expect([image(), source()?.kind]).toEqual(['app:2', 'applied']);
  // Without --force it may be applied again: it is the applied one's by now.
  expect(await apply(web('app:2'))).toMatchObject({ stacks: [{ action: 'unchanged' }] });

  await expect(remove(true)).rejects.toMatchObject({ kind: 'conflict' });
  expect(await remove()).toEqual({
    handedTo: { kind: 'directory', name: '/manifests', path: '/manifests/one.yaml' },
  });
  await simulation.run(30_000);
  expect([image(), source()?.kind, problems()]).toEqual(['app:1', 'directory', []]);
  await restart();
  expect([image(), source()?.kind]).toEqual(['app:1', 'directory']);
  await expect(remove()).rejects.toMatchObject({ kind: 'conflict' });
});

test('what was taken over stays when its manifest goes from the source, and delete then deletes it', async () => {
  simulation.directory.write('one.yaml', web('app:1'));
  simulation.directory.write('other.yaml', OTHER);
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  await apply(web('app:2'), { force: true });
  await simulation.run(30_000);
  const before = id();
  simulation.directory.remove('one.yaml');
  await simulation.run(120_000);
  expect([id(), problems()]).toEqual([before, []]);
  expect(await remove()).toEqual({ handedTo: undefined });
  expect(id()).toBeUndefined();
});

test('what is handed back by delete is as the manifest of its source says, and nothing more is written then', async () => {
  simulation.directory.write('one.yaml', web('app:1'));
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  await apply(web('app:2'), { force: true });
  await simulation.run(30_000);
  await remove();
  expect(await simulation.settle(120_000)).toBe(true);
  expect([image(), source()?.kind]).toEqual(['app:1', 'directory']);
  const { writes } = simulation;
  operations().reconcile('web');
  await simulation.run(90_000);
  expect(simulation.writes).toBe(writes);
});

test('a file that declares no stack is told at its source, until it is mended', async () => {
  simulation.directory.write('one.yaml', web('app:1'));
  simulation.directory.write(
    'infra.yaml',
    '{apiVersion: stackctl.io/v1alpha1, kind: GitRepository, metadata: {name: infra}, spec: {urll: "https://h/x.git"}}',
  );
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  const told = operations().source('/manifests').problems;
  expect(told.length).toBeGreaterThan(0);
  for (const { at } of told) expect(at?.file).toBe('/manifests/infra.yaml');
  expect(operations().source('/manifests').ready).toBe('True');
  simulation.directory.remove('infra.yaml');
  await simulation.run(60_000);
  expect(operations().source('/manifests').problems).toEqual([]);
});

test('delete --volumes removes nothing while another stack has one of the volumes, and says which', async () => {
  const owner =
    '{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: web}, spec: {services: {web: {image: "app:1", volumes: ["data:/data"]}}, volumes: {data: {}}}}';
  const user =
    '{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: user}, spec: {services: {web: {image: "app:1", volumes: ["data:/data"]}}, volumes: {data: {name: web_data, external: true}}}}';
  simulation.start();
  await simulation.run(5_000);
  await apply(owner);
  await simulation.run(30_000);
  await apply(user);
  expect(await simulation.runUntil(() => simulation.isReady('user'), 60_000)).toBe(true);
  const before = id();
  const { writes } = simulation;
  await expect(remove(true)).rejects.toMatchObject({
    kind: 'conflict',
    message:
      'nothing of stack web was removed: volume web_data is used by container user-web-1 of stack user',
    hint: expect.stringContaining('leave out --volumes'),
  });
  await simulation.run(30_000);
  expect([id(), simulation.writes, simulation.isReady('web')]).toEqual([before, writes, true]);

  // With the other one on its way out it may go too.
  await answered(operations().delete({ name: 'user', volumes: false, confirm: false }), 1_000);
  await remove(true);
  await simulation.run(120_000);
  expect(simulation.engine.world.containers.size).toBe(0);
  expect([...simulation.engine.world.volumes.keys()]).toEqual([]);
});

const base = (control: string) =>
  `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: base}, spec: {${control} services: {web: {image: "app:1"}}}}`;
const readyOf = (name: string) =>
  simulation.statuses.get(name)?.conditions.find(({ type }) => type === 'Ready');

test('a stack waits for one of another source, also for one that nobody has yet', async () => {
  simulation.directory.write('one.yaml', web('app:1', 'dependsOn: [{name: base}],'));
  simulation.otherDirectory.write('other.yaml', OTHER);
  simulation.start();
  await simulation.run(60_000);
  expect(simulation.engine.world.container('web-web-1')?.state).not.toBe('running');
  expect(readyOf('web')).toMatchObject({ status: 'False', reason: 'Waiting' });
  expect(readyOf('web')?.message).toContain('stack base, of which no source has a manifest');
  simulation.otherDirectory.write('base.yaml', base(''));
  expect(await simulation.runUntil(() => simulation.isReady('web'), 60_000)).toBe(true);
  const startedAt = (name: string) => simulation.engine.world.container(name)?.startedAtMs ?? 0;
  expect(startedAt('web-web-1')).toBeGreaterThan(startedAt('base-web-1'));
});

test('an external network that the stack which is depended on has yet to make is waited for', async () => {
  const user = web('app:1', 'dependsOn: [{name: base}],').replace(
    '"app:1"}}',
    '"app:1", networks: [shared]}}, networks: {shared: {name: shared, external: true}}',
  );
  simulation.directory.write('one.yaml', user);
  simulation.otherDirectory.write('other.yaml', OTHER);
  simulation.start();
  await simulation.run(60_000);
  expect(readyOf('web')).toMatchObject({ status: 'False', reason: 'Waiting' });
  expect(readyOf('web')?.message).toContain('external network shared does not exist');
  expect(simulation.statuses.get('web')?.conditions.find(({ type }) => type === 'Stalled')?.status).toBe(
    'False',
  );
  simulation.otherDirectory.write(
    'base.yaml',
    base('').replace('"app:1"}}', '"app:1", networks: [shared]}}, networks: {shared: {name: shared}}'),
  );
  expect(await simulation.runUntil(() => simulation.isReady('web'), 90_000)).toBe(true);

  // It is not taken away under its users.
  simulation.otherDirectory.remove('base.yaml');
  await simulation.run(120_000);
  expect(simulation.engine.world.networksNamed('shared')).toHaveLength(1);
  expect(simulation.engine.world.container('base-web-1')).toBeUndefined();
  expect(readyOf('base')?.message).toContain('is still used by web-web-1');
});

test('stacks of different sources that depend on each other are an error that names them, and what runs goes on', async () => {
  simulation.directory.write('one.yaml', web('app:1', 'dependsOn: [{name: base}],'));
  simulation.otherDirectory.write('base.yaml', base(''));
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  const before = id();
  simulation.otherDirectory.write('base.yaml', base('dependsOn: [{name: web}],'));
  await simulation.run(90_000);
  for (const [name, way] of [
    ['web', 'web -> base -> web'],
    ['base', 'base -> web -> base'],
  ] as const) {
    expect(readyOf(name)).toMatchObject({ status: 'False', reason: 'ManifestInvalid' });
    expect(readyOf(name)?.message).toContain(way);
  }
  expect(id()).toBe(before);
  simulation.otherDirectory.write('base.yaml', base(''));
  await simulation.run(90_000);
  expect([readyOf('web')?.status, readyOf('base')?.status]).toEqual(['True', 'True']);
});
