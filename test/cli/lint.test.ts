// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ApplyResult } from '../../src/controller/operations.ts';
import { stackName } from '../../src/model/names.ts';
import { sampleCondition, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

const SHOP = `name: shop
x-small: &small
  user: "1000"
  restart: unless-stopped
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  mem_limit: 64m
  cpus: 0.2
  pids_limit: 20
  logging: {driver: local}
  healthcheck: {test: [CMD, app, --health]}
services:
  web:
    <<: *small
    image: nginx
    ports: ["8080:80"]
    networks: [front, back]
    environment: {API_TOKEN: abc123def456, MODE: "\${MODE:-fast}"}
  db:
    <<: *small
    image: postgres:17.2
    networks: [back]
    volumes: ["data:/var/lib/postgresql/data"]
    x-stackctl:
      lint:
        ignore:
          - {rule: image-digest, reason: the registry is ours}
networks: {front: {}, back: {internal: true}}
volumes: {data: {}}
`;

const FILES: Readonly<Record<string, string>> = {
  'shop/compose.yaml': SHOP,
  'sound/compose.yaml': `name: sound
x-stackctl: {lint: {ignore: [{rule: image-digest, reason: made here}]}}
services:
  web:
    image: acme/web:1.2
    user: "1000"
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 64m
    cpus: 0.2
    pids_limit: 20
    logging: {driver: local}
    healthcheck: {test: [CMD, app, --health]}
    networks: [front]
networks: {front: {}}
`,
  'bad/compose.yaml': 'name: bad\nservices: {web: {imagee: nginx}}\n',
  'waived.yaml': `apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata:
  name: waived
  annotations:
    stackctl.io/lint-ignore: >-
      no-such-rule, port-on-all-addresses@web (the way in, for all),
      links (none left)
spec:
  services:
    web: {image: "nginx:1.27.2", ports: ["80:80"]}
`,
};

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(cli.directory, path)), { recursive: true });
    await writeFile(join(cli.directory, path), text);
  }
});
afterEach(() => cli.stop());

test('lint tells what manifests could do better, with its place, and fails from a warning on', async () => {
  await cli.stopDaemon();
  await cli.expectGolden(
    'lint',
    await cli.run('lint shop/compose.yaml'),
    await cli.run('lint --rule image-latest', { cwd: join(cli.directory, 'shop') }),
    await cli.run('lint shop -o wide --rule image-latest,secret-in-environment'),
    await cli.run('lint shop sound -o name'),
    await cli.run('lint sound --severity info'),
    await cli.run('lint -f shop --rule image-digest'),
    await cli.run('lint shop --rule image-digest --severity info'),
    await cli.run('lint - --rule image-latest', { stdin: 'services: {web: {image: nginx}}\n' }),
  );
});

test('lint hands findings to programs', async () => {
  await cli.expectGolden(
    'lint-documents',
    await cli.run('lint shop -o json'),
    await cli.run('lint sound -o yaml'),
    await cli.run('lint shop -o sarif'),
  );
});

test('lint says which waivers are wrong or not needed', async () => {
  await cli.expectGolden(
    'lint-waivers',
    await cli.run('lint waived.yaml --rule port-on-all-addresses,waiver-unknown,waiver-unused,links'),
    await cli.run('lint waived.yaml -o json --rule port-on-all-addresses,links'),
  );
});

test('lint lists its rules', async () => {
  const { stdout, exit } = await cli.run('lint --list-rules');
  expect([exit, stdout.split('\n')[0]]).toEqual([
    0,
    expect.stringMatching(/^RULE +SEVERITY +CATEGORY +DEFAULT +FINDS$/),
  ]);
  const ids = (await cli.run('lint --list-rules -o name')).stdout.trim().split('\n');
  expect(JSON.parse((await cli.run('lint --list-rules -o json')).stdout)).toHaveLength(ids.length);
  expect(stdout.trim().split('\n')).toHaveLength(ids.length + 1);
});

test('lint says what keeps it from looking', async () => {
  await cli.expectGolden(
    'lint-failures',
    await cli.run('lint bad sound'),
    await cli.run('lint nowhere'),
    await cli.run('lint run'),
    await cli.run('lint shop --rule no-such'),
    await cli.run('lint shop --severity bad'),
    await cli.run('lint --list-rules -o sarif'),
  );
});

test('lint never prints a secret', async () => {
  for (const format of ['table', 'wide', 'json', 'yaml', 'sarif', 'name']) {
    const { stdout, stderr } = await cli.run(`lint shop -o ${format}`);
    expect(`${stdout}${stderr}`).not.toContain('abc123def456');
  }
});

const applied = (name: string): ApplyResult => ({
  problems: [],
  stacks: [{ name, action: 'created', generation: 3, isReady: false, plan: [] }],
});

test('apply says at the very end what lint finds, and never instead of its result', async () => {
  cli.operations.onApply = () => applied('shop');
  cli.operations.put(
    sampleStack({
      name: stackName('shop'),
      conditions: [sampleCondition({ status: 'True', reason: 'Ready' })],
    }),
  );
  const seen: string[] = [];
  const run = await cli.run('apply -f shop', { onOutput: (soFar) => seen.push(soFar) });
  await cli.expectGolden(
    'apply-lint',
    run,
    await cli.run('apply -f shop --no-lint'),
    await cli.run('apply -f shop --wait=false'),
    await cli.run('apply -f sound --wait=false'),
  );
  const ready = seen.findIndex((soFar) => soFar.includes('stack/shop ready'));
  const noted = seen.findIndex((soFar) => soFar.includes('lint:'));
  expect([run.exit, ready < noted, ready >= 0]).toEqual([0, true, true]);

  cli.operations.onApply = () => ({ problems: [], stacks: [] });
  const failed = await cli.run('apply -f shop');
  expect([failed.exit, failed.stderr.includes('lint:')]).toEqual([1, false]);
});
