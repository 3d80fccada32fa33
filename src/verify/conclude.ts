import type { Results } from './probe-list.ts';
import { type Cell, differ } from './report.ts';
import type { VerifyPlan } from './survey.ts';

/** What came of it, differences first. The order is that of the plan otherwise. */
export function concludeCells({ cells }: VerifyPlan, results: Results): readonly Cell[] {
  const judged = cells.map(({ judge, source: _, ...cell }): Cell => {
    const { finding, detail } = judge(results);
    const differs = differ(cell.declared, cell.observed, finding);
    return { ...cell, probed: finding, differs, detail };
  });
  return [...judged.filter(({ differs }) => differs), ...judged.filter(({ differs }) => !differs)];
}
