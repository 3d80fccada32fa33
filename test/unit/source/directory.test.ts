import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { createDirectorySource, type DirectorySourceOptions } from '../../../src/source/directory.ts';
import type { Source, SourceScan } from '../../../src/source/source.ts';
import { eventually } from '../../support/eventually.ts';
import { put, temporaryDirectory, withoutPermission } from './tree.ts';

const QUICK = { debounceMs: 20, maxDelayMs: 200, pollMs: 25, repinMs: 0 };
const live = new AbortController().signal;
const directory = () => temporaryDirectory(onTestFinished);
const sourceOf = (root: string, more: Partial<DirectorySourceOptions> = {}) =>
  createDirectorySource({ root, ...QUICK, ...more });
const scanOf = (root: string, more: Partial<DirectorySourceOptions> = {}) => sourceOf(root, more).scan(live);
const paths = (scan: SourceScan) => scan.files.map((file) => file.relativePath);
const trouble = (scan: SourceScan) =>
  Object.fromEntries(scan.unreadable.map((file) => [file.relativePath, file.reason]));

describe('what a scan reads', () => {
  test('manifests by their extension, sorted, with absolute and relative paths', async () => {
    const root = directory();
    put(root, {
      'web/compose.yaml': 'a: 1\n',
      'b.yml': 'b: 1\n',
      'c.json': '{}',
      'notes.txt': 'x',
      'web/data.conf': 'x',
    });
    const scan = await scanOf(root);
    expect(scan).toMatchObject({ trusted: true, reason: undefined, unreadable: [] });
    expect(paths(scan)).toEqual(['b.yml', 'c.json', 'web/compose.yaml']);
    expect(scan.files[2]).toEqual({
      path: join(root, 'web/compose.yaml'),
      relativePath: 'web/compose.yaml',
      text: 'a: 1\n',
    });
  });

  test('nothing below .git, node_modules or other hidden directories, and no hidden files', async () => {
    const root = directory();
    put(root, {
      '.git/a.yaml': 'x',
      'node_modules/p/package.json': '{}',
      '.venv/a.yaml': 'x',
      '.ci.yml': 'x',
      'a.yaml': 'x',
    });
    expect(paths(await scanOf(root))).toEqual(['a.yaml']);
  });

  test('nothing that .stackctlignore names, with negation and directories', async () => {
    const root = directory();
    put(root, {
      '.stackctlignore': '# data\n/data/\n*.json\n!keep.json\n',
      'data/a.yaml': 'x',
      'web/data/a.yaml': 'x',
      'drop.json': '{}',
      'keep.json': '{}',
    });
    expect(paths(await scanOf(root))).toEqual(['keep.json', 'web/data/a.yaml']);
  });

  test('an ignore file that cannot be read takes nothing and is not trusted', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x' });
    mkdirSync(join(root, '.stackctlignore'));
    expect(await scanOf(root)).toMatchObject({
      trusted: false,
      reason: '.stackctlignore is not a regular file',
      files: [],
    });
  });

  test('the revision names paths and texts, and only them', async () => {
    const one = directory();
    const other = directory();
    put(one, { 'a.yaml': 'x', 'note.txt': '1' });
    put(other, { 'a.yaml': 'x', 'note.txt': '2' });
    const revision = (await scanOf(one)).revision;
    expect(revision).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await scanOf(other)).revision).toBe(revision);
    renameSync(join(other, 'a.yaml'), join(other, 'b.yaml'));
    expect((await scanOf(other)).revision).not.toBe(revision);
    put(one, { 'a.yaml': 'y' });
    expect((await scanOf(one)).revision).not.toBe(revision);
  });

  test('a root that is a link, with paths below the link', async () => {
    const base = directory();
    put(base, { 'release-1/a.yaml': 'x' });
    symlinkSync('release-1', join(base, 'current'));
    const scan = await scanOf(join(base, 'current'));
    expect(scan.trusted).toBe(true);
    expect(scan.files.map((file) => file.path)).toEqual([join(base, 'current/a.yaml')]);
  });

  test('a mounted ConfigMap: links through hidden directories that stay inside', async () => {
    const root = directory();
    put(root, { '..2024/a.yaml': 'x' });
    symlinkSync('..2024', join(root, '..data'));
    symlinkSync('..data/a.yaml', join(root, 'a.yaml'));
    const scan = await scanOf(root);
    expect(scan.files.map((file) => [file.relativePath, file.text])).toEqual([['a.yaml', 'x']]);
  });

  test('an aborted scan is a superseded failure', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x' });
    const given = sourceOf(root).scan(AbortSignal.abort());
    await expect(given).rejects.toBeInstanceOf(Failure);
    await expect(given).rejects.toMatchObject({ kind: 'superseded' });
  });
});

