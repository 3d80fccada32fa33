import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createWorkerLoader, type LoaderLimits } from '../../../src/bin/worker-loader.ts';
import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import type { DeclaredStack } from '../../../src/controller/loader.ts';
import { digestContext } from '../../../src/engine/build-context.ts';
import type { ManifestFile } from '../../../src/manifest/stack.ts';
import { UNRESTRICTED } from '../../../src/model/admission.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { EngineInfo } from '../../../src/model/observed.ts';
import { createFiles } from '../../../src/source/files.ts';
import { look } from '../../../src/source/fingerprint.ts';

const NEVER = new AbortController().signal;
const ENGINE: EngineInfo = {
  id: 'engine',
  version: '28.5.1',
  apiVersion: '1.51',
  swarmActive: false,
  rootDirectory: '/var/lib/docker',
};
const WEB = 'services:\n  web:\n    image: caddy\n';
const LOADING = new URL('./loader-thread.cjs', import.meta.url);
const LOOKING = new URL('./look-thread.cjs', import.meta.url);
const UNRULY = new URL('./unruly-thread.cjs', import.meta.url);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function loaderOf(limits: Partial<LoaderLimits> = {}, loading = LOADING) {
  const ended: string[] = [];
  const log = { warn: (fields: object) => ended.push((fields as { why: string }).why) };
  const loader = createWorkerLoader({ home: undefined, log, limits, urls: { loading, looking: LOOKING } });
  closers.push(() => loader.close());
  return { loader, ended };
}

const unruly = (limits: Partial<LoaderLimits> = {}) => loaderOf({ deadlineMs: 500, ...limits }, UNRULY);

const file = (path: string, text = WEB): ManifestFile => ({ path, relativePath: path.slice(1), text });

/** A stack of one file; the unruly thread goes by its path. */
function stackAt(path: string, name = 'one'): DeclaredStack {
  const at = { file: path, line: 1, column: 1 };
  return { name, texts: [file(path)], at, files: [path] } as unknown as DeclaredStack;
}

const kindOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (thrown: unknown) => (thrown instanceof Failure ? thrown.kind : String(thrown)),
  );

const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code);

describe('a loader in a thread', () => {
  test('answers what the loader without a thread does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stackctl-worker-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'a.env'), 'A=1\n');
    writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n');
    const text = `${WEB}    env_file: a.env\n    build: .\n    unknown: 1\n`;
    const envelope = `apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: two}\nspec: {env: {A: b}, services: {web: {image: 'x:$A'}}}\n`;
    const files = [
      { path: join(directory, 'compose.yaml'), relativePath: 'compose.yaml', text },
      { path: join(directory, 'two.yaml'), relativePath: 'two.yaml', text: envelope },
      { path: join(directory, 'broken.compose.yaml'), relativePath: 'broken.compose.yaml', text: 'a: [' },
    ];
    const { loader } = loaderOf();
    const plain = createInProcessLoader({ files: createFiles({ digestContext }), look, home: undefined });
    const found = await loader.find(files, NEVER);
    expect(found).toEqual(await plain.find(files, NEVER));
    expect(found.stacks).toHaveLength(2);
    for (const stack of found.stacks) {
      const wish = await loader.resolve(stack, ENGINE, UNRESTRICTED, NEVER);
      expect(wish).toEqual(await plain.resolve(stack, ENGINE, UNRESTRICTED, NEVER));
      expect(wish.desired === undefined).toBe(stack.name !== 'two');
    }
    const paths = [join(directory, 'a.env'), join(directory, 'none')];
    expect(await loader.looks(paths, NEVER)).toEqual(paths.map(look));
  });

  test('leaves the event loop alone while it reads a hostile document', async () => {
    const services = Array.from({ length: 1500 }, (_, index) => `  s${index}: {image: 'a:${index}'}\n`);
    const files = [file('/stacks/many/compose.yaml', `services:\n${services.join('')}`)];
    const { loader } = loaderOf();
    const plain = createInProcessLoader({ files: createFiles({ digestContext }), look, home: undefined });
    await loader.find([], NEVER);
    const turns: number[] = [];
    for (const each of [loader, plain]) {
      const count = countTurns();
      const { stacks } = await each.find(files, NEVER);
      for (const stack of stacks) await each.resolve(stack, ENGINE, UNRESTRICTED, NEVER);
      turns.push(count());
    }
    const [inThread = 0, inProcess = 0] = turns;
    expect(inProcess).toBeLessThanOrEqual(2);
    expect(inThread).toBeGreaterThan(10);
  });
});

