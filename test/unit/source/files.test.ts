import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Files } from '../../../src/model/files.ts';
import { createFiles, type FilesOptions, withinRoot } from '../../../src/source/files.ts';
import { put, temporaryDirectory, withoutPermission } from './tree.ts';

const directory = () => temporaryDirectory(onTestFinished);
const filesOf = (more: Partial<FilesOptions> = {}) =>
  createFiles({ digestContext: (path, dockerfile) => `${path} ${dockerfile}`, ...more });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const reasonOf = (files: Files, path: string) => {
  const read = files.readText(path);
  return read.ok ? 'ok' : read.reason;
};

describe('files of the host', () => {
  test('a text is read whole, its BOM kept, through links', () => {
    const root = directory();
    put(root, { a: '\uFEFFname: x\n', empty: '' });
    symlinkSync('a', join(root, 'link'));
    const files = filesOf();
    expect(files.readText(join(root, 'link'))).toEqual({ ok: true, text: '\uFEFFname: x\n' });
    expect(files.readText(join(root, 'empty'))).toEqual({ ok: true, text: '' });
    expect(files.digestFile(join(root, 'a'))).toBe(sha256('\uFEFFname: x\n'));
    expect(files.digestFile(join(root, 'empty'))).toBe(sha256(''));
    expect(files.digestContext('/x', 'D')).toBe('/x D');
  });

  test('each kind of what cannot be read has its reason, and no digest', () => {
    const root = directory();
    put(root, { a: 'x', big: '' });
    truncateSync(join(root, 'big'), 100_000_000);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const files = filesOf({ digestBytes: 1000 });
    const reasons = ['none', 'a/below', '.', 'pipe', 'big'].map((name) => [
      name,
      reasonOf(files, join(root, name)),
    ]);
    expect(Object.fromEntries(reasons)).toEqual({
      none: 'missing',
      'a/below': 'missing',
      '.': 'not-a-file',
      pipe: 'not-a-file',
      big: 'too-large',
    });
    for (const name of ['none', '.', 'pipe', 'big'])
      expect(files.digestFile(join(root, name))).toBeUndefined();
    expect(reasonOf(files, '/dev/zero')).toBe('not-a-file');
  });

  test.runIf(process.platform === 'linux')("the daemon's environment cannot be read as a file", () => {
    expect(reasonOf(filesOf(), '/proc/self/environ')).toBe('unstable');
    expect(filesOf().digestFile('/proc/self/environ')).toBeUndefined();
  });

  test('a file without permission is denied', async () => {
    const root = directory();
    put(root, { closed: 'x' });
    const reason = await withoutPermission(join(root, 'closed'), [root], async () =>
      reasonOf(filesOf(), join(root, 'closed')),
    );
    expect(reason).toBe('denied');
  });

  test('kinds', () => {
    const root = directory();
    put(root, { a: 'x' });
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('none', join(root, 'dangling'));
    const kinds = ['a', '.', 'pipe', 'none', 'dangling', 'a/b'].map((name) =>
      filesOf().kind(join(root, name)),
    );
    expect(kinds).toEqual(['file', 'directory', 'other', 'missing', 'missing', 'missing']);
  });

  test('a digest follows the content: appended, replaced, edited in the same second with the same size', () => {
    const root = directory();
    const path = join(root, 'a');
    put(root, { a: 'x' });
    const files = filesOf();
    expect(files.digestFile(path)).toBe(sha256('x'));
    appendFileSync(path, 'y');
    expect(files.digestFile(path)).toBe(sha256('xy'));
    put(root, { b: 'yz' });
    renameSync(join(root, 'b'), path);
    expect(files.digestFile(path)).toBe(sha256('yz'));
    for (let count = 0; count < 50; count += 1) {
      put(root, { a: `${count % 10}z` });
      utimesSync(path, 1, 1);
      expect(files.digestFile(path)).toBe(sha256(`${count % 10}z`));
    }
  });
});

describe('files within a root', () => {
  test('inside is as before; outside, by `..`, by a link or by a name that only begins alike, is outside', () => {
    const base = directory();
    put(base, { 'root/a': 'x', 'root/sub/b': 'y', 'root-2/c': 'z', secret: 's' });
    const root = join(base, 'root');
    symlinkSync('../secret', join(root, 'file-link'));
    symlinkSync('..', join(root, 'directory-link'));
    symlinkSync('sub/b', join(root, 'inner-link'));
    const files = withinRoot(filesOf(), root);
    const at = (path: string) => reasonOf(files, join(root, path));
    expect([at('a'), at('sub/b'), at('inner-link'), at('none'), at('sub/none/x')]).toEqual([
      'ok',
      'ok',
      'ok',
      'missing',
      'missing',
    ]);
    const outside = [
      '../secret',
      'sub/../../secret',
      '../root-2/c',
      'file-link',
      'directory-link/secret',
      'directory-link/none',
    ];
    for (const path of outside) {
      expect([path, at(path)]).toEqual([path, 'outside-root']);
      expect(files.digestFile(join(root, path))).toBeUndefined();
      expect(files.kind(join(root, path))).toBe('missing');
    }
    expect(reasonOf(files, '/etc/passwd')).toBe('outside-root');
    expect(files.digestFile(join(root, 'a'))).toBe(sha256('x'));
    expect(files.kind(join(root, 'sub'))).toBe('directory');
  });

  test('a build context and its Dockerfile must both be inside', () => {
    const base = directory();
    const root = join(base, 'root');
    mkdirSync(join(root, 'app'), { recursive: true });
    const files = withinRoot(filesOf(), root);
    expect(files.digestContext(join(root, 'app'), '../Dockerfile')).toBe(
      `${join(root, 'app')} ../Dockerfile`,
    );
    expect(files.digestContext(join(root, 'app'), '../../Dockerfile')).toBeUndefined();
    expect(files.digestContext(base, undefined)).toBeUndefined();
  });

  test('a root that is itself reached by a link', () => {
    const base = directory();
    put(base, { 'real/a': 'x' });
    symlinkSync('real', join(base, 'link'));
    expect(reasonOf(withinRoot(filesOf(), join(base, 'link')), join(base, 'link/a'))).toBe('ok');
  });
});
