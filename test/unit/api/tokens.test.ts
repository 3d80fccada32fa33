import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/api/pace.ts';
import { parseTokens } from '../../../src/api/tokens.ts';

const READER = 'r'.repeat(40);
const WRITER = 'w'.repeat(40);

describe('a file of tokens', () => {
  test('each line says what its bearer may do, in clear or as a digest', () => {
    const digest = createHash('sha256').update(WRITER).digest('hex');
    const { accessOf, problems } = parseTokens(
      't',
      `# ours\n\nread-only ${READER}\nread-write  sha256:${digest}\n`,
    );
    expect(problems).toEqual([]);
    expect(accessOf(READER)).toBe('read-only');
    expect(accessOf(WRITER)).toBe('read-write');
    expect(accessOf(`sha256:${digest}`)).toBeUndefined();
    for (const wrong of ['', READER.slice(1), `${READER}r`, 'read-only'])
      expect(accessOf(wrong)).toBeUndefined();
  });

  test.each([
    ['', 1, 'there is no token'],
    ['# nothing\n', 1, 'there is no token'],
    [`read-only ${READER}\nadmin ${WRITER}`, 2, 'expected `read-only TOKEN`'],
    [WRITER, 1, 'expected `read-only TOKEN`'],
    ['read-write short', 1, 'shorter than 32 characters'],
    [`read-write ${WRITER} more`, 1, 'expected `read-only TOKEN`'],
    [`read-only ${READER}\n`.repeat(101), 1, 'more than 100'],
  ])('%j is refused, and the message shows no token', (text, line, message) => {
    const { problems } = parseTokens('tokens', text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.at).toMatchObject({ file: 'tokens', line });
    expect(problems[0]?.message).toContain(message);
    expect(JSON.stringify(problems)).not.toContain('www');
    expect(JSON.stringify(problems)).not.toContain('short"');
  });
});

describe('the pace of callers', () => {
  test('a burst, then so many a second; one who calls too often holds up nobody else', () => {
    let nowMs = 0;
    const pace = new Pace({ burst: 3, perSecond: 2 }, () => nowMs);
    expect([1, 2, 3, 4].map(() => pace.take('a'))).toEqual([true, true, true, false]);
    expect(pace.take('b')).toBe(true);
    nowMs = 1000;
    expect([1, 2, 3].map(() => pace.take('a'))).toEqual([true, true, false]);
  });

  test('knows a bounded number of callers', () => {
    const pace = new Pace({ burst: 1, perSecond: 0 }, () => 0);
    expect(pace.take('first')).toBe(true);
    expect(pace.take('first')).toBe(false);
    for (let index = 0; index < 1000; index += 1) pace.take(`other ${index}`);
    expect(pace.take('first')).toBe(true);
  });
});
