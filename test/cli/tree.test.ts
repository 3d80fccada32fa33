import { afterEach, beforeEach, test } from 'vitest';
import { stackName } from '../../src/model/names.ts';
import { brokenStack, sampleService, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
});
afterEach(() => cli.stop());

test('tree draws a stack as its parts, in every format', async () => {
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  cli.operations.put(
    sampleStack({ name: stackName('idle'), suspended: true, services: [], networks: [], volumes: [] }),
  );
  await cli.expectGolden(
    'tree',
    await cli.run('tree demo'),
    await cli.run('tree stack/shop idle'),
    await cli.run('tree --all -o wide'),
    await cli.run('tree demo -o name'),
    await cli.run('tree -l team=ops'),
    await cli.run('tree nowhere'),
    await cli.run('tree'),
  );
  await cli.expectGolden(
    'tree-documents',
    await cli.run('tree demo -o json'),
    await cli.run('tree idle -o yaml'),
    await cli.run('tree -l team=shop -o yaml'),
  );
});

test('tree paints states on a terminal, and keeps what containers say from steering it', async () => {
  cli.operations.put(
    sampleStack({
      services: [
        sampleService({
          state: 'CrashLoopBackOff',
          health: 'Degraded',
          message: '\u001b[2Jgone',
          containers: [],
        }),
      ],
      networks: [],
    }),
  );
  await cli.expectGolden('tree-terminal', await cli.run('tree demo -o wide', { terminal: true }));
});
