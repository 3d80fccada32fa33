import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { stackName } from '../../src/model/names.ts';
import { brokenStack, sampleEvent, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
});
afterEach(() => cli.stop());

function withStacks(): void {
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  cli.operations.put(
    sampleStack({ name: stackName('idle'), suspended: true, services: [], networks: [], volumes: [] }),
  );
}

test('get prints each kind as a table', async () => {
  withStacks();
  await cli.expectGolden(
    'get-table',
    await cli.run('get stacks'),
    await cli.run('get services'),
    await cli.run('get networks'),
    await cli.run('get volumes'),
  );
});

test('get -o wide adds what does not fit on a usual screen', async () => {
  withStacks();
  await cli.expectGolden(
    'get-wide',
    await cli.run('get st -o wide'),
    await cli.run('get svc -o wide'),
    await cli.run('get net -o wide'),
    await cli.run('get vol -o wide'),
  );
});

test('get stacks notes what is kept though its manifest is gone', async () => {
  const message = 'its manifest is gone, and so are all others of the source';
  cli.operations.put(sampleStack({ problems: [{ severity: 'warning', code: 'SourceSuspect', message }] }));
  await cli.expectGolden('get-held', await cli.run('get stacks'), await cli.run('get stacks -o name'));
});

test('get finds things by name, by KIND/NAME and by stack, and fails when one is not there', async () => {
  withStacks();
  await cli.expectGolden(
    'get-names',
    await cli.run('get stack demo'),
    await cli.run('get stack/demo stack/shop --headers=false'),
    await cli.run('get service/demo/web'),
    await cli.run('get svc -s shop --no-headers'),
    await cli.run('get network backend'),
    await cli.run('get stack demo nowhere'),
    await cli.run('get stacks -o name'),
    await cli.run('get services -o name'),
    await cli.run('get networks -o name'),
  );
});

test('get -o json and -o yaml print one thing as itself and several as items', async () => {
  withStacks();
  await cli.expectGolden(
    'get-documents',
    await cli.run('get volume data -o json'),
    await cli.run('get volumes -o yaml'),
    await cli.run('get networks -s shop -o json'),
  );
  const { stdout } = await cli.run('get stacks -o json');
  expect(JSON.parse(stdout)).toEqual({ items: JSON.parse(JSON.stringify(cli.operations.stacks())) });
});

test('get of nothing says so on stderr', async () => {
  await cli.expectGolden('get-nothing', await cli.run('get stacks'), await cli.run('get svc -o json'));
});

test('colours are for terminals, and for nobody who refuses them', async () => {
  withStacks();
  const painted = await cli.run('get stacks', { terminal: true });
  await cli.expectGolden('color', painted);
  const plain = (await cli.run('get stacks')).stdout;
  expect((await cli.run('get stacks --no-color', { terminal: true })).stdout).toBe(plain);
  expect((await cli.run('get stacks', { terminal: true, env: { NO_COLOR: '1' } })).stdout).toBe(plain);
  expect((await cli.run('get stacks', { terminal: true, env: { NO_COLOR: '' } })).stdout).toBe(
    painted.stdout,
  );
});

