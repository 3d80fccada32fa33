import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { realPath } from '../../../src/source/real-path.ts';

function tree(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'stackctl-real-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'deep/er'), { recursive: true });
  return root;
}

it('follows links as far as the path exists, and keeps the rest', () => {
  const root = tree();
  symlinkSync('deep', join(root, 'link'));
  expect(realPath(join(root, 'link/er'))).toBe(join(root, 'deep/er'));
  expect(realPath(join(root, 'link/new/dir'))).toBe(join(root, 'deep/new/dir'));
  expect(realPath(join(root, 'link/er/../../link'))).toBe(join(root, 'deep'));
  expect(realPath('/')).toBe('/');
});

it('takes a link that leads nowhere yet for where it leads', () => {
  const root = tree();
  symlinkSync('/not/there', join(root, 'out'));
  symlinkSync('out/deeper', join(root, 'again'));
  expect(realPath(join(root, 'out/x'))).toBe('/not/there/x');
  expect(realPath(join(root, 'again'))).toBe('/not/there/deeper');
});

it('does not know where links in a circle lead', () => {
  const root = tree();
  symlinkSync('two', join(root, 'one'));
  symlinkSync('one', join(root, 'two'));
  expect(realPath(join(root, 'one/x'))).toBeUndefined();
});