/** Counts how often this thread gets to do something else; what it gives ends that. Counts, since a clock would measure the machine. */
function countTurns(): () => number {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  return () => {
    clearInterval(timer);
    return turns;
  };
}

describe('what takes too long', () => {
  test('is a problem of its stack, at its place, and the next one is answered by a new thread', async () => {
    const { loader, ended } = unruly();
    const before = await loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER);
    const [stalled, after] = await Promise.all([
      loader.resolve(stackAt('/stall'), ENGINE, UNRESTRICTED, NEVER),
      loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER),
    ]);
    expect(stalled.desired).toBeUndefined();
    expect(stalled.problems).toMatchObject([
      { severity: 'error', code: 'TooComplex', at: { file: '/stall', line: 1, column: 1 } },
    ]);
    expect(stalled.problems[0]?.hint).toBeDefined();
    expect([before.filesUsed, after.filesUsed]).toEqual([['0'], ['0']]);
    expect(ended).toHaveLength(1);
  });

  test('is remembered with what it had read, unless that is too young to tell', async () => {
    const { loader } = unruly();
    const { reads } = await loader.resolve(stackAt('/stall'), ENGINE, UNRESTRICTED, NEVER);
    expect(reads?.map(({ path }) => path)).toEqual(['/stall']);
    expect(
      (await loader.resolve(stackAt('/young-stall'), ENGINE, UNRESTRICTED, NEVER)).reads,
    ).toBeUndefined();
  });

  test('has more time while a directory is digested, and names it', async () => {
    const { loader } = unruly({ deadlineMs: 200, contextMs: 700 });
    await loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER);
    const startedMs = performance.now();
    const { problems } = await loader.resolve(stackAt('/context-stall'), ENGINE, UNRESTRICTED, NEVER);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(699);
    expect(problems[0]?.message).toContain('/build/me');
  });

  test('breaks its own manifest and no other of the source, and is not tried again', async () => {
    const { loader, ended } = unruly({ deadlineMs: 1500 });
    const files = [file('/a.compose.yaml'), file('/stall.compose.yaml'), file('/z.compose.yaml')];
    const found = await loader.find(files, NEVER);
    expect(found.stacks.map(({ name }) => name)).toEqual(['a', 'z']);
    expect(found.broken.map((each) => each.file)).toEqual(['/stall.compose.yaml']);
    expect(codes(found.problems)).toEqual(['TooComplex']);
    expect(await loader.find(files, NEVER)).toEqual(found);
    expect(ended).toHaveLength(1);
    await loader.find([file('/stall.compose.yaml', `${WEB}# changed\n`)], NEVER);
    expect(ended).toHaveLength(2);
  });

  test('keeps the parts of a manifest that was not parsed from starting as stacks of their own', async () => {
    const { loader } = unruly({ deadlineMs: 1500 });
    const envelope =
      'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: a}\nspec: {composeFiles: [web/compose.yaml]}\n';
    const found = await loader.find([file('/stall.yaml', envelope), file('/web/compose.yaml')], NEVER);
    expect(found.stacks).toEqual([]);
    expect(found.broken.map((each) => each.file)).toEqual(['/stall.yaml']);
  });

  test('in all manifests of a source together is a problem of each of them', async () => {
    const { loader } = unruly({ deadlineMs: 1000, findMs: 1800 });
    const files = Array.from({ length: 6 }, (_, index) => file(`/stall-${index}.compose.yaml`));
    const found = await loader.find(files, NEVER);
    expect(found.stacks).toEqual([]);
    expect(found.broken).toHaveLength(6);
    expect(new Set(codes(found.problems))).toEqual(new Set(['TooComplex']));
  });

  test('or too much memory, or is too large, is a problem of its stack as well', async () => {
    const { loader } = unruly({ deadlineMs: 30_000, heapBytes: 40 * 1024 ** 2 });
    const hoarding = await loader.resolve(stackAt('/hoard'), ENGINE, UNRESTRICTED, NEVER);
    const large = await loader.resolve(stackAt('/ok', 'large'), ENGINE, UNRESTRICTED, NEVER);
    expect([codes(hoarding.problems), codes(large.problems)]).toEqual([['TooComplex'], ['TooComplex']]);
  });
});

