import type { Problem } from '../model/problem.ts';
import type { Report } from './report.ts';

/**
 * Collects problems. A place that is at fault already is not reported again: a wrong type is found by the
 * schema, and then once more by every phase that wanted to use the value.
 *
 * Bounded: after some hundred problems the rest is summed up in one.
 */
export function problemList(): { readonly report: Report; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const known = new Set<string>();
  const counts = { error: 0, warning: 0 };
  const report: Report = (problem) => {
    const place = `${problem.at?.file}:${problem.at?.line}:${problem.at?.column}`;
    const path = problem.path ?? problem.message;
    const key = problem.severity === 'error' ? `${place} ${path}` : `${place} ${path} ${problem.code}`;
    if (known.has(key)) return;
    counts[problem.severity] += 1;
    if (counts[problem.severity] > maxProblems + 1) return;
    known.add(key);
    problems.push(counts[problem.severity] > maxProblems ? tooMany(problem) : problem);
  };
  return { report, problems };
}

const maxProblems = 200;

function tooMany(problem: Problem): Problem {
  return {
    severity: problem.severity,
    code: 'TooManyProblems',
    message: `there are more than ${maxProblems} problems like these`,
    hint: 'mend some of them first',
    at: problem.at,
  };
}
