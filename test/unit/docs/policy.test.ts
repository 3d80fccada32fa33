import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../src/policy/configuration.ts';
import { RULES } from '../../../src/policy/rules.ts';
import { blocksOf, readDocument, tableRows } from './markdown.ts';

const text = readDocument('docs/policy.md');

describe('docs/policy.md', () => {
  it('has a line for each rule with its level, in order', () => {
    const listed = tableRows(text)
      .filter((cells) => cells.length === 5)
      .flatMap(([id = '', level]) => (/^`[a-z-]+`$/.test(id) ? [`${id.replaceAll('`', '')} ${level}`] : []));
    expect(listed).toEqual(RULES.map(({ id, level }) => `${id} ${level}`));
  });

  it('shows a configuration that can be used', () => {
    const [example] = blocksOf(text).filter(({ language }) => language === 'yaml');
    expect(parsePolicy('policy.yaml', example?.text ?? '')).toMatchObject({
      problems: [],
      policy: { defaults: { enforce: 'baseline' }, exemptStacks: ['monitoring'] },
    });
  });
});
