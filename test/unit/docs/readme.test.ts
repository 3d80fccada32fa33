import { describe, expect, it } from 'vitest';
import { settingsDocuments } from '../../../scripts/settings-docs.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { blocksOf, readDocument, tableRows } from './markdown.ts';
import { runnable } from './shell-script.ts';

const readme = readDocument('README.md');

describe('README.md', () => {
  it('marks a block of commands as not run only where CI runs it itself or it changes the whole machine', () => {
    const all = blocksOf(readme).filter(({ language }) => language === 'sh');
    const skipped = all.filter((block) => !runnable([block]).includes(block));
    expect(skipped.map(({ text }) => text.trim().split(/\s+#/)[0])).toEqual([
      'npm start',
      'npm run build && npm install --global .',
    ]);
    expect(runnable(all).length).toBe(all.length - 2);
  });

  it('has no block of another kind that a test would pass over', () => {
    expect(new Set(blocksOf(readme).map(({ language }) => language))).toEqual(new Set(['sh', 'yaml']));
  });

  it('lists every command with its summary, in the order of --help', () => {
    const rows = tableRows(readme).filter(([command]) => /^`stackctl \w+`$/.test(command ?? ''));
    expect(rows).toEqual(
      COMMANDS.map(({ name, summary }) => [`\`stackctl ${name}\``, summary.replaceAll('|', '\\|')]),
    );
  });

  it.each(settingsDocuments())('$path has the settings of stackctld as they are', ({ path, text }) => {
    expect(readDocument(path), 'npx tsx scripts/write-settings.ts writes it').toBe(text);
  });

  it('shows the two commands, and a manifest of at most twelve lines, on its first screen', () => {
    const [commands, manifest] = blocksOf(readme).filter(({ line }) => line < 30);
    expect(commands?.text).toMatch(/^npm start .*\nnpm test /);
    expect(manifest?.text.trim().split('\n').length).toBeLessThanOrEqual(12);
  });
});
