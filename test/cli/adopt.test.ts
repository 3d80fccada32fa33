import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ApplyRequest, StackDiff } from '../../src/controller/operations.ts';
import { stackName } from '../../src/model/names.ts';
import { sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.onApply = () => ({
    problems: [],
    stacks: [{ name: 'shop', action: 'created', generation: 1, isReady: false, plan: [] }],
  });
});
afterEach(() => cli.stop());

const SAME: StackDiff = { name: 'shop', problems: [], plan: [], changes: [] };
const OTHER: StackDiff = {
  name: 'shop',
  problems: [],
  plan: ['#1 create container/shop-web-1.0a1b2c3d: SpecChanged {environment: B=two -> B=three}'],
  changes: [
    {
      object: 'container/shop-web-1',
      action: 'replace',
      fields: [{ path: 'environment', from: '["B=two"]', to: '["B=three"]' }],
    },
  ],
};

/** A project of docker compose, whose file is in a directory of its own. */
async function project(directory: string, ...files: readonly string[]): Promise<void> {
  const workingDirectory = join(cli.directory, directory);
  await mkdir(workingDirectory, { recursive: true });
  for (const file of files) await writeFile(join(workingDirectory, file), 'services: {web: {image: a}}\n');
  const configFiles = files.map((file) => join(workingDirectory, file));
  cli.operations.projects.set('shop', {
    name: 'shop',
    configFiles,
    isNamedByDirectory: directory === 'shop',
    workingDirectory,
    containers: 2,
  });
}

const asked = (verb: string) => cli.operations.calls.flatMap(([said, what]) => (said === verb ? [what] : []));
const pushed = () =>
  (asked('apply') as readonly ApplyRequest[]).map(({ files, adopt }) => ({ files, adopt }));

test('adopt shows that nothing would change, takes the project over and waits', async () => {
  await project('shop', 'compose.yaml');
  cli.operations.diffs = [SAME];
  cli.operations.onWatch = () => cli.operations.put({ ...sampleStack(), name: stackName('shop') });
  await cli.expectGolden('adopt', await cli.run('adopt shop'));
  expect(pushed()).toEqual([
    { files: [{ relativePath: 'compose.yaml', text: 'services: {web: {image: a}}\n' }], adopt: true },
  ]);
});

test('adopt stops before what would change something; --dry-run only looks, --yes goes on', async () => {
  await project('shop', 'compose.yaml');
  cli.operations.diffs = [OTHER];
  const runs = [await cli.run('adopt shop'), await cli.run('adopt shop --dry-run')];
  expect(pushed()).toEqual([]);
  runs.push(await cli.run('adopt shop --yes --wait=false'));
  await cli.expectGolden('adopt-changes', ...runs);
  expect(pushed()).toHaveLength(1);
});

test.each([
  ['a name of the command line', 'elsewhere', ['compose.yaml'], ['compose.yaml']],
  ['several files', 'shop', ['compose.yaml', 'more.yaml'], ['compose.yaml', 'more.yaml']],
])('adopt writes a Stack for %s', async (_, directory, files, composeFiles) => {
  await project(directory, ...files);
  cli.operations.diffs = [SAME];
  expect((await cli.run('adopt shop --wait=false')).exit).toBe(0);
  const [{ files: sent } = { files: [] }] = pushed();
  expect(sent.map(({ relativePath }) => relativePath)).toEqual(['shop.stack.yaml']);
  for (const file of composeFiles) expect(sent[0]?.text).toContain(`- ${file}`);
  expect(sent[0]?.text).toContain('name: shop');
});

test('adopt of a stack that a directory has sends no manifest', async () => {
  cli.operations.put({
    ...sampleStack(),
    name: stackName('shop'),
    source: { kind: 'directory', name: '/srv', path: '/srv/shop/compose.yaml' },
  });
  cli.operations.diffs = [SAME];
  expect((await cli.run('adopt shop --wait=false')).exit).toBe(0);
  expect(asked('adopt')).toEqual(['shop']);
  expect(pushed()).toEqual([]);
});

test('adopt says what is missing', async () => {
  const runs = [await cli.run('adopt'), await cli.run('adopt nothing')];
  cli.operations.projects.set('shop', {
    name: 'shop',
    configFiles: [],
    isNamedByDirectory: false,
    workingDirectory: '',
    containers: 1,
  });
  runs.push(await cli.run('adopt shop'));
  await project('shop', 'compose.yaml');
  cli.operations.diffs = [{ ...SAME, name: 'other' }];
  runs.push(await cli.run('adopt shop'));
  await cli.expectGolden('adopt-failures', ...runs);
  expect(pushed()).toEqual([]);
});
