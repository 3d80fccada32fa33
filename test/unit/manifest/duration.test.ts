import { describe, expect, it } from 'vitest';
import { parseDurationMs } from '../../../src/manifest/schema/duration.ts';

describe('durations of a manifest', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['1m500ms', 60_500],
    ['0s', 0],
  ])('reads %s', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it.each([
    [''],
    ['30'],
    ['30 s'],
    ['-5m'],
    ['5min'],
    ['1d'],
    ['s'],
    ['1..5s'],
    ['9000h'],
    [`${'1'.repeat(99)}s`],
  ])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('reads a hostile text in no time', () => {
    expect(parseDurationMs(`${'1m'.repeat(100_000)}x`)).toBeUndefined();
  });
});
