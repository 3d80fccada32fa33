import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EngineEvent, LogLine, LogOptions } from '../../src/engine/engine.ts';
import type { DesiredBuild, DesiredImage } from '../../src/model/desired.ts';
import { OURS } from '../../src/model/labels.ts';
import type { ContainerId } from '../../src/model/names.ts';
import { failureOf } from '../support/contract/world.ts';
import {
  type ContainerChange,
  containerRequest,
  desiredVolume,
  ownerLabels,
} from '../support/engine-requests.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine, Lab, SMALL_IMAGE } from '../support/lab.ts';

const signal = (): AbortSignal => new AbortController().signal;

function newLab(): Lab {
  const lab = new Lab();
  onTestFinished(() => lab.dispose());
  return lab;
}

async function createStarted(lab: Lab, change: ContainerChange): Promise<ContainerId> {
  const id = await lab.engine.createContainer(containerRequest(lab, change), signal());
  await lab.engine.startContainer(id, signal());
  return id;
}

const WHOLE_LOG: LogOptions = { follow: false, tail: undefined, sinceMs: undefined, timestamps: false };

async function linesOf(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

async function exited(lab: Lab, id: ContainerId): Promise<void> {
  await eventually('the container has ended', async () =>
    (await lab.outside.isRunning(id)) ? undefined : true,
  );
}

describe.skipIf(!hasEngine())('logs', () => {
  const script = "echo one; echo two >&2; printf 'ü %s\\n' three; printf unfinished";

  test('come by stream and line', async () => {
    const lab = newLab();
    const id = await createStarted(lab, { config: { Cmd: ['sh', '-c', script] } });
    await exited(lab, id);
    const lines = await linesOf(lab.engine.logs(id, WHOLE_LOG, signal()));
    const of = (stream: string) => lines.filter((line) => line.stream === stream).map((line) => line.text);
    expect(of('stdout')).toEqual(['one', 'ü three', 'unfinished']);
    expect(of('stderr')).toEqual(['two']);
    const tail = await linesOf(lab.engine.logs(id, { ...WHOLE_LOG, tail: 1 }, signal()));
    expect(tail).toHaveLength(1);
    const later = { ...WHOLE_LOG, sinceMs: Date.now() + 3_600_000 };
    expect(await linesOf(lab.engine.logs(id, later, signal()))).toEqual([]);
    const [first] = await linesOf(lab.engine.logs(id, { ...WHOLE_LOG, timestamps: true }, signal()));
    expect(Date.parse(first?.text.split(' ')[0] ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  test('of a terminal come as they are', async () => {
    const lab = newLab();
    const id = await createStarted(lab, { config: { Cmd: ['sh', '-c', script], Tty: true } });
    await exited(lab, id);
    const lines = await linesOf(lab.engine.logs(id, WHOLE_LOG, signal()));
    expect(lines.map((line) => line.text)).toEqual(['one', 'two', 'ü three', 'unfinished']);
    expect(new Set(lines.map((line) => line.stream))).toEqual(new Set(['stdout']));
  });

  test('are followed until the signal, and end with the container', async () => {
    const lab = newLab();
    const id = await createStarted(lab, { config: { Cmd: ['sh', '-c', 'echo ready; sleep 600'] } });
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const line of lab.engine.logs(id, { ...WHOLE_LOG, follow: true }, stop.signal)) {
      seen.push(line.text);
      stop.abort();
    }
    expect(seen).toEqual(['ready']);
    const followed = linesOf(lab.engine.logs(id, { ...WHOLE_LOG, follow: true }, signal()));
    await lab.outside.kill(id);
    expect((await followed).map((line) => line.text)).toEqual(['ready']);
  });
});

function newContext(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-context-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

function buildOf(lab: Lab, context: string, change: Partial<DesiredBuild> = {}): DesiredImage {
  return {
    ref: lab.owns(`stackctl.local/${lab.stack}:1`),
    pullPolicy: { kind: 'build' },
    build: {
      context,
      dockerfile: 'Dockerfile',
      args: {},
      labels: {},
      extraHosts: [],
      cacheFrom: [],
      noCache: false,
      pull: false,
      tags: [],
      digest: 'd1',
      ...change,
    },
  };
}

/** The files below /app of an image, as a container of it lists them. */
async function listApp(lab: Lab, image: string): Promise<string[]> {
  const id = await createStarted(lab, {
    config: { Image: image, Cmd: ['sh', '-c', 'cd /app && find . -type f | sort'] },
  });
  await exited(lab, id);
  return (await linesOf(lab.engine.logs(id, WHOLE_LOG, signal()))).map((line) => line.text);
}

describe.skipIf(!hasEngine())('builds', () => {
  test('take args, target, labels and further tags, and leave out what is ignored', async () => {
    const lab = newLab();
    const context = newContext({
      Dockerfile: [
        `FROM ${SMALL_IMAGE} AS base`,
        'ARG WHO=nobody',
        'COPY . /app',
        'LABEL who=$WHO',
        'FROM base AS wanted',
        'FROM base AS never',
        'RUN false',
      ].join('\n'),
      '.dockerignore': 'secret\n**/*.log\nnode_modules\n!node_modules/keep/me.js\n',
      secret: 'x',
      'src/main.js': 'x',
      'src/debug.log': 'x',
      'node_modules/other/index.js': 'x',
      'node_modules/keep/me.js': 'x',
      empty: '',
    });
    const tag = lab.owns(`stackctl.local/${lab.stack}:extra`);
    const image = buildOf(lab, context, {
      args: { WHO: 'me' },
      target: 'wanted',
      labels: { 'com.example.a': 'b' },
      tags: [tag],
      digest: 'digest-7',
    });
    const progress: string[] = [];
    const id = await lab.engine.buildImage(image, (line) => progress.push(line), signal());
    const inspected = await lab.docker.getImage(tag).inspect();
    expect(inspected.Id).toBe(id);
    expect(inspected.Config.Labels).toMatchObject({
      who: 'me',
      'com.example.a': 'b',
      [OURS.buildDigest]: 'digest-7',
    });
    expect(progress.some((line) => line.startsWith('Step 1/'))).toBe(true);
    expect(await listApp(lab, image.ref)).toEqual([
      './.dockerignore',
      './Dockerfile',
      './empty',
      './node_modules/keep/me.js',
      './src/main.js',
    ]);
  });

  test('take an inline Dockerfile, and one from outside of the context', async () => {
    const lab = newLab();
    const outer = newContext({ 'Dockerfile.outer': `FROM ${SMALL_IMAGE}\nCOPY . /app\n`, 'app/file': 'x' });
    const inline = buildOf(lab, join(outer, 'app'), {
      dockerfileInline: `FROM ${SMALL_IMAGE}\nCOPY file /app/copied\n`,
    });
    await lab.engine.buildImage(inline, () => undefined, signal());
    expect(await listApp(lab, inline.ref)).toEqual(['./copied']);
    const outside = { ...buildOf(lab, join(outer, 'app'), { dockerfile: '../Dockerfile.outer' }) };
    const id = await lab.engine.buildImage(outside, () => undefined, signal());
    expect((await lab.docker.getImage(outside.ref).inspect()).Id).toBe(id);
  });

  test('that fail tell the line and what it printed', async () => {
    const lab = newLab();
    const context = newContext({ Dockerfile: `FROM ${SMALL_IMAGE}\nRUN echo the reason; exit 3\n` });
    const failure = await failureOf(lab.engine.buildImage(buildOf(lab, context), () => undefined, signal()));
    expect(failure.message).toMatch(/at 'Step 2\/\d : RUN echo the reason; exit 3'.*output: the reason$/);
    expect(failure.hint).toBeDefined();
    const nowhere = await failureOf(
      lab.engine.buildImage(buildOf(lab, '/nonexistent'), () => undefined, signal()),
    );
    expect(nowhere.kind).toBe('invalid');
  });

  test('a pull from a registry that does not answer is refused, with a hint', async () => {
    const lab = newLab();
    const image: DesiredImage = { ref: 'localhost:9/none', pullPolicy: { kind: 'always' } };
    const failure = await failureOf(lab.engine.pullImage(image, () => undefined, signal()));
    expect(failure.kind).toBe('refused');
    expect(failure.hint).toBeDefined();
  });
});

/** A socket between us and the engine that can be cut, and taken away. */
class CutWire {
  readonly path: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(target: string) {
    const directory = mkdtempSync(join(tmpdir(), 'stackctl-wire-'));
    onTestFinished(async () => {
      await this.cut();
      rmSync(directory, { recursive: true, force: true });
    });
    this.path = join(directory, 'engine.sock');
    this.#target = target;
  }

  async open(): Promise<void> {
    const server = createServer((client) => {
      const engine = dial(this.#target);
      for (const [socket, other] of [
        [client, engine],
        [engine, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => other.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
      }
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#server = server;
  }

  async cut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

async function nextOf(events: AsyncIterator<EngineEvent>, kind: EngineEvent['kind']): Promise<EngineEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error('the events ended');
    if (value.kind === kind) return value;
  }
}

describe.skipIf(!hasEngine())('the event stream', () => {
  test('comes back after the connection was cut and the socket was away, and says so', async () => {
    const lab = newLab();
    if (!lab.host.startsWith('unix://')) return;
    const wire = new CutWire(lab.host.slice('unix://'.length));
    await wire.open();
    const engine = lab.engineAs(lab.instance, `unix://${wire.path}`);
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const events = engine.events(stop.signal)[Symbol.asyncIterator]();
    await nextOf(events, 'connected');
    await wire.cut();
    const failure = await failureOf(engine.connect(signal()));
    expect(failure).toMatchObject({ kind: 'unreachable' });
    await wire.open();
    await nextOf(events, 'connected');
    await lab.engine.createVolume(desiredVolume(`${lab.stack}_v`), ownerLabels(lab), signal());
    const event = await nextOf(events, 'volume');
    expect(event).toMatchObject({ action: 'create', id: `${lab.stack}_v`, stack: undefined });
    expect((await engine.connect(signal())).apiVersion).toMatch(/^1\./);
  });
});
