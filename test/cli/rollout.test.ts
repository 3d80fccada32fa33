import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RevisionNote } from '../../src/controller/operations.ts';
import { Failure } from '../../src/model/failure.ts';
import { sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.put(sampleStack());
});
afterEach(() => cli.stop());

const note = (number: number, change: Partial<RevisionNote> = {}): RevisionNote => ({
  number,
  revision: `sha256:${String(number).repeat(64)}`,
  outcome: 'Applied',
  appliedAt: '2024-05-01T11:00:00.000Z',
  isRestorable: true,
  services: { web: `nginx:1.${number}`, db: 'postgres:17' },
  changes: [`web: Image: nginx:1.${number - 1} -> nginx:1.${number}`],
  ...change,
});

test('history lists the revisions, or shows one', async () => {
  await cli.expectGolden('history-none', await cli.run('history demo'));
  cli.operations.revisions = [
    note(4, { outcome: 'RolledBack', isRestorable: false, services: {}, changes: [] }),
    note(3, { changes: ['web: Env.A: (a value) -> (another value)', 'db: added'] }),
    note(2),
    note(1, { changes: [] }),
  ];
  await cli.expectGolden(
    'history',
    await cli.run('history demo'),
    await cli.run('history stack/demo --revision 3'),
    await cli.run('history demo --revision 4'),
    await cli.run('history demo --revision 9'),
    await cli.run('history demo --revision 1 -o yaml'),
    await cli.run('history demo --revision 0'),
    await cli.run('history nowhere'),
  );
});

test('rollback says what it goes back to, and waits', async () => {
  await cli.expectGolden(
    'rollback',
    await cli.run('rollback demo'),
    await cli.run('rollback demo --to-revision 2 --wait=false'),
    await cli.run('rollback demo shop'),
  );
  expect(cli.operations.calls).toEqual([
    ['rollback', ['demo', undefined]],
    ['rollback', ['demo', 2]],
  ]);
  cli.operations.failure = new Failure(
    'invalid',
    'no revision 9 of demo is kept that could be gone back to',
    {
      hint: 'kept are revisions 3, 2; see `stackctl history demo`',
      status: 404,
    },
  );
  await cli.expectGolden('rollback-unknown', await cli.run('rollback demo --to-revision 9'));
});

test('rollout passes its word on, and refuses one that makes no sense', async () => {
  await cli.expectGolden(
    'rollout',
    await cli.run('rollout status demo'),
    await cli.run('rollout pause demo'),
    await cli.run('rollout resume stack/demo'),
    await cli.run('rollout restart demo'),
    await cli.run('rollout restart demo web db'),
    await cli.run('rollout pause demo web'),
    await cli.run('rollout undo demo'),
    await cli.run('rollout status nowhere'),
  );
  expect(cli.operations.calls).toEqual([
    ['rollout', { name: 'demo', verb: 'pause', services: [] }],
    ['rollout', { name: 'demo', verb: 'resume', services: [] }],
    ['rollout', { name: 'demo', verb: 'restart', services: [] }],
    ['rollout', { name: 'demo', verb: 'restart', services: ['web', 'db'] }],
  ]);
});
