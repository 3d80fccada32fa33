import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import {
  type AppliedDocuments,
  type AppliedSource,
  createAppliedSource,
} from '../../../src/source/applied.ts';
import { createFileStore } from '../../../src/store/files.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from './tree.ts';

const live = new AbortController().signal;
const web = { baseDirectory: '/srv/web', files: [{ relativePath: 'deploy/web.yaml', text: 'v1' }] };

describe('applied manifests', () => {
  test('nothing applied is a trusted empty scan', async () => {
    const scan = await createAppliedSource(createMemoryStore()).scan(live);
    expect(scan).toMatchObject({ trusted: true, files: [], unreadable: [] });
  });

  test('are answered with their stack and path, and outlive the source', async () => {
    const store = createMemoryStore();
    await createAppliedSource(store).put('web', web);
    const scan = await createAppliedSource(store).scan(live);
    expect(scan.files).toEqual([
      { path: '/srv/web/deploy/web.yaml', relativePath: 'deploy/web.yaml', text: 'v1', forStack: 'web' },
    ]);
  });

  test('two stacks of one file, applied at different times, each keep their own text of it', async () => {
    const source = createAppliedSource(createMemoryStore());
    await source.put('a', web);
    await source.put('b', web);
    await source.put('b', { ...web, files: [{ relativePath: 'deploy/web.yaml', text: 'v2' }] });
    const { files } = await source.scan(live);
    expect(files.map(({ forStack, text }) => [forStack, text])).toEqual([
      ['a', 'v1'],
      ['b', 'v2'],
    ]);
  });

  test('the revision changes with texts, stacks and directories, and is the same for the same', async () => {
    const source = createAppliedSource(createMemoryStore());
    const revision = async () => (await source.scan(live)).revision;
    const revisions = [await revision()];
    await source.put('web', web);
    revisions.push(await revision());
    await source.put('web', { ...web, baseDirectory: '/srv/other' });
    revisions.push(await revision());
    await source.put('two', web);
    revisions.push(await revision());
    expect(new Set(revisions).size).toBe(4);
    await source.remove('two');
    expect(await revision()).toBe(revisions[2]);
  });

  test('a document of another shape is unreadable, and the others count', async () => {
    const store = createMemoryStore();
    const source = createAppliedSource(store);
    await source.put('web', web);
    await store.write('applied', 'odd', { files: 'no' });
    const scan = await source.scan(live);
    expect(scan.files).toHaveLength(1);
    expect(scan.unreadable.map(({ relativePath }) => relativePath)).toEqual(['odd']);
  });

  test('what is too large or leads elsewhere is refused, and nothing is kept of it', async () => {
    const source = createAppliedSource(createMemoryStore());
    const file = { relativePath: 'a.yaml', text: 'x' };
    const bad = [
      { baseDirectory: 'srv', files: [file] },
      { baseDirectory: '/srv', files: [{ relativePath: '/etc/passwd', text: 'x' }] },
      { baseDirectory: '/srv', files: Array.from({ length: 1001 }, () => file) },
      { baseDirectory: '/srv', files: [{ relativePath: 'a.yaml', text: 'x'.repeat(5_000_000) }] },
    ];
    for (const manifests of bad) {
      await expect(source.put('web', manifests)).rejects.toMatchObject({ name: 'Failure', kind: 'invalid' });
    }
    expect((await source.scan(live)).files).toEqual([]);
  });

  test('each change is a signal, also one that comes while the reader is busy; abort ends it', async () => {
    const source = createAppliedSource(createMemoryStore());
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    let beats = 0;
    const ended = (async () => {
      for await (const _ of source.changes(stop.signal)) {
        beats += 1;
        if (beats === 1) await source.put('while-busy', web);
      }
    })();
    await source.put('web', web);
    await eventually('both beats', () => (beats === 2 ? true : undefined));
    await source.remove('web');
    await eventually('the removal', () => (beats === 3 ? true : undefined));
    stop.abort();
    await ended;
  });
});

describe('a disk that refuses what is applied', () => {
  const newer = { ...web, files: [{ relativePath: 'deploy/web.yaml', text: 'v2' }] };
  const textsOf = async (source: AppliedSource) => (await source.scan(live)).files.map(({ text }) => text);

  /** A source on a disk that can refuse to write `web`. */
  async function onDisk() {
    const directory = temporaryDirectory(onTestFinished);
    const inTheWay = join(directory, 'applied/web.json.tmp');
    const source = createAppliedSource(await createFileStore({ directory }));
    return {
      source,
      refuse: () => mkdirSync(inTheWay),
      allow: () => rmSync(inTheWay, { recursive: true, force: true }),
      next: async () => textsOf(createAppliedSource(await createFileStore({ directory }))),
    };
  }

  test.each([
    ['nothing', undefined],
    ['what was applied before', web],
  ])('leaves %s in force; applied again, it is durable', async (_what, before) => {
    const { source, refuse, allow, next } = await onDisk();
    if (before !== undefined) await source.put('web', before);
    const texts = before === undefined ? [] : ['v1'];
    refuse();
    await expect(source.put('web', newer)).rejects.toMatchObject({ name: 'Failure', kind: 'refused' });
    expect(await textsOf(source)).toEqual(texts);
    allow();
    expect(await next()).toEqual(texts);
    await source.put('web', newer);
    expect(await textsOf(source)).toEqual(['v2']);
    expect(await next()).toEqual(['v2']);
  });

  /** A store whose writes end when and as a test wants; they count for readers at once. */
  function slowStore() {
    const kept = new Map<string, unknown>();
    const ends: ((how: 'kept' | 'refused') => void)[] = [];
    const store: AppliedDocuments = {
      read: (_kind, name) => kept.get(name),
      list: () => [...kept.keys()],
      write: (_kind, name, value) => {
        kept.set(name, value);
        return new Promise((resolve, reject) => {
          ends.push((how) => (how === 'kept' ? resolve() : reject(new Failure('refused', 'full'))));
        });
      },
      remove: async (_kind, name) => {
        kept.delete(name);
      },
    };
    const end = async (how: 'kept' | 'refused') => {
      await turn();
      ends.shift()?.(how);
      await turn();
    };
    return { source: createAppliedSource(store), end };
  }

  test('what is being written is in no scan before it is durable', async () => {
    const { source, end } = slowStore();
    const first = source.put('web', web);
    await turn();
    expect(await textsOf(source)).toEqual([]);
    await end('kept');
    await first;
    const second = source.put('web', newer);
    await turn();
    expect(await textsOf(source)).toEqual(['v1']);
    await end('kept');
    await second;
    expect(await textsOf(source)).toEqual(['v2']);
  });

  test('one that is refused undoes nothing that came after it', async () => {
    const { source, end } = slowStore();
    const refused = expect(source.put('web', web)).rejects.toMatchObject({ kind: 'refused' });
    const applied = source.put('web', newer);
    await end('refused');
    await end('kept');
    await Promise.all([refused, applied]);
    expect(await textsOf(source)).toEqual(['v2']);
    const again = expect(source.put('web', web)).rejects.toMatchObject({ kind: 'refused' });
    const removed = source.remove('web');
    await end('refused');
    await end('kept');
    await Promise.all([again, removed]);
    expect(await textsOf(source)).toEqual([]);
  });
});
