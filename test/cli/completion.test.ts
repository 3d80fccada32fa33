import { afterEach, beforeEach, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { brokenStack, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
});
afterEach(() => cli.stop());

/** What is offered at the end of a line, and what the shell is to do. */
async function offered(
  line: string,
): Promise<{ readonly values: readonly string[]; readonly directive: string }> {
  const run = await cli.run(`__complete ${line.replace(/ $/, " ''")}`);
  expect(run).toMatchObject({ exit: 0, stderr: '' });
  const lines = run.stdout.trimEnd().split('\n');
  const directive = lines.pop() ?? '';
  return { values: lines.map((each) => each.split('\t')[0] ?? ''), directive };
}

const ONLY = ':4';
const FILES = ':0';
const GOES_ON = ':6';

test.each([
  ['re', ['reconcile', 'resume'], ONLY],
  ['--so', ['--socket'], ONLY],
  ['help ro', ['rollback', 'rollout'], ONLY],
  ['get s', ['stacks', 'services', 'sources'], ONLY],
  ['get stacks ', ['demo', 'shop'], ONLY],
  ['get stacks demo ', ['shop'], ONLY],
  ['get stack/', ['stack/demo', 'stack/shop'], ONLY],
  ['get svc/demo/', ['svc/demo/web', 'svc/demo/db'], ONLY],
  ['get services -s d', ['demo'], ONLY],
  ['get services --stack=s', ['--stack=shop'], ONLY],
  ['get stacks -o ', ['table', 'wide', 'json', 'yaml', 'name'], ONLY],
  ['get stacks --output=j', ['--output=json'], ONLY],
  ['get -o json st', ['stacks'], ONLY],
  ['get pods ', [], ONLY],
  ['describe ', ['demo', 'shop'], ONLY],
  ['describe demo s', ['shop'], ONLY],
  ['history demo ', [], ONLY],
  ['logs demo ', ['web', 'db'], ONLY],
  ['logs stack/demo web ', ['db'], ONLY],
  ['logs nowhere ', [], ONLY],
  ['rollout re', ['resume', 'restart'], ONLY],
  ['rollout restart demo w', ['web'], ONLY],
  ['rollout pause demo ', [], ONLY],
  ['events --for service/s', ['service/shop/api'], ONLY],
  ['wait --for=condition=R', ['--for=condition=Ready', '--for=condition=Reconciling'], ONLY],
  ['wait --for j', ['jsonpath='], GOES_ON],
  ['wait demo --timeout ', [], ONLY],
  ['apply -f ', [], FILES],
  ['apply --filename=x', [], FILES],
  ['apply ', [], ONLY],
  ['suspend --al', ['--all'], ONLY],
  ['suspend -- --al', [], ONLY],
  ['explain st', ['stack.'], GOES_ON],
  ['explain stack.spec.dep', ['stack.spec.dependsOn.'], GOES_ON],
  ['explain stack.spec.services.healthcheck.int', ['stack.spec.services.healthcheck.interval'], ONLY],
  ['explain stack.nowhere.x', [], ONLY],
  ['completion ', ['bash', 'zsh', 'fish'], ONLY],
  ['nonsense ', [], ONLY],
  ['--nonsense=', [], ONLY],
])('at the end of "stackctl %s" stands %j', async (line, values, directive) => {
  expect(await offered(line)).toEqual({ values, directive });
});

test('every command and every option of it is offered, with what it does', async () => {
  const { stdout } = await cli.run("__complete ''");
  for (const { name, summary, options } of COMMANDS) {
    expect(stdout).toContain(`${name}\t${summary}\n`);
    const { values } = await offered(`${name} --`);
    const flags = Object.values(options).flatMap((option) => /--[a-z-]+/.exec(option.flags)?.[0] ?? []);
    expect(values).toEqual(expect.arrayContaining([...flags, '--help']));
  }
});

test('without a daemon, or with one that fails, there are no names and no error', async () => {
  cli.operations.stacks = () => {
    throw new Error('no');
  };
  expect(await offered('get stacks ')).toEqual({ values: [], directive: ONLY });
  await cli.stopDaemon();
  expect(await offered('get stacks ')).toEqual({ values: [], directive: ONLY });
  expect(await offered('get stacks --socket /nobody/there.sock -s ')).toEqual({
    values: [],
    directive: ONLY,
  });
  expect(await offered('get st')).toEqual({ values: ['stacks'], directive: ONLY });
});

test('completion prints a script, and nothing for another shell', async () => {
  await cli.expectGolden(
    'completion',
    await cli.run('completion bash'),
    await cli.run('completion zsh'),
    await cli.run('completion fish'),
    await cli.run('completion bsh'),
    await cli.run('completion tcsh'),
    await cli.run('completion'),
  );
});
