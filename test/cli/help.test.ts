import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await CliHarness.start();
});
afterAll(() => cli.stop());

test('help without a command is what --help and help print, and no error', async () => {
  const help = await cli.run('--help');
  expect((await cli.run('')).stdout).toBe(help.stdout);
  expect((await cli.run('help')).stdout).toBe(help.stdout);
  expect((await cli.run('')).exit).toBe(0);
  await cli.expectGolden('help', help);
});

test.each(COMMANDS.map(({ name }) => name))('help of %s', async (name) => {
  const help = await cli.run(`${name} --help`);
  expect((await cli.run(`help ${name}`)).stdout).toBe(help.stdout);
  await cli.expectGolden(`help-${name}`, help);
});

test('every example is a line that the program understands', async () => {
  for (const { name, examples } of COMMANDS) {
    expect(examples.length, name).toBeGreaterThan(0);
    for (const { line } of examples) {
      const whole = line.replace(/^source <\((.*)\)$/, '$1');
      const [, call = ''] = /stackctl ([^|&>]*[^|&> ])( (&&|[|]+|>) .*)?$/.exec(whole) ?? [];
      const { exit, stderr } = await cli.run(call, { env: { STACKCTL_SOCKET: '/nobody/there.sock' } });
      // Understood: what stops it is that no daemon and no file is there.
      if (exit !== 0) expect(stderr, line).toMatch(/^error: cannot (reach|read) /);
    }
  }
});

test('wrong usage exits with 2, says what is wrong and what may have been meant', async () => {
  await cli.expectGolden(
    'usage',
    await cli.run('aply -f x.yaml'),
    await cli.run('apply --dryrun'),
    await cli.run('apply -f'),
    await cli.run('apply'),
    await cli.run('apply -f x.yaml --timeout soon'),
    await cli.run('get'),
    await cli.run('get pods'),
    await cli.run('get stack/demo service/web'),
    await cli.run('get stacks -o xml'),
    await cli.run('describe'),
    await cli.run('describe stack'),
    await cli.run('describe service/web'),
    await cli.run('version now'),
    await cli.run('wait demo'),
    await cli.run('wait demo --for=condition=Fine'),
    await cli.run('suspend'),
    await cli.run('delete'),
    await cli.run('logs'),
    await cli.run('logs demo --tail many'),
  );
});

test('--version and version print the version', async () => {
  await cli.expectGolden(
    'version',
    await cli.run('--version'),
    await cli.run('version'),
    await cli.run('version --server'),
    await cli.run('version --server -o json'),
    await cli.run('version -o yaml'),
  );
});
