import { afterEach, beforeEach, test } from 'vitest';
import { KINDS } from '../../src/cli/reference.ts';
import { brokenStack, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
});
afterEach(() => cli.stop());

test.each(Object.values(KINDS).map(([, plural]) => plural))('get %s in every format', async (kind) => {
  await cli.expectGolden(
    `get-${kind}`,
    await cli.run(`get ${kind}`),
    await cli.run(`get ${kind} -o wide`),
    await cli.run(`get ${kind} -o name`),
    await cli.run(`get ${kind} -o yaml`),
    await cli.run(`get ${kind} -o json`),
  );
});

test('diff and history for programs', async () => {
  cli.operations.diffs = [
    {
      name: 'demo',
      problems: [],
      plan: ['1 connect-network demo-web-1 to demo_default (Drifted)'],
      changes: [
        {
          object: 'container/demo-web-1',
          action: 'connect',
          fields: [{ path: 'aliases', from: '', to: 'web' }],
        },
      ],
    },
  ];
  cli.operations.revisions = [
    {
      number: 2,
      revision: `sha256:${'0a1b2c3d'.repeat(8)}`,
      outcome: 'Applied',
      appliedAt: '2024-05-01T11:00:00.000Z',
      isRestorable: true,
      services: { web: 'nginx:1.27' },
      changes: ['web: Image: nginx:1.26 -> nginx:1.27'],
    },
  ];
  await cli.expectGolden(
    'documents',
    await cli.run('diff demo -o json'),
    await cli.run('diff demo -o yaml'),
    await cli.run('history demo -o json'),
    await cli.run('history demo -o yaml'),
  );
});
