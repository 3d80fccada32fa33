/** What was measured of one side of a case, in ms unless the case says otherwise. */
export interface Summary {
  readonly median: number;
  /** Half of the values lie between these two. */
  readonly quartiles: readonly [number, number];
  readonly values: readonly number[];
}

export function summarise(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
    values,
  };
}

/**
 * How many times one side is the other: by pairs that were measured one after the other, so that what the machine
 * does beside meets both.
 */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Summary {
  const pairs = ours.slice(0, theirs.length).map((value, round) => value / (theirs[round] ?? Number.NaN));
  return summarise(pairs);
}

/** Linear between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
