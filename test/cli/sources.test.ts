import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SourceStatus } from '../../src/model/repository.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  for (const source of [DIRECTORY, GOOD, BROKEN, FAULTY])
    cli.operations.sourceStatuses.set(source.name, source);
});
afterEach(() => cli.stop());

const DIRECTORY: SourceStatus = {
  kind: 'directory',
  name: '/etc/stackctl/manifests',
  url: '/etc/stackctl/manifests',
  revision: `sha256:${'0123456789abcdef'.repeat(4)}`,
  ready: 'True',
  reason: 'Succeeded',
  message: 'it was read completely',
  notes: [],
  problems: [],
  declaredAt: '',
  stacks: ['demo'],
  lastFetchAt: undefined,
  nextFetchAt: undefined,
  createdAt: '2024-05-01T00:00:00.000Z',
};
const GOOD: SourceStatus = {
  ...DIRECTORY,
  kind: 'git',
  name: 'infra',
  url: 'https://git.example.com/ops/infra.git',
  revision: `main@sha1:${'0123456789'.repeat(4)}`,
  message: `main@sha1:${'0123456789'.repeat(4)} is in force`,
  notes: ['submodule vendor is not fetched'],
  declaredAt: '/etc/stackctl/manifests/infra.yaml:1:1',
  stacks: ['shop', 'web'],
  lastFetchAt: '2024-05-04T11:59:30.000Z',
  nextFetchAt: '2024-05-04T12:00:30.000Z',
};
const BROKEN: SourceStatus = {
  ...GOOD,
  name: 'apps',
  url: 'git@git.example.com:ops/apps.git',
  ready: 'False',
  reason: 'AuthenticationFailed',
  message:
    'the remote cannot be read: \u001b[31mPermission denied; give credentials in secretRef, or renew them',
  notes: [],
  stacks: [],
  nextFetchAt: undefined,
};

const FAULTY: SourceStatus = {
  ...DIRECTORY,
  name: '/srv/more',
  url: '/srv/more',
  stacks: ['shop'],
  problems: [
    {
      severity: 'error',
      code: 'UnknownField',
      message: 'unknown field "urll"',
      hint: 'did you mean url?',
      path: 'spec.urll',
      at: { file: '/srv/more/infra.yaml', line: 5, column: 3 },
    },
    {
      severity: 'warning',
      code: 'DuplicateStack',
      message:
        'stack shop is declared twice: /a/shop.yaml:1:1 (git infra) counts, /srv/more/\u001b[31mshop.yaml:1:1 is not used',
      hint: 'take it out of one of them',
      at: { file: '/srv/more/shop.yaml', line: 1, column: 1 },
    },
  ],
};

test('get sources prints where manifests come from, in every form', async () => {
  await cli.expectGolden(
    'sources',
    await cli.run('get sources'),
    await cli.run('get src -o wide'),
    await cli.run('get sources -o name'),
    await cli.run('get source/infra -o json'),
    await cli.run('get source infra -o yaml'),
    await cli.run('get gitrepository infra nothing'),
    await cli.run('get sources -w'),
  );
});

test('describe source says everything about it, and nothing of it can steer a terminal', async () => {
  const described = await cli.run('describe source infra apps /srv/more');
  expect(described.stdout).not.toContain('\u001b');
  await cli.expectGolden(
    'describe-source',
    described,
    await cli.run('describe source'),
    await cli.run('describe source/none'),
  );
});

test('reconcile of a source waits for it, and fails with the reason', async () => {
  await cli.expectGolden(
    'reconcile-source',
    await cli.run('reconcile source infra'),
    await cli.run('reconcile source/apps source/infra'),
    await cli.run('reconcile source none'),
    await cli.run('reconcile source'),
    await cli.run('reconcile demo --with-source'),
  );
  expect(cli.operations.calls).toContainEqual(['reconcileWithSource', 'demo']);
});

test('delete forgets a source; apply says what it took', async () => {
  cli.operations.onApply = () => ({
    problems: [],
    stacks: [],
    repositories: [{ name: 'infra', action: 'created' }],
  });
  await writeFile(join(cli.directory, 'repo.yaml'), 'apiVersion: stackctl.io/v1alpha1\n');
  await cli.expectGolden(
    'delete-source',
    await cli.run('apply -f repo.yaml'),
    await cli.run('apply -f repo.yaml --dry-run'),
    await cli.run('delete source infra'),
    await cli.run('delete source infra'),
  );
});
