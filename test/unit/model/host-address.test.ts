import { describe, expect, it } from 'vitest';
import { shareHostAddress } from '../../../src/model/host-address.ts';

describe('addresses of the host that a port is published on', () => {
  const both = (one: string, other: string) => [shareHostAddress(one, other), shareHostAddress(other, one)];

  it('share one when they are the same, or one is all of a family or of both', () => {
    const pairs: readonly (readonly [string, string])[] = [
      ['10.0.0.1', '10.0.0.1'],
      ['', '0.0.0.0'],
      ['', '::'],
      ['', '::1'],
      ['0.0.0.0', '127.0.0.1'],
      ['::', '::1'],
    ];
    for (const [one, other] of pairs) expect(both(one, other)).toEqual([true, true]);
  });

  it('share none over families, or when they are two', () => {
    const pairs: readonly (readonly [string, string])[] = [
      ['0.0.0.0', '::'],
      ['0.0.0.0', '::1'],
      ['::', '127.0.0.1'],
      ['10.0.0.1', '10.0.0.2'],
    ];
    for (const [one, other] of pairs) expect(both(one, other)).toEqual([false, false]);
  });
});