describe('a thread that breaks', () => {
  test('fails the call it was at, and the next one is answered', async () => {
    const { loader, ended } = unruly({ deadlineMs: 5_000 });
    const crashed = kindOf(loader.resolve(stackAt('/crash'), ENGINE, UNRESTRICTED, NEVER));
    const next = loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER);
    expect(await crashed).toBe('bug');
    expect((await next).filesUsed).toEqual(['0']);
    expect(ended).toHaveLength(1);
  });

  test('lives on when something was only thrown', async () => {
    const { loader, ended } = unruly({ deadlineMs: 5_000 });
    expect(await kindOf(loader.resolve(stackAt('/throw'), ENGINE, UNRESTRICTED, NEVER))).toBe('bug');
    expect(await kindOf(loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER))).toBe('answered');
    expect(ended).toEqual([]);
  });

  test('fails all calls when it cannot be started at all', async () => {
    const { loader } = loaderOf({}, new URL('./no-such-thread.mjs', import.meta.url));
    expect(await kindOf(loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER))).toBe('bug');
    expect(await kindOf(loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER))).toBe('bug');
  });
});

describe('a thread without work', () => {
  test('is ended, and another one answers the next call', async () => {
    const { loader, ended } = loaderOf({ idleMs: 50 });
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    onTestFinished(() => terminate.mockRestore());
    const answered = await loader.looks(['/etc/hostname'], NEVER);
    await expect.poll(() => terminate.mock.calls.length, { timeout: 10_000 }).toBe(1);
    expect(await loader.looks(['/etc/hostname'], NEVER)).toEqual(answered);
    // Nothing is wrong with it, and nothing is said.
    expect(ended).toEqual([]);
  });
});

describe('calls that wait', () => {
  test('do not keep anyone from looking whether files are as they were', async () => {
    const { loader } = unruly({ deadlineMs: 3_000 });
    const order: string[] = [];
    await loader.looks(['/'], NEVER);
    const stalled = loader
      .resolve(stackAt('/stall'), ENGINE, UNRESTRICTED, NEVER)
      .then(() => order.push('stalled'));
    await loader.looks(['/'], NEVER).then(() => order.push('looked'));
    await stalled;
    expect(order).toEqual(['looked', 'stalled']);
  });

  test('are refused when there are too many, and the others are answered in order', async () => {
    const { loader } = unruly({ waiting: 2 });
    const order: string[] = [];
    const ask = (path: string) =>
      kindOf(loader.resolve(stackAt(path), ENGINE, UNRESTRICTED, NEVER)).then((kind) =>
        order.push(`${path} ${kind}`),
      );
    await Promise.all([ask('/stall'), ask('/one'), ask('/two'), ask('/three')]);
    expect(order).toEqual(['/three refused', '/stall answered', '/one answered', '/two answered']);
  });

  test('are given up with their signal, without the thread being ended', async () => {
    const { loader, ended } = unruly();
    const give = new AbortController();
    const stalled = loader.resolve(stackAt('/stall'), ENGINE, UNRESTRICTED, NEVER);
    const waiting = kindOf(loader.resolve(stackAt('/crash'), ENGINE, UNRESTRICTED, give.signal));
    give.abort();
    expect(await waiting).toBe('superseded');
    expect(ended).toEqual([]);
    expect(codes((await stalled).problems)).toEqual(['TooComplex']);
    expect((await loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER)).filesUsed).toEqual(['0']);
    expect(ended).toHaveLength(1);
  });

  test('and those under way end when the loader is closed', async () => {
    const { loader, ended } = unruly({ deadlineMs: 60_000 });
    await loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER);
    const calls = [
      loader.resolve(stackAt('/stall'), ENGINE, UNRESTRICTED, NEVER),
      loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER),
    ];
    const ends = calls.map(kindOf);
    await loader.close();
    expect(await Promise.all(ends)).toEqual(['superseded', 'superseded']);
    expect(await kindOf(loader.resolve(stackAt('/ok'), ENGINE, UNRESTRICTED, NEVER))).toBe('superseded');
    expect(ended).toEqual([]);
  });
});
