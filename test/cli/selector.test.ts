import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseSelector, selects } from '../../src/cli/selector.ts';
import { Failure } from '../../src/model/failure.ts';
import { stackName } from '../../src/model/names.ts';
import { brokenStack, sampleEvent, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  cli.operations.put(sampleStack({ name: stackName('idle'), labels: {}, suspended: true }));
});
afterEach(() => cli.stop());

const labels = { team: 'web', 'stackctl.example/tier': 'front', empty: '' };

test.each([
  ['team=web', true],
  ['team==web', true],
  ['team = web', true],
  ['team=shop', false],
  ['team!=shop', true],
  ['team!=web', false],
  ['owner!=web', true],
  ['owner=', false],
  ['empty=', true],
  ['team', true],
  ['owner', false],
  ['!owner', true],
  ['!team', false],
  ['team in (shop,web)', true],
  ['team in (shop, ops)', false],
  ['owner in (web)', false],
  ['team notin (shop)', true],
  ['team notin (shop,web)', false],
  ['owner notin (web)', true],
  ['stackctl.example/tier=front,team in (web,shop),!owner', true],
  ['stackctl.example/tier=front,team in (ops,shop),!owner', false],
  ['constructor', false],
])('the selector %s is met by a stack of team web: %s', (text, isMet) => {
  expect(selects(parseSelector(text), labels)).toBe(isMet);
});

test.each(['', ',', 'team=a=b', 'team in web', 'team in (a', '=web', 'a b', 'team in (a) x', '!'])(
  'the selector "%s" is refused',
  (text) => {
    expect(() => parseSelector(text)).toThrow(/is no selector/);
  },
);

test('-l chooses stacks in every command that takes several', async () => {
  cli.operations.record(sampleEvent());
  cli.operations.record(sampleEvent({ stack: stackName('shop'), sequence: 2, reason: 'Stopped' }));
  await cli.expectGolden(
    'selector',
    await cli.run('get stacks -l team=web'),
    await cli.run("get services -l 'team in (web,shop),!owner' -o name"),
    await cli.run('get stacks -l team -l team!=web -o name'),
    await cli.run('get stacks -l team=ops'),
    await cli.run('events -l team=shop'),
    await cli.run('wait -l team=web --for=condition=Ready'),
    await cli.run('wait -l team=ops --for=condition=Ready'),
    await cli.run('reconcile -l team'),
    await cli.run("suspend -l '!team'"),
    await cli.run('resume -l team=ops'),
    await cli.run('describe -l team=ops'),
    await cli.run('resume demo -l team=web'),
    await cli.run('resume -l team=web=shop'),
    await cli.run('delete -l team=ops'),
  );
  expect((await cli.run('describe -l team=web')).stdout).toBe((await cli.run('describe demo')).stdout);
});

test('delete -l goes on after a refusal, tells each, and fails', async () => {
  cli.operations.failure = new Failure('conflict', 'stack demo is managed from /srv/stacks/demo.yaml', {
    hint: 'remove its manifest there',
  });
  await cli.expectGolden('delete-selector', await cli.run('delete -l team'));
  expect([...cli.operations.statuses.keys()]).toEqual(['demo', 'idle']);
});