describe('files that a scan does not read', () => {
  test('links out of the root, to nothing, to themselves; links to directories are not entered', async () => {
    const base = directory();
    put(base, {
      'secret.yaml': 'password',
      'root/ok.yaml': 'x',
      'root/sub/b.yaml': 'x',
      'outside/c.yaml': 'x',
    });
    const root = join(base, 'root');
    symlinkSync('../secret.yaml', join(root, 'out.yaml'));
    symlinkSync('nowhere', join(root, 'dangling.yaml'));
    symlinkSync('self.yaml', join(root, 'self.yaml'));
    symlinkSync('../outside', join(root, 'outside'));
    symlinkSync('.', join(root, 'loop'));
    const scan = await scanOf(root);
    expect(paths(scan)).toEqual(['ok.yaml', 'sub/b.yaml']);
    expect(trouble(scan)).toEqual({
      'out.yaml': 'leads outside the source by a symbolic link',
      'dangling.yaml': 'is a symbolic link that leads nowhere',
      'self.yaml': 'is a symbolic link that leads nowhere',
    });
    expect(scan.trusted).toBe(true);
  });

  test('a FIFO and a device behind a link do not hang and are not opened', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x' });
    execFileSync('mkfifo', [join(root, 'pipe.yaml')]);
    symlinkSync('pipe.yaml', join(root, 'link.yaml'));
    symlinkSync('/dev/zero', join(root, 'zero.yaml'));
    const scan = await scanOf(root);
    expect(paths(scan)).toEqual(['a.yaml']);
    expect(trouble(scan)).toEqual({
      'pipe.yaml': 'is not a regular file',
      'link.yaml': 'is not a regular file',
      'zero.yaml': 'leads outside the source by a symbolic link',
    });
  });

  test('a 100 MB file is too large, and is not read', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x', 'big.yaml': '' });
    truncateSync(join(root, 'big.yaml'), 100_000_000);
    const before = process.memoryUsage().arrayBuffers;
    const scan = await scanOf(root);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    expect(paths(scan)).toEqual(['a.yaml']);
    expect(trouble(scan)).toEqual({ 'big.yaml': 'is too large (100000000 bytes; at most 1048576)' });
  });

  test('what a crash leaves: empty, blank, NUL-filled, not UTF-8', async () => {
    const root = directory();
    put(root, { 'empty.yaml': '', 'blank.yaml': ' \n\t\r\n', 'torn.yaml': 'kind: Stack\n\0\0\0' });
    writeFileSync(join(root, 'latin.yaml'), Buffer.from([0x61, 0xe9, 0x0a]));
    const scan = await scanOf(root);
    expect(paths(scan)).toEqual([]);
    expect(Object.keys(trouble(scan))).toEqual(['blank.yaml', 'empty.yaml', 'latin.yaml', 'torn.yaml']);
    expect(scan.trusted).toBe(true);
  });

  test('a file that is still being written is unreadable in this scan, the others are read', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x', 'busy.yaml': 'x' });
    const writer = setInterval(() => appendFileSync(join(root, 'busy.yaml'), 'x'), 1);
    onTestFinished(() => clearInterval(writer));
    const source = sourceOf(root, { debounceMs: 60 });
    const scan = await source.scan(live);
    expect(paths(scan)).toEqual(['a.yaml']);
    expect(trouble(scan)).toEqual({ 'busy.yaml': 'is still being written' });
    clearInterval(writer);
    expect(paths(await source.scan(live))).toEqual(['a.yaml', 'busy.yaml']);
  });

  test('a file without permission', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x', 'closed.yaml': 'x' });
    const scan = await withoutPermission(join(root, 'closed.yaml'), [root], () => scanOf(root));
    expect(paths(scan)).toEqual(['a.yaml']);
    expect(trouble(scan)).toEqual({ 'closed.yaml': 'may not be read (permission denied)' });
  });
});