test.each(['table', 'json', 'yaml', 'name'])(
  'get -w prints what changes, and what is deleted, as %s',
  async (format) => {
    withStacks();
    const stop = new AbortController();
    const { operations } = cli;
    let change = (): void => {
      // The same again, which is no change; a change; another one's change; and the end.
      operations.put(sampleStack());
      operations.put(sampleStack({ health: 'Progressing', networks: [] }));
      operations.put(brokenStack());
      operations.remove('demo');
      operations.put(sampleStack({ name: stackName('final') }));
    };
    const run = await cli.run(`get stacks -w -o ${format}`, {
      signal: stop.signal,
      onOutput: (soFar) => {
        if (soFar.includes('final')) stop.abort();
        if (!soFar.includes('idle')) return;
        change();
        change = () => undefined;
      },
    });
    // Whole documents are compared elsewhere.
    const stdout = run.stdout
      .replace(/^\{"name":"(\w+)".*?"health":"(\w+)".*$/gm, '{"name":"$1",...,"health":"$2",...}')
      .replace(/^(?!---|name:|health:|deleted:)[ -].*\n|^(?!---|name:|health:|deleted:)\w+:.*\n/gm, '');
    await cli.expectGolden(`get-watch-${format}`, { ...run, stdout });
    expect(run.exit).toBe(130);
  },
);

test('get -w fails when the daemon stops', async () => {
  withStacks();
  cli.operations.onWatch = () => setImmediate(() => void cli.stopDaemon());
  await cli.expectGolden('get-watch-daemon-stops', await cli.run('get stack/demo -w'));
});

test('a command that fails leaves no stream open', async () => {
  withStacks();
  cli.operations.stacks = () => {
    throw new Failure('unreachable', 'the engine does not answer');
  };
  cli.operations.watch = async function* (_filter, signal) {
    opened += 1;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    closed += 1;
  };
  let opened = 0;
  let closed = 0;
  expect(await cli.run('get stacks -w')).toMatchObject({
    exit: 1,
    stderr: 'error: the engine does not answer\n',
  });
  await expect.poll(() => [opened, closed]).toEqual([1, 1]);
});

test('a reader that goes away ends the command quietly', async () => {
  withLogs();
  const closedPipe = {
    isTTY: false,
    on: () => undefined,
    write: (_text: string, done: (error?: Error | null) => void) => {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      return false;
    },
  };
  const run = await cli.run('logs demo -f', { stdout: closedPipe });
  expect(run).toMatchObject({ exit: 0, stderr: '' });
});

test('describe shows everything of a stack', async () => {
  withStacks();
  cli.operations.record(sampleEvent());
  cli.operations.record(
    sampleEvent({
      type: 'Warning',
      reason: 'DriftDetected',
      object: 'network/demo_backend',
      message: 'internal: true -> false',
      count: 4,
      lastAt: '2024-05-04T11:59:20.000Z',
      sequence: 2,
    }),
  );
  await cli.expectGolden(
    'describe',
    await cli.run('describe stack demo'),
    await cli.run('describe stack/shop'),
    await cli.run('describe nowhere'),
  );
});

function withEvents(): void {
  cli.operations.record(sampleEvent());
  cli.operations.record(
    sampleEvent({
      stack: stackName('shop'),
      type: 'Warning',
      reason: 'ImagePullFailed',
      object: 'image/shop/api:9',
      message: 'pull access denied\nfor shop/api',
      count: 7,
      firstAt: '2024-05-04T11:50:00.000Z',
      lastAt: '2024-05-04T11:59:00.000Z',
      sequence: 2,
    }),
  );
}

test('events lists what happened', async () => {
  await cli.expectGolden('events-none', await cli.run('events'));
  withEvents();
  await cli.expectGolden(
    'events',
    await cli.run('events'),
    await cli.run('events demo'),
    await cli.run('events --types Warning'),
    await cli.run('events stack/shop -o json'),
    await cli.run('events shop -o yaml'),
  );
});

test('events -w goes on with what happens, each event once', async () => {
  withEvents();
  const stop = new AbortController();
  cli.operations.onWatch = () =>
    setImmediate(() =>
      cli.operations.record(sampleEvent({ reason: 'Stopped', message: 'the last', sequence: 3 })),
    );
  const run = await cli.run('events -w', {
    signal: stop.signal,
    onOutput: (soFar) => {
      if (soFar.includes('the last')) stop.abort();
    },
  });
  await cli.expectGolden('events-watch', run);
});

function withLogs(): void {
  cli.operations.put(sampleStack());
  cli.operations.logLines = [
    { stream: 'stdout', service: 'web', container: 'web-1', text: 'GET / 200' },
    { stream: 'stderr', service: 'db', container: 'db-1', text: 'FATAL: no such role' },
    { stream: 'stdout', service: 'web', container: 'web-2', text: '' },
    { stream: 'stdout', service: 'web', container: 'web-10', text: 'more than were desired' },
  ];
}

test('logs prints each line behind its container', async () => {
  withLogs();
  await cli.expectGolden(
    'logs',
    await cli.run('logs demo'),
    await cli.run('logs stack/demo web'),
    await cli.run('logs demo web --prefix=false'),
    await cli.run('logs demo', { terminal: true }),
    await cli.run('logs demo cache'),
    await cli.run('logs nowhere'),
  );
});

test('logs lets a container colour its lines on a terminal, and do nothing else to it', async () => {
  withLogs();
  const written = '\u001b[31mred\u001b[2J\u001b]0;evil\u0007';
  cli.operations.logLines = [{ stream: 'stdout', text: written, service: 'web', container: 'web-1' }];
  const shown = await cli.run('logs demo --prefix=false', { terminal: true });
  expect(shown.stdout).toBe('\u001b[31mred\u001b[0m\n');
  expect((await cli.run('logs demo --prefix=false')).stdout).toBe(`${written}\n`);
});

test('logs asks the daemon for exactly what the options say', async () => {
  withLogs();
  cli.operations.calls.length = 0;
  await cli.run('logs demo web db --tail 5 --since 10m -t');
  await cli.run('logs demo --tail all --since 2024-05-04T11:00:00Z');
  expect(cli.operations.calls).toEqual([
    [
      'logs',
      {
        stack: 'demo',
        services: ['web', 'db'],
        follow: false,
        tail: 5,
        sinceMs: 1714823400000,
        timestamps: true,
      },
    ],
    [
      'logs',
      {
        stack: 'demo',
        services: [],
        follow: false,
        tail: undefined,
        sinceMs: 1714820400000,
        timestamps: false,
      },
    ],
  ]);
});

test('logs -f goes on until it is interrupted', async () => {
  withLogs();
  const stop = new AbortController();
  const run = await cli.run('logs demo -f', {
    signal: stop.signal,
    onOutput: (soFar) => {
      if (soFar.includes('web-10')) stop.abort();
    },
  });
  expect(run.exit).toBe(130);
  expect(run.stderr).toBe('');
});

test('a daemon that is not there is explained', async () => {
  await cli.stopDaemon();
  await cli.expectGolden(
    'no-daemon',
    await cli.run('get stacks'),
    await cli.run('diff'),
    await cli.run('events -w'),
    await cli.run('get stacks --socket ./other.sock'),
  );
});
