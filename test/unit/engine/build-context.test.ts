import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contextEntries, digestContext } from '../../../src/engine/build-context.ts';

function directoryOf(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-context-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

const paths = (directory: string, dockerfile?: string) =>
  contextEntries(directory, dockerfile).map((entry) => entry.path);

test('a context holds what its ignore file leaves in, and always the Dockerfile and the ignore file', () => {
  const directory = directoryOf({
    Dockerfile: '',
    '.dockerignore': '*\n!src\nsrc/**/*.tmp\n',
    'src/a.ts': '',
    'src/b.tmp': '',
    'other/c': '',
  });
  expect(paths(directory)).toEqual(['.dockerignore', 'Dockerfile', 'src', 'src/a.ts']);
});

test('the ignore file of the Dockerfile goes before the common one', () => {
  const directory = directoryOf({
    'web.Dockerfile': '',
    '.dockerignore': 'a',
    'web.Dockerfile.dockerignore': 'b',
    a: '',
    b: '',
  });
  expect(paths(directory, 'web.Dockerfile')).toEqual([
    '.dockerignore',
    'a',
    'web.Dockerfile',
    'web.Dockerfile.dockerignore',
  ]);
  expect(paths(directory, './Dockerfile')).toEqual([
    '.dockerignore',
    'b',
    'web.Dockerfile',
    'web.Dockerfile.dockerignore',
  ]);
});

test('the digest changes with content, name, mode and link, and with nothing else', () => {
  const directory = directoryOf({
    Dockerfile: 'FROM x',
    'a/file': '1',
    '.dockerignore': 'ignored',
    ignored: '1',
  });
  symlinkSync('a', join(directory, 'link'));
  const digest = () => digestContext(directory, undefined);
  const first = digest();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  writeFileSync(join(directory, 'ignored'), '2');
  utimesSync(join(directory, 'a/file'), 1, 1);
  expect(digest()).toBe(first);

  const seen = new Set([first]);
  for (const change of [
    () => writeFileSync(join(directory, 'a/file'), '2'),
    () => chmodSync(join(directory, 'a/file'), 0o755),
    () => writeFileSync(join(directory, 'a/new'), ''),
    () => {
      rmSync(join(directory, 'link'));
      symlinkSync('Dockerfile', join(directory, 'link'));
    },
  ]) {
    change();
    seen.add(digest());
  }
  expect(seen.size).toBe(5);
});

test('a Dockerfile outside of the context counts', () => {
  const directory = directoryOf({ 'outer.Dockerfile': 'FROM x', 'app/file': '1' });
  const digest = () => digestContext(join(directory, 'app'), '../outer.Dockerfile');
  const first = digest();
  writeFileSync(join(directory, 'outer.Dockerfile'), 'FROM y');
  expect(digest()).not.toBe(first);
});

test('a context that cannot be read has no digest', () => {
  expect(digestContext('/nonexistent/context', undefined)).toBeUndefined();
  expect(digestContext(directoryOf({ a: '' }), '../missing.Dockerfile')).toBeUndefined();
});
