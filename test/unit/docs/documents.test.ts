import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headingsOf, readDocument, tableRows } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../../..');
const markdownIn = (directory: string) =>
  readdirSync(join(ROOT, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(directory, name));
const decisions = markdownIn('docs/decisions');
const documents = [...markdownIn('.'), ...markdownIn('docs'), ...decisions].map((path) => ({ path }));

/** As the places that show Markdown make an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const missing = (path: string): boolean => !existsSync(join(ROOT, path));

describe('the documents', () => {
  it.each(documents)('$path has no link that leads nowhere', ({ path }) => {
    const dead = [...readDocument(path).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#');
        const linked = file === '' ? path : join(dirname(path), file);
        if (missing(linked)) return true;
        return (
          anchor !== undefined &&
          !headingsOf(readDocument(linked)).some(({ text }) => anchorOf(text) === anchor)
        );
      });
    expect(dead).toEqual([]);
  });

  it.each(documents)('$path names no file of this repository that is not there', ({ path }) => {
    const named = [...readDocument(path).matchAll(/`((?:src|test|scripts|docs|manifests)\/[\w./-]+)`/g)];
    expect(named.map(([, file = '']) => file).filter(missing)).toEqual([]);
  });

  it.each(documents)('$path names no npm script that is not there', ({ path }) => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> };
    const named = [...readDocument(path).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(
      ([, script = '']) => script,
    );
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  it('tell of each test folder that has tests, and of no other', () => {
    const listed = tableRows(readDocument('CONTRIBUTING.md')).flatMap(
      ([cell]) => /^`test\/([\w-]+)\/`$/.exec(cell ?? '')?.[1] ?? [],
    );
    const folders = readdirSync(join(ROOT, 'test')).filter((name) =>
      readdirSync(join(ROOT, 'test', name), { recursive: true }).some((file) =>
        String(file).endsWith('.test.ts'),
      ),
    );
    expect(listed.sort()).toEqual(folders.sort());
  });

  it.each(decisions.map((path) => ({ path })))(
    '$path has a context, a decision and consequences',
    ({ path }) => {
      const headings = headingsOf(readDocument(path));
      expect(headings.map(({ text }) => text).slice(1)).toEqual(['Context', 'Decision', 'Consequences']);
      expect(headings[0]?.text).toMatch(new RegExp(`^${Number(/(\d{4})-/.exec(path)?.[1])}\\. `));
    },
  );
});
