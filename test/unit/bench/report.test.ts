import { expect, test } from 'vitest';
import { brokenBounds, type CaseResult, renderResults } from '../../../bench/report.ts';
import { quantile, ratioOf, summarise } from '../../../bench/statistics.ts';

test('medians and quartiles lie between neighbours', () => {
  expect(summarise([4, 1, 3, 2])).toMatchObject({ median: 2.5, quartiles: [1.75, 3.25] });
  expect(quantile([7], 0.25)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test('sides are compared by pairs, so that a slow moment meets both', () => {
  expect(ratioOf([10, 100, 30], [10, 50, 30]).median).toBe(1);
});

const RESULT: CaseResult = {
  name: 'apply',
  unit: 'ms',
  bounds: [
    { against: 'raw', atMost: 1.1, plus: 50 },
    { against: 'compose', atMost: 1 },
    { against: undefined, atMost: 100 },
  ],
  sides: [
    { name: 'stackctl', values: [160, 160, 160] },
    { name: 'raw', values: [100, 100, 100] },
  ],
};

test('a bound is on the ratio, after what is granted on top; of a side that is not here nothing is judged', () => {
  expect(brokenBounds([RESULT])).toEqual(['apply: 160 ms, at most 100 ms']);
  const slower = { ...RESULT, bounds: [{ against: 'raw', atMost: 1.05, plus: 50 }] };
  expect(brokenBounds([slower])).toEqual([
    'apply: 1.60 times (1.60 - 1.60) of raw, at most 1.05 times + 50 ms',
  ]);
});

test('the table has a line for each side', () => {
  expect(renderResults([RESULT])).toMatchInlineSnapshot(`
    "CASE    SIDE       MEDIAN   QUARTILES   STACKCTL IS                AT MOST             KEPT
    apply   stackctl   160 ms   160 - 160                              100 ms              NO
            raw        100 ms   100 - 100   1.60 times (1.60 - 1.60)   1.1 times + 50 ms   yes
    "
  `);
});
