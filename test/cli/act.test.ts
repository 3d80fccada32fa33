import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ApplyResult, StackDiff } from '../../src/controller/operations.ts';
import { Failure } from '../../src/model/failure.ts';
import { stackName } from '../../src/model/names.ts';
import type { Problem } from '../../src/model/problem.ts';
import { brokenStack, sampleCondition, sampleService, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
});
afterEach(() => cli.stop());

async function write(path: string, text: string): Promise<void> {
  const file = join(cli.directory, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

function applied(
  ...stacks: readonly (readonly [string, 'created' | 'configured' | 'unchanged'])[]
): ApplyResult {
  return {
    problems: [],
    stacks: stacks.map(([name, action]) => ({ name, action, generation: 3, isReady: false, plan: [] })),
  };
}

const asked = () => cli.operations.calls.map(([, argument]) => argument);

test('apply sends a Compose file with its override, and waits until its stack is ready', async () => {
  await write('demo/compose.yaml', 'services: {}\n');
  await write('demo/compose.override.yml', 'services: {web: {}}\n');
  await write('demo/other.yaml', 'data: 1\n');
  cli.operations.onApply = () => applied(['demo', 'created']);
  cli.operations.put(coming(0));
  await cli.expectGolden(
    'apply-ready',
    await cli.run('apply -f demo/compose.yaml', { onOutput: whenSeen('0/2', comeUp) }),
  );
  expect(asked()).toEqual([
    {
      baseDirectory: join(cli.directory, 'demo'),
      dryRun: false,
      force: false,
      adopt: false,
      files: [
        { relativePath: 'compose.yaml', text: 'services: {}\n' },
        { relativePath: 'compose.override.yml', text: 'services: {web: {}}\n' },
      ],
    },
  ]);
});

/** The stack with that many of its two web containers ready. */
function coming(ready: number) {
  const isReady = ready === 2;
  return sampleStack({
    health: isReady ? 'Healthy' : 'Progressing',
    conditions: [
      sampleCondition({ status: isReady ? 'True' : 'False', reason: isReady ? 'Ready' : 'Progressing' }),
    ],
    services: [
      sampleService({
        ready,
        state: isReady ? 'Running' : 'Waiting',
        message: isReady ? '' : 'health: starting',
      }),
      sampleService({ name: 'cache', desired: 1, ready: 1 }),
    ],
  });
}

/** Acts once, when the text has been written. */
function whenSeen(text: string, act: () => void): (soFar: string) => void {
  let isDone = false;
  return (soFar) => {
    if (isDone || !soFar.includes(text)) return;
    isDone = true;
    act();
  };
}

function comeUp(): void {
  cli.operations.notify({ kind: 'progress', stack: 'demo', line: 'start-container container/demo-web-1' });
  cli.operations.put(coming(1));
  cli.operations.put(coming(1));
  cli.operations.put(coming(2));
}

test('apply redraws how the services come up on a terminal', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.onApply = () => applied(['demo', 'configured']);
  cli.operations.put(coming(0));
  const options = { terminal: true, onOutput: whenSeen('0/2', comeUp) };
  await cli.expectGolden('apply-terminal', await cli.run('apply -f compose.yaml', options));
});

test('apply sends the manifests of a directory and nothing else', async () => {
  const stack = 'apiVersion: stackctl.io/v1alpha1\nkind: Stack\n';
  await write('all/a/stack.yaml', stack);
  await write('all/b/docker-compose.yml', 'services: {}\n');
  await write('all/c/shop.compose.yaml', 'services: {}\n');
  await write('all/d/stack.json', '{"apiVersion": "stackctl.io/v1alpha1"}');
  await write('all/a/litellm.yaml', 'models: []\n');
  await write('all/a/notes.md', stack);
  await write('all/node_modules/x/compose.yaml', 'services: {}\n');
  await write('all/.git/compose.yaml', 'services: {}\n');
  await write('all/old/compose.yaml', 'services: {}\n');
  await write('all/.stackctlignore', 'old/\n');
  await write('all/huge/compose.yaml', `# ${'x'.repeat(1024 * 1024)}\n`);
  cli.operations.onApply = () => applied(['a', 'created'], ['b', 'configured'], ['shop', 'unchanged']);
  await cli.expectGolden('apply-directory', await cli.run('apply -f all --wait=false --force'));
  const [request] = asked() as { readonly files: readonly { readonly relativePath: string }[] }[];
  expect(request).toMatchObject({ baseDirectory: join(cli.directory, 'all'), force: true });
  expect(request?.files.map((file) => file.relativePath)).toEqual([
    'a/stack.yaml',
    'b/docker-compose.yml',
    'c/shop.compose.yaml',
    'd/stack.json',
  ]);
});

test('apply prints every problem with its place and exits with 1', async () => {
  await write('demo/compose.yaml', 'services:\n  web:\n    imge: nginx\n\tports: [80]\n');
  await write('demo/base.yaml', 'services:\n  base: {}\n');
  const problems: readonly Problem[] = [
    {
      severity: 'error',
      code: 'UnknownField',
      message: 'unknown field "imge"',
      hint: 'did you mean "image"?',
      path: 'services.web.imge',
      at: { file: 'compose.yaml', line: 3, column: 5 },
    },
    {
      severity: 'error',
      code: 'MissingField',
      message: 'a service needs image or build',
      path: 'services.base',
      at: { file: join(cli.directory, 'demo/base.yaml'), line: 2, column: 3 },
    },
    { severity: 'warning', code: 'Unplaced', message: 'of no file in particular' },
    {
      severity: 'error',
      code: 'TabIndent',
      message: 'a tab',
      at: { file: 'compose.yaml', line: 4, column: 2 },
    },
    {
      severity: 'error',
      code: 'Gone',
      message: 'unreadable',
      at: { file: '/nowhere/x.yaml', line: 1, column: 1 },
    },
  ];
  cli.operations.onApply = () => ({ problems, stacks: [] });
  await cli.expectGolden('apply-problems', await cli.run('apply -f demo'));
});

test('apply goes on after warnings', async () => {
  cli.operations.onApply = () => ({
    ...applied(['demo', 'created']),
    problems: [
      {
        severity: 'warning',
        code: 'Obsolete',
        message: 'version is obsolete',
        at: { file: 'compose.yaml', line: 1, column: 1 },
      },
    ],
  });
  await cli.expectGolden(
    'apply-stdin',
    await cli.run('apply -f - --wait=false', { stdin: 'version: "3"\n' }),
  );
  expect(asked()).toEqual([
    {
      baseDirectory: cli.directory,
      dryRun: false,
      force: false,
      adopt: false,
      files: [{ relativePath: 'compose.yaml', text: 'version: "3"\n' }],
    },
  ]);
});

test('apply --dry-run prints the plan and does not wait', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.onApply = ({ dryRun }) => ({
    problems: [],
    stacks: [
      {
        name: 'demo',
        action: 'configured',
        generation: 4,
        isReady: false,
        plan: dryRun ? ['1 stop-container demo-web-1 (SpecChanged)'] : [],
      },
    ],
  });
  await cli.expectGolden('apply-dry-run', await cli.run('apply -f compose.yaml --dry-run'));
});

