import { describe, expect, onTestFinished, test } from 'vitest';
import { createAppliedSource } from '../../../src/source/applied.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { eventually } from '../../support/eventually.ts';

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
