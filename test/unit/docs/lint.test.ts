import { describe, expect, it } from 'vitest';
import { DCLINT, HARDENING, renderLintDocs } from '../../../scripts/lint-docs.ts';
import { RULE_HEADS } from '../../../src/lint/rules.ts';
import { readDocument } from './markdown.ts';

const ids = new Set(RULE_HEADS.map(({ id }) => id));

describe('docs/lint.md', () => {
  it('is what scripts/write-lint-docs.ts writes', () => {
    expect(readDocument('docs/lint.md')).toBe(renderLintDocs());
  });

  it('names no rule that does not exist', () => {
    const named = [
      ...HARDENING.flatMap(([, rules]) => rules),
      ...DCLINT.flatMap(([, ours]) => (ours.startsWith('`') ? [ours.split('`')[1] ?? ''] : [])),
    ];
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('has every rule about security in the hardening lists', () => {
    const listed = new Set(HARDENING.flatMap(([, rules]) => rules));
    const missing = RULE_HEADS.filter(({ category, id }) => category === 'security' && !listed.has(id));
    expect(missing.map(({ id }) => id)).toEqual(['dockerfile-remote-add']);
  });
});