test('apply says why a stack failed, is not ready in time, or is suspended', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.put(brokenStack());
  cli.operations.put(coming(0));
  cli.operations.put(sampleStack({ name: stackName('idle'), suspended: true }));
  cli.operations.onApply = () => ({
    problems: [],
    stacks: ['shop', 'demo', 'idle'].map((name) => ({
      name,
      action: 'configured',
      generation: 2,
      isReady: false,
      plan: [],
    })),
  });
  await cli.expectGolden('apply-not-ready', await cli.run('apply -f compose.yaml --timeout 100ms'));
});

test('apply does not wait for what is ready already', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.onApply = () => ({
    problems: [],
    stacks: [{ name: 'demo', action: 'unchanged', generation: 4, isReady: true, plan: [] }],
  });
  const run = await cli.run('apply -f compose.yaml');
  expect(run).toMatchObject({ exit: 0, stdout: 'stack/demo unchanged\nstack/demo ready\n' });
  expect((await cli.run('apply -f compose.yaml --wait=false')).stdout).toBe('stack/demo unchanged\n');
});

test('a condition of an older generation does not count', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.put(sampleStack());
  cli.operations.onApply = () => ({
    problems: [],
    stacks: [{ name: 'demo', action: 'configured', generation: 4, isReady: false, plan: [] }],
  });
  const run = await cli.run('apply -f compose.yaml --timeout 100ms');
  expect(run.exit).toBe(1);
  expect(run.stdout).toBe('stack/demo configured\n');
});

