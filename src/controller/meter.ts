import type { Verdict } from './pass-state.ts';
import type { Pass } from './reconcile.ts';

/** Is told what passes find and do, to count it. Never throws, and decides nothing. */
export interface Meter {
  /** A pass of a stack is over. */
  passEnded(outcome: Verdict['kind'], tookMs: number): void;
  /**
   * What a pass found and did. `wasSynced`: the stack was as this revision wants it when it was last looked at, so that
   * whatever there is to do is drift.
   */
  passFound(stack: string, pass: Pass, wasSynced: boolean): void;
  stackGone(stack: string): void;
}