describe('when absences say nothing', () => {
  test('the root is missing, or is a file', async () => {
    const base = directory();
    put(base, { file: 'x' });
    expect(await scanOf(join(base, 'none'))).toMatchObject({
      trusted: false,
      reason: 'the directory does not exist',
    });
    expect(await scanOf(join(base, 'file'))).toMatchObject({
      trusted: false,
      reason: 'the path is not a directory',
    });
    expect(await scanOf(join(base, 'file/below'))).toMatchObject({ trusted: false, files: [] });
  });

  test('a directory below may not be read; what can be read counts', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x', 'closed/b.yaml': 'x' });
    const scan = await withoutPermission(join(root, 'closed'), [root], () => scanOf(root));
    expect(scan).toMatchObject({ trusted: false, reason: 'closed cannot be read (EACCES)' });
    expect(paths(scan)).toEqual(['a.yaml']);
  });

  test('it became empty; it stays so until there is a manifest again', async () => {
    const root = directory();
    const source = sourceOf(root);
    expect((await source.scan(live)).trusted).toBe(true);
    put(root, { 'a.yaml': 'x' });
    expect((await source.scan(live)).trusted).toBe(true);
    rmSync(join(root, 'a.yaml'));
    const suspect = { trusted: false, reason: 'the directory has no manifests any more' };
    expect(await source.scan(live)).toMatchObject(suspect);
    expect(await source.scan(live)).toMatchObject(suspect);
    put(root, { 'b.yaml': 'x' });
    expect((await source.scan(live)).trusted).toBe(true);
  });

  test('another directory stands there: its files count at once, its absences when a later scan agrees', async () => {
    const base = directory();
    const root = join(base, 'd');
    put(root, { 'a.yaml': 'x', 'b.yaml': 'x' });
    const source = sourceOf(root);
    expect((await source.scan(live)).trusted).toBe(true);
    renameSync(root, join(base, 'old'));
    put(root, { 'c.yaml': 'x' });
    const first = await source.scan(live);
    expect(first).toMatchObject({
      trusted: false,
      reason: 'another directory stands where the known one was',
    });
    expect(paths(first)).toEqual(['c.yaml']);
    expect((await source.scan(live)).trusted).toBe(true);
  });

  test('an empty directory never becomes the known one, and the known one may come back', async () => {
    const base = directory();
    const root = join(base, 'd');
    put(root, { 'a.yaml': 'x' });
    const source = sourceOf(root);
    await source.scan(live);
    renameSync(root, join(base, 'unmounted'));
    mkdirSync(root);
    for (let scans = 0; scans < 4; scans += 1) expect((await source.scan(live)).trusted).toBe(false);
    rmSync(root, { recursive: true });
    renameSync(join(base, 'unmounted'), root);
    expect((await source.scan(live)).trusted).toBe(true);
  });

  test('another directory must stay for a while, and each other one starts anew', async () => {
    const base = directory();
    const root = join(base, 'd');
    put(root, { 'a.yaml': 'x' });
    const source = sourceOf(root, { repinMs: 3_600_000 });
    await source.scan(live);
    renameSync(root, join(base, 'old'));
    put(root, { 'c.yaml': 'x' });
    for (let scans = 0; scans < 4; scans += 1) expect((await source.scan(live)).trusted).toBe(false);
  });

  test('bounds: files, entries, depth, bytes', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x', 'b.yaml': 'y', 'c/d/e.yaml': 'z' });
    const limited = async (limits: DirectorySourceOptions['limits']) =>
      scanOf(root, limits ? { limits } : {});
    expect(await limited({ manifests: 2 })).toMatchObject({
      trusted: false,
      reason: 'there are more than 2 files that may be manifests',
    });
    expect(await limited({ entries: 2 })).toMatchObject({
      trusted: false,
      reason: 'there are more than 2 entries',
    });
    expect(await limited({ depth: 1 })).toMatchObject({
      trusted: false,
      reason: 'c/d is nested deeper than 1 directories',
    });
    const full = await limited({ totalBytes: 2 });
    expect(full.trusted).toBe(false);
    expect(paths(full)).toEqual(['a.yaml', 'b.yaml']);
    expect(Object.keys(trouble(full))).toEqual(['c/d/e.yaml']);
    expect((await limited(undefined)).trusted).toBe(true);
  });
});