test('apply keeps waiting while the daemon is restarted', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.put(coming(0));
  cli.operations.onApply = () => applied(['demo', 'configured']);
  cli.operations.onWatch = () => {
    setImmediate(async () => {
      await cli.stopDaemon();
      cli.operations.put(coming(2));
      await cli.startDaemon();
    });
  };
  const run = await cli.run('apply -f compose.yaml');
  expect(run.stdout).toBe('stack/demo configured\nstack/demo ready\n');
  expect(run.exit).toBe(0);
});

test('apply says what it cannot read, and applies nothing then', async () => {
  await write('good/compose.yaml', 'services: {}\n');
  await write('huge.yaml', `# ${'x'.repeat(1024 * 1024)}\n`);
  await write('none/readme.yaml', 'a: 1\n');
  cli.operations.onApply = () => applied();
  await cli.expectGolden(
    'apply-unreadable',
    await cli.run('apply -f good -f nowhere.yaml'),
    await cli.run('apply -f huge.yaml'),
    await cli.run('apply -f none'),
    await cli.run('apply -f -', { stdin: 'x'.repeat(1024 * 1024 + 1) }),
  );
  expect(asked()).toEqual([]);
});

test('failures of the daemon are printed with their hint', async () => {
  await write('compose.yaml', 'services: {}\n');
  const failure = new Failure('conflict', 'stack "demo" comes from directory /srv', {
    hint: 'apply --force takes it over',
  });
  cli.operations.failure = failure;
  const conflict = await cli.run('apply -f compose.yaml');
  cli.operations.failure = new Failure('bug', 'plan has a cycle');
  await cli.expectGolden('apply-failures', conflict, await cli.run('apply -f compose.yaml'));
});

const DIFF: StackDiff = {
  name: 'demo',
  problems: [],
  plan: [
    '1 stop-container container/demo-web-1 (SpecChanged)',
    '2 remove-network network/demo_old (Orphaned)',
  ],
  changes: [
    {
      object: 'container/demo-web-1',
      action: 'replace',
      fields: [
        { path: 'image', from: 'nginx:1.26', to: 'nginx:1.27' },
        { path: 'environment.NEW', from: '', to: 'yes' },
      ],
    },
    { object: 'network/demo_new', action: 'create', fields: [] },
    { object: 'network/demo_old', action: 'remove', fields: [] },
  ],
};
const SAME: StackDiff = { name: 'idle', problems: [], plan: [], changes: [] };

test('diff exits with 0 when nothing differs, 1 when something does, 2 when it cannot tell', async () => {
  cli.operations.put(sampleStack());
  cli.operations.put(sampleStack({ name: stackName('idle') }));
  cli.operations.diffs = [DIFF, SAME];
  await cli.expectGolden(
    'diff',
    await cli.run('diff'),
    await cli.run('diff stack/idle'),
    await cli.run('diff demo', { terminal: true }),
    await cli.run('diff idle demo -o yaml'),
    await cli.run('diff nowhere'),
    await cli.run('diff -f nowhere.yaml'),
  );
});

test('diff -f compares manifests that are not applied yet, and fails on their problems', async () => {
  await write('compose.yaml', 'servces: {}\n');
  const problem: Problem = {
    severity: 'error',
    code: 'UnknownField',
    message: 'unknown field "servces"',
    at: { file: 'compose.yaml', line: 1, column: 1 },
  };
  cli.operations.diffs = [{ ...SAME, problems: [problem] }];
  await cli.expectGolden('diff-problems', await cli.run('diff -f compose.yaml'));
  expect(asked()).toEqual([
    {
      manifests: {
        baseDirectory: cli.directory,
        files: [{ relativePath: 'compose.yaml', text: 'servces: {}\n' }],
      },
      stacks: [],
      adopt: false,
    },
  ]);
});

