import { afterEach, beforeEach, expect, test } from 'vitest';
import { findInJson, parseJsonPath } from '../../src/cli/json-path.ts';
import { stackName } from '../../src/model/names.ts';
import { brokenStack, sampleEvent, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
});
afterEach(() => cli.stop());

const document = {
  health: 'Healthy',
  none: null,
  services: [
    { name: 'web', ready: 2 },
    { name: 'db', ready: 0 },
  ],
  conditions: [
    { type: 'Ready', status: 'True' },
    { type: 'Stalled', status: 'False' },
  ],
  labels: { 'a.b': 'c' },
};

test.each([
  ['{.health}', ['Healthy']],
  ['.health', ['Healthy']],
  ['health', ['Healthy']],
  ['{$.health}', ['Healthy']],
  ['{.services[0].ready}', [2]],
  ['{.services[-1].name}', ['db']],
  ['{.services[*].name}', ['web', 'db']],
  ['{.conditions[?(@.type=="Ready")].status}', ['True']],
  ["{.conditions[?(@.type!='Ready')].status}", ['False']],
  ['{.services[?(@.ready==2)].name}', ['web']],
  ["{.labels['a.b']}", ['c']],
  ['{.labels.a\\.b}', ['c']],
  ['{.labels.*}', ['c']],
  ['{.nothing.at[3].all}', []],
  ['{.none}', []],
  ['{.constructor}', []],
])('the path %s finds %j', (path, found) => {
  const parsed = parseJsonPath(path);
  expect(parsed && findInJson(document, parsed)).toEqual(found);
});

test.each(['', '{}', '{.}', '{.a', '{.a[x]}', '.a..b', '{.a[?(@.b)]}'])('"%s" is no path', (path) => {
  expect(parseJsonPath(path)).toBeUndefined();
});

test('wait for a path into what get -o json prints', async () => {
  await cli.expectGolden(
    'wait-jsonpath',
    await cli.run("wait demo --for=jsonpath='{.health}'=Healthy"),
    await cli.run('wait demo --for=jsonpath=.lastAppliedRevision'),
    await cli.run(`wait demo --for=jsonpath='{.conditions[?(@.type=="Healthy")].status}'=True`),
    await cli.run('wait shop --for=jsonpath=.health=Healthy --timeout 50ms'),
    await cli.run('wait demo --for=jsonpath={.health'),
    await cli.run('wait dem --for=jsonpath=.health=Healthy'),
  );
});

test('wait for a path returns when the stack comes to be so, and not for what an older manifest was', async () => {
  cli.operations.put(sampleStack({ generation: 4 }));
  cli.operations.onWatch = () =>
    setImmediate(() => cli.operations.put(sampleStack({ generation: 4, observedGeneration: 4 })));
  expect(await cli.run('wait demo --for=jsonpath=.health=Healthy --timeout 20s')).toMatchObject({ exit: 0 });
  cli.operations.put(sampleStack({ generation: 5, observedGeneration: 4 }));
  expect(await cli.run('wait demo --for=jsonpath=.health=Healthy --timeout 50ms')).toMatchObject({ exit: 1 });
});

test('events --for one object', async () => {
  const record = (object: string, sequence: number, stack = 'demo') =>
    cli.operations.record(sampleEvent({ object, sequence, stack: stackName(stack) }));
  record('container/demo-web-1', 1);
  record('container/demo-web-7', 2);
  record('container/demo-web-1.0a1b2c3d', 3);
  record('container/demo-web-admin-1', 4);
  record('container/demo-db-1', 5);
  record('stack/demo', 6);
  record('network/demo_default', 7);
  record('container/shop-web-1', 8, 'shop');
  await cli.expectGolden(
    'events-for',
    await cli.run('events --for service/demo/web'),
    await cli.run('events --for svc/demo/db -o yaml'),
    await cli.run('events --for stack/shop'),
    await cli.run('events --for net/demo_default'),
    await cli.run('events --for container/demo-db-1 --types Warning'),
    await cli.run('events --for service/nowhere/web'),
    await cli.run('events --for demo'),
    await cli.run('events demo --for stack/demo'),
    await cli.run('events demo shop'),
  );
});
