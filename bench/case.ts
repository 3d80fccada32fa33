import type { Bench } from './bench.ts';

/** One measurement of one side; what it returns was measured, in the case's unit. */
export type Measure = () => Promise<number>;

export interface Side {
  /** `stackctl`, `raw`, `compose`. */
  readonly name: string;
  readonly measure: Measure;
}

/** What is promised of the first side, compared with another one or on its own. */
export interface Bound {
  /** Undefined: the value itself is bounded. */
  readonly against: string | undefined;
  readonly atMost: number;
  /** On top of the ratio, in the case's unit: what is promised beside the engine's own cost. */
  readonly plus?: number;
}

export interface Prepared {
  /** The first is the one that is judged; all are measured in turn. */
  readonly sides: readonly Side[];
  /** Removes what the case made. */
  readonly dispose: () => Promise<void>;
}

export interface Case {
  readonly name: string;
  readonly unit: 'ms' | '%' | 'MB' | 'x';
  /** Fewer than asked for, of what takes minutes; never fewer than five. */
  readonly rounds?: number;
  readonly bounds: readonly Bound[];
  readonly prepare: (bench: Bench) => Promise<Prepared>;
}