describe('the signal of changes', () => {
  /** Scans first, so that only what comes afterwards is a change, and counts the beats. */
  async function watched(root: string, more: Partial<DirectorySourceOptions> = {}) {
    const source = sourceOf(root, more);
    await source.scan(live);
    return { source, ...listen(source) };
  }

  function listen(source: Source) {
    const stop = new AbortController();
    let beats = 0;
    const ended = (async () => {
      for await (const _ of source.changes(stop.signal)) beats += 1;
    })();
    onTestFinished(async () => {
      stop.abort();
      await ended;
    });
    /** Makes a change and waits until it was noticed and all its beats have come. */
    const noticed = async (change: () => void) => {
      const before = beats;
      change();
      await eventually('the change is noticed', () => (beats > before ? true : undefined));
      await eventually('the signal is at rest', settled());
    };
    const settled = () => {
      let seen = beats;
      let sinceMs = performance.now();
      return () => {
        if (seen !== beats) {
          seen = beats;
          sinceMs = performance.now();
        }
        return performance.now() - sinceMs > 150 ? true : undefined;
      };
    };
    return { noticed, beats: () => beats, stop, ended };
  }

  test('comes at once when nothing was ever read', async () => {
    const { beats } = listen(sourceOf(directory()));
    await eventually('the first beat', () => (beats() > 0 ? true : undefined));
  });

  test('for an edit, a new file, an atomic replacement and one after it, a data file, a new directory, a removal', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x', 'web/b.yaml': 'x', 'web/nginx.conf': '1', '.env': 'A=1' });
    // Events alone: the next poll would come after the end of the test.
    const { noticed, source } = await watched(root, { pollMs: 600_000 });
    await noticed(() => put(root, { 'a.yaml': 'y' }));
    await noticed(() => put(root, { 'new.yaml': 'x' }));
    await noticed(() => {
      put(root, { 'a.tmp': 'z' });
      renameSync(join(root, 'a.tmp'), join(root, 'a.yaml'));
    });
    await noticed(() => appendFileSync(join(root, 'a.yaml'), 'z'));
    await noticed(() => put(root, { 'web/nginx.conf': '2' }));
    await noticed(() => put(root, { '.env': 'A=2' }));
    await noticed(() => put(root, { 'deep/er/c.yaml': 'x' }));
    await noticed(() => put(root, { 'deep/er/c.yaml': 'y' }));
    await noticed(() => rmSync(join(root, 'web'), { recursive: true }));
    expect(paths(await source.scan(live))).toEqual(['a.yaml', 'deep/er/c.yaml', 'new.yaml']);
  });

  test('when the directory is replaced, and for files of the new one', async () => {
    const base = directory();
    const root = join(base, 'd');
    put(root, { 'a.yaml': 'x' });
    const { noticed } = await watched(root);
    await noticed(() => {
      renameSync(root, join(base, 'old'));
      mkdirSync(root);
    });
    await noticed(() => put(root, { 'b.yaml': 'x' }));
    await noticed(() => put(root, { 'b.yaml': 'y' }));
  });

  test('when the root appears, goes away and comes back', async () => {
    const root = join(directory(), 'd');
    const { noticed } = await watched(root);
    await noticed(() => put(root, { 'a.yaml': 'x' }));
    await noticed(() => rmSync(root, { recursive: true }));
    await noticed(() => put(root, { 'a.yaml': 'x' }));
  });

  test('when a linked root is pointed elsewhere', async () => {
    const base = directory();
    put(base, { '1/a.yaml': 'x', '2/a.yaml': 'y' });
    const root = join(base, 'current');
    symlinkSync('1', root);
    const { noticed, source } = await watched(root);
    await noticed(() => {
      symlinkSync('2', join(base, 'next'));
      renameSync(join(base, 'next'), root);
    });
    expect((await source.scan(live)).files.map((file) => file.text)).toEqual(['y']);
  });

  test('not for what is left out, and not without a change', async () => {
    const root = directory();
    put(root, {
      '.stackctlignore': 'logs/\n*.log\n',
      'logs/a.txt': '1',
      'b.log': '1',
      '.git/HEAD': '1',
      'a.yaml': 'x',
    });
    const { noticed, beats } = await watched(root);
    await noticed(() => put(root, { 'a.yaml': 'y' }));
    const before = beats();
    put(root, { 'logs/a.txt': '2', 'logs/b.txt': '2', 'b.log': '2', '.git/HEAD': '2' });
    await noticed(() => put(root, { 'a.yaml': 'z' }));
    expect(beats() - before).toBeLessThanOrEqual(2);
  });

  test('a burst is few beats, and one that does not end is not waited for', async () => {
    const root = directory();
    put(root, { 'a.yaml': 'x' });
    const { noticed, beats } = await watched(root, { debounceMs: 100, maxDelayMs: 300 });
    await noticed(() => {
      for (let count = 0; count < 200; count += 1) put(root, { [`f${count}.txt`]: 'x' });
    });
    expect(beats()).toBeLessThanOrEqual(3);
    const writer = setInterval(() => appendFileSync(join(root, 'a.yaml'), 'x'), 5);
    onTestFinished(() => clearInterval(writer));
    const before = beats();
    await eventually('a beat while it is written', () => (beats() > before ? true : undefined));
  });

  test('ends when its reader leaves, and when it is aborted before it began', async () => {
    const root = directory();
    for await (const _ of sourceOf(root).changes(live)) break;
    for await (const _ of sourceOf(root).changes(AbortSignal.abort()))
      throw new Error('no beat was expected');
    const { stop, ended } = await watched(root);
    stop.abort();
    await ended;
  });
});
