import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../../../src/source/files.ts';
import { isIgnoredByGit } from '../../../src/source/git-ignored.ts';

const files = createFiles({ digestContext: () => undefined });
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stackctl-git-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const isIgnored = (path: string) => isIgnoredByGit(join(root, path), files);

describe('whether Git leaves a file out', () => {
  it('is said by the .gitignore files from beside it up to the root of the work tree', () => {
    write('.gitignore', 'everything\n');
    write('repo/.git/HEAD');
    write('repo/.gitignore', '.env\nstacks/*/secrets/\n!stacks/open/.env\n');
    write('repo/stacks/shop/.gitignore', '*.key\n');
    expect(isIgnored('repo/stacks/shop/.env')).toBe(true);
    expect(isIgnored('repo/stacks/shop/secrets/password')).toBe(true);
    expect(isIgnored('repo/stacks/shop/tls.key')).toBe(true);
    expect(isIgnored('repo/stacks/open/.env')).toBe(false);
    expect(isIgnored('repo/stacks/shop/everything')).toBe(false);
  });

  it('is said by the one further down where two differ', () => {
    write('repo/.git/HEAD');
    write('repo/.gitignore', '.env\n');
    write('repo/demo/.gitignore', '!.env\n');
    expect([isIgnored('repo/demo/.env'), isIgnored('repo/other/.env')]).toEqual([false, true]);
  });

  it('is said by the one beside it where there is no work tree', () => {
    write('.gitignore', 'above\n');
    write('shop/.gitignore', '.env\n');
    expect([isIgnored('shop/.env'), isIgnored('shop/above'), isIgnored('bare/.env')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is not said by one that is too long to be looked at', () => {
    write('shop/.gitignore', `.env\n${'a\n'.repeat(2000)}`);
    expect(isIgnored('shop/.env')).toBe(false);
  });
});