test('delete waits until the stack is gone', async () => {
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  const run = await cli.run('delete stack/demo nowhere shop --volumes');
  await cli.expectGolden(
    'delete',
    run,
    await cli.run('delete demo'),
    await cli.run('delete demo --ignore-not-found'),
  );
  expect(asked().slice(0, 3)).toEqual([
    { name: 'demo', volumes: true, confirm: false },
    { name: 'nowhere', volumes: true, confirm: false },
    { name: 'shop', volumes: true, confirm: false },
  ]);
});

test('delete --confirm lets a held deletion go on, and what is handed back is not waited for', async () => {
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  const handedTo = { kind: 'directory', name: '/srv/stacks', path: '/srv/stacks/shop.yaml' };
  cli.operations.onDelete = ({ name, confirm }) => {
    if (name === 'shop') return { handedTo };
    if (!confirm)
      throw new Failure('conflict', 'the deletion of stack demo is held back: its manifest is gone', {
        hint: '`stackctl delete demo --confirm` deletes it all the same',
      });
    cli.operations.remove(name);
    return undefined;
  };
  await cli.expectGolden(
    'delete-confirm',
    await cli.run('delete demo'),
    await cli.run('delete demo shop --confirm'),
  );
});

test('delete says when it takes too long, and with --wait=false does not wait', async () => {
  cli.operations.put(sampleStack());
  cli.operations.onDelete = () => undefined;
  await cli.expectGolden(
    'delete-slow',
    await cli.run('delete demo --timeout 50ms'),
    await cli.run('delete demo --wait=false'),
  );
});

test('delete -f removes the stacks that the manifests stand for', async () => {
  await write('compose.yaml', 'services: {}\n');
  cli.operations.put(sampleStack());
  cli.operations.diffs = [{ ...SAME, name: 'demo' }];
  const run = await cli.run('delete -f compose.yaml');
  expect(run.stdout).toBe('stack/demo deleted\n');
  expect(cli.operations.statuses.size).toBe(0);
});

test('wait returns when the condition is met, and fails when it is not in time', async () => {
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  await cli.expectGolden(
    'wait',
    await cli.run('wait --for=condition=Ready stack/demo'),
    await cli.run('wait --for condition=ready=false shop'),
    await cli.run('wait --for=condition=Suspended=False demo'),
    await cli.run('wait --for=condition=Ready --all --timeout 50ms'),
    await cli.run('wait --for=condition=Ready nowhere'),
    await cli.run('wait --for=delete nowhere'),
    await cli.run('wait --for=delete demo --timeout 50ms'),
  );
});

test('wait sees what happens while it waits', async () => {
  cli.operations.put(coming(0));
  cli.operations.onWatch = () => setImmediate(() => cli.operations.put(coming(2)));
  expect((await cli.run('wait --for=condition=Ready demo')).exit).toBe(0);
  cli.operations.onWatch = () => setImmediate(() => cli.operations.remove('demo'));
  expect((await cli.run('wait --for=delete demo')).stdout).toBe('stack/demo deleted\n');
});

test('wait ends at once when it is interrupted', async () => {
  cli.operations.put(coming(0));
  const stop = new AbortController();
  cli.operations.onWatch = () => setImmediate(() => stop.abort());
  const run = await cli.run('wait --for=condition=Ready demo', { signal: stop.signal });
  expect(run).toMatchObject({ exit: 130, stdout: '', stderr: '' });
});

test('reconcile, suspend and resume speak of each stack, and one that fails stops no other', async () => {
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  await cli.expectGolden(
    'control',
    await cli.run('reconcile demo nowhere stack/shop'),
    await cli.run('suspend stack demo'),
    await cli.run('resume --all'),
  );
  expect(cli.operations.calls).toEqual([
    ['reconcile', 'demo'],
    ['reconcile', 'nowhere'],
    ['reconcile', 'shop'],
    ['suspend', 'demo'],
    ['resume', 'demo'],
    ['resume', 'shop'],
  ]);
});
