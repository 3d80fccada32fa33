import type { ProbeResult } from '../model/probe.ts';
import type { Results, Source } from './probe-list.ts';
import { differ } from './report.ts';
import type { VerifyPlan } from './survey.ts';

/**
 * What is to be asked once more, by source: the probes without an answer, by index. On a busy machine an answer may come
 * too late, and nobody is accused because of that: silence against what is declared or shown has to happen twice.
 */
export function inDoubt({ cells }: VerifyPlan, results: Results): ReadonlyMap<Source, readonly number[]> {
  const sources = new Set(
    cells
      .filter(({ judge, declared, observed }) => {
        const { finding } = judge(results);
        return finding === 'no' && differ(declared, observed, finding);
      })
      .map(({ source }) => source),
  );
  const silent = [...sources].map((source) => {
    const indexes = (results.get(source) ?? []).flatMap(({ outcome }, index) =>
      outcome === 'timeout' ? [index] : [],
    );
    return [source, indexes] as const;
  });
  return new Map(silent.filter(([, indexes]) => indexes.length > 0));
}

/** The results with those of the second time in their places. */
export function askedAgain(
  first: readonly ProbeResult[],
  indexes: readonly number[],
  second: readonly ProbeResult[],
): readonly ProbeResult[] {
  const places = new Map(indexes.map((index, nth) => [index, second[nth]]));
  return first.map((result, index) => places.get(index) ?? result);
}
