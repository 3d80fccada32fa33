import { describe, expect, it } from 'vitest';
import { REPOSITORY_REASONS } from '../../../src/model/repository.ts';
import { REASONS } from '../../../src/status/reasons.ts';
import { headingsOf, readDocument } from './markdown.ts';

const document = readDocument('docs/conditions.md');

describe('docs/conditions.md', () => {
  it('has a heading for each reason and for nothing else, in the order of reasons.ts', () => {
    const reasons = headingsOf(document).filter(({ level }) => level === 3);
    expect(reasons.map(({ text }) => text)).toEqual([...REASONS]);
  });

  it('has a heading for each reason of a source, in the order of model/repository.ts', () => {
    const reasons = headingsOf(document).filter(({ level }) => level === 4);
    expect(reasons.map(({ text }) => text)).toEqual([...REPOSITORY_REASONS]);
  });

  it.each(REASONS.map((reason) => ({ reason })))('says something about $reason', ({ reason }) => {
    const paragraph = document.split(`### ${reason}\n`)[1]?.split('\n#')[0]?.trim() ?? '';
    expect(paragraph.length).toBeGreaterThan(30);
  });
});
