// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliHarness } from './harness.ts';

const SHOP = `name: shop
services:
  web:
    image: "nginx:\${TAG:-1.27}"
    depends_on: [db]
    environment: {PRICE: "5$$", TOKEN: "\${TOKEN:?set it}", MODE: "\${DEBUG:+debug}"}
    ports: ["\${PORT:-8080}:80"]
    volumes: ["data:/srv"]
  db:
    build: ./db
    command: run --fast
    networks: [back]
    scale: 2
  shell:
    image: busybox
    profiles: [tools, debug]
networks: {back: {internal: true}}
volumes: {data: {}}
`;

const FILES: Readonly<Record<string, string>> = {
  'shop/compose.yaml': SHOP,
  'shop/compose.override.yaml': 'services:\n  web: {read_only: true}\n',
  'shop/.env': 'TOKEN=secret\n',
  'shop/below/readme.txt': 'nothing',
  'base.yml': 'name: two\nservices:\n  web: {image: a, environment: [A=1]}\n',
  'more.yml': 'services:\n  web: {environment: {B: 2}, labels: [x=y]}\n',
  'bad.yaml':
    'name: bad\nservices:\n  web:\n    imagee: nginx\n    ports: ["99999:80"]\n  db: {image: a, depends_on: [cache]}\n',
  'stacks/a/compose.yaml': 'name: a\nservices: {web: {image: one}}\n',
  'stacks/b.yaml':
    'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: b}\nspec:\n  prune: false\n  services: {web: {image: "two:${TAG}"}}\n  env: {TAG: "7"}\n',
  'stacks/data.yaml': 'some: data\n',
};

let cli: CliHarness;
beforeAll(async () => {
  cli = await CliHarness.start();
  // Neither command may ask for it.
  await cli.stopDaemon();
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(cli.directory, path)), { recursive: true });
    await writeFile(join(cli.directory, path), text);
  }
});
afterAll(() => cli.stop());

test('config prints the canonical model as docker compose does', async () => {
  await cli.expectGolden(
    'config',
    await cli.run('config -f shop/compose.yaml'),
    await cli.run('config -f shop/compose.yaml --format json'),
    await cli.run('config -f shop/compose.yaml -q'),
  );
});

test('config lists what it is asked for', async () => {
  const views = ['services', 'images', 'volumes', 'networks', 'profiles', 'variables'];
  const runs = [];
  for (const view of views) runs.push(await cli.run(`config -f shop/compose.yaml --${view}`));
  await cli.expectGolden('config-lists', ...runs);
});

test('config --no-interpolate leaves variables and needs none', async () => {
  await cli.expectGolden(
    'config-no-interpolate',
    await cli.run('config -f shop/compose.yaml --no-interpolate'),
  );
});

test('config prints the hashes that docker compose 2.40.3 prints', async () => {
  const { stdout } = await cli.run('config -f shop/compose.yaml --hash *');
  expect(stdout.trim().split('\n')).toEqual([
    'db 1d923e9c053bbc083e51b47d2902b72fc1d9bf752be7289ff44292ce0155441d',
    'web 263174b6d7ec33baa80c0e18e7d79adf04b8304f22eb8af004c77e87d81f3129',
  ]);
  expect((await cli.run('config -f shop/compose.yaml --hash db')).stdout).toBe(
    'db 1d923e9c053bbc083e51b47d2902b72fc1d9bf752be7289ff44292ce0155441d\n',
  );
  expect((await cli.run('config -f shop/compose.yaml --hash nobody')).exit).toBe(1);
});

test('config lays files over each other, and takes a directory as its manifests', async () => {
  await cli.expectGolden(
    'config-several',
    await cli.run('config -f base.yml -f more.yml'),
    await cli.run('config -f - --services', { stdin: 'services: {piped: {image: x}}\n' }),
    await cli.run('config -f base.yml -f - --services', { stdin: 'services: {piped: {image: x}}\n' }),
    await cli.run('config -f stacks'),
    await cli.run('config -f stacks --format json'),
    await cli.run('config -f stacks --services --images'),
    await cli.run('config -f nowhere.yaml'),
  );
});

test('without -f both take the Compose file of the directory or the nearest above, with its override', async () => {
  const below = { cwd: join(cli.directory, 'shop/below') };
  expect((await cli.run('config', below)).stdout).toContain('read_only: true');
  expect((await cli.run('config -f ../compose.yaml', below)).stdout).not.toContain('read_only');
  expect((await cli.run('validate', below)).stdout).toBe('stack/shop valid\n');
  expect(await cli.run('config')).toMatchObject({ exit: 1, stdout: '' });
});

test('validate prints every problem with its place', async () => {
  await cli.expectGolden(
    'validate',
    await cli.run('validate -f bad.yaml'),
    await cli.run('validate -f bad.yaml -o json'),
    await cli.run('validate -f stacks -f shop/compose.yaml -f base.yml'),
    await cli.run('validate -f stacks -o yaml'),
    await cli.run('validate -f more.yml'),
    await cli.run('validate -f -', { stdin: 'services: {a: {image: x, privileged: maybe}}\n' }),
    await cli.run('validate -f shop/below'),
    await cli.run('validate bad.yaml'),
  );
});

test('validate warns of what baseline forbids, and refuses it when that is asked for', async () => {
  const greedy =
    'name: shop\nservices: {web: {image: x, privileged: true, cap_add: [SYS_ADMIN, BPF], volumes: ["/etc:/x"]}}\n';
  const warned = await cli.run('validate -f -', { stdin: greedy });
  const refused = await cli.run('validate -f - --policy-level baseline', { stdin: greedy });
  expect([warned.exit, refused.exit]).toEqual([0, 1]);
  await cli.expectGolden('validate-policy', warned, refused, await cli.run('validate --policy-level strict'));
});
