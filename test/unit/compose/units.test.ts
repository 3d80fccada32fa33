import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseBytes, parseDurationNs } from '../../../src/compose/units.ts';

describe('durations', () => {
  it.each([
    ['10s', '10s'],
    ['1m30s', '1m30s'],
    ['90s', '1m30s'],
    ['1d2h', '26h0m0s'],
    ['1w', '168h0m0s'],
    ['1.5s', '1.5s'],
    ['1500us', '1.5ms'],
    ['7ns', '7ns'],
    ['6us', '6µs'],
    ['0', '0s'],
    ['0s', '0s'],
    ['-3s', '-3s'],
    ['1h0m0.001s', '1h0m0.001s'],
  ])('%s is %s', (text, printed) => {
    expect(formatDuration(parseDurationNs(text) ?? Number.NaN)).toBe(printed);
  });

  it.each(['', '10', 's', '1x', '1 s', '1s ', '1.s.', '--1s', '1e3s', '999999999w'])('%j is none', (text) => {
    expect(parseDurationNs(text)).toBeUndefined();
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), (durationNs) => {
        expect(parseDurationNs(formatDuration(durationNs))).toBe(durationNs);
      }),
    );
  });
});

describe('sizes', () => {
  it.each([
    ['64', 64],
    ['64b', 64],
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['64 kb', 65_536],
    ['1.5g', 1_610_612_736],
    ['1t', 1_099_511_627_776],
    ['-1', -1],
    ['.5k', 512],
  ])('%s is %d bytes', (text, size) => {
    expect(parseBytes(text)).toBe(size);
  });

  it.each(['', '64x', '-2k', 'k', '1kbb', '1ib', '1 k b', '0x10'])('%j is none', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});
