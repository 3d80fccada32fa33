import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleStack } from '../support/sample-stacks.ts';
import { newAgeKey } from '../support/sops-writer.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
});
afterEach(() => cli.stop());

function withManifest(text: string, name = 'compose.yaml'): void {
  cli.operations.put(sampleStack());
  cli.operations.manifests.set('demo', { name: 'demo', files: [{ path: join(cli.directory, name), text }] });
}

const STACK = `apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: {name: demo, labels: {team: web}}
spec:
  interval: 1m
  services: {web: {image: "nginx:\${TAG:-1}", ports: ["8080:80"], volumes: ["./data:/data"]}}
`;

test('export prints a manifest that stands by itself', async () => {
  withManifest(STACK, 'stack.yaml');
  await cli.expectGolden(
    'export',
    await cli.run('export demo'),
    await cli.run('export stack/demo -o json'),
    await cli.run('export demo --compose'),
  );
});

test('export of a plain Compose file refers to the variables beside it and does not print them', async () => {
  withManifest('name: demo\nservices: {web: {image: "nginx:$TAG", env_file: web.env}}\n');
  await writeFile(join(cli.directory, '.env'), 'TAG=secret-tag\n');
  await writeFile(join(cli.directory, 'web.env'), 'PASSWORD=secret-word\n');
  const runs = [await cli.run('export demo'), await cli.run('export demo --compose')];
  await cli.expectGolden('export-variables', ...runs);
  expect(JSON.stringify(runs)).not.toContain('secret-');
});

test('export does not print placeholders for what is encrypted', async () => {
  const { sops } = await newAgeKey(join(cli.directory, 'age.txt'));
  withManifest(
    await sops.yaml('name: demo\nservices: {web: {image: nginx, environment: {WORD: x}}}\n', '^WORD$'),
  );
  const run = await cli.run('export demo');
  expect(run).toMatchObject({ exit: 1, stdout: '' });
  expect(run.stderr).toContain('stack/demo cannot be exported: values in it are encrypted');
  expect(run.stderr).toContain('compose.yaml as it is');
});

test('export prints nothing when something is wrong', async () => {
  withManifest('name: demo\nservices: {web: {extends: {file: gone.yaml, service: x}}}\n');
  await cli.expectGolden('export-failures', await cli.run('export demo'), await cli.run('export nowhere'));
  cli.operations.manifests.clear();
  expect(await cli.run('export demo')).toMatchObject({ exit: 1, stdout: '' });
  expect(await cli.run('export demo shop --compose')).toMatchObject({ exit: 2, stdout: '' });
});
