import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes, the longest first: begun last, one of them would keep one core busy and the others idle. */
const LONG = [
  'simulation/crash-points',
  'simulation/call-faults',
  'simulation/edits',
  'property/convergence',
  'property/plan-rules',
  'simulation/disturbed',
  'security/fuzz',
  'simulation/any-state',
  'property/faults',
].map((name) => `/test/${name}.test.ts`);

/** The order of test files when several run at a time. Those of one engine keep theirs. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((end) => moduleId.endsWith(end));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
