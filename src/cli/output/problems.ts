import { formatPosition, type Problem } from '../../model/problem.ts';
import type { Colors } from './color.ts';
import { printable } from './table.ts';

/** Finds the text of a file that a problem points into, and how to call it; undefined when it is not to be had. */
export type FindSource = (
  file: string,
) => { readonly shown: string; readonly text: string | undefined } | undefined;

/**
 * A problem as compilers print it: where, what, the line with a caret below the spot, the field, what to do.
 */
export function renderProblem(problem: Problem, findSource: FindSource, colors: Colors): string {
  const source = problem.at === undefined ? undefined : findSource(problem.at.file);
  const at = problem.at === undefined ? undefined : { ...problem.at, file: source?.shown ?? problem.at.file };
  const severity = problem.severity === 'error' ? colors.bad('error') : colors.busy('warning');
  const place = at === undefined ? '' : `${colors.bold(printable(formatPosition(at)))}: `;
  const lines = [`${place}${severity}: ${printable(problem.message)} ${colors.dim(`(${problem.code})`)}`];
  if (at !== undefined) lines.push(...renderExcerpt(source?.text, at, colors));
  if (problem.path !== undefined && problem.path !== '') lines.push(`  field: ${printable(problem.path)}`);
  if (problem.hint !== undefined) lines.push(`  hint: ${printable(problem.hint)}`);
  return `${lines.join('\n')}\n`;
}

/** `2 errors, 1 warning` */
export function countProblems(problems: readonly Problem[]): string {
  const say = (severity: Problem['severity']): string[] => {
    const amount = problems.filter((problem) => problem.severity === severity).length;
    return amount === 0 ? [] : [`${amount} ${severity}${amount === 1 ? '' : 's'}`];
  };
  return [...say('error'), ...say('warning')].join(', ');
}

const MAX_EXCERPT = 100;

function renderExcerpt(
  text: string | undefined,
  { line, column }: { readonly line: number; readonly column: number },
  colors: Colors,
): readonly string[] {
  const found = text?.split('\n')[line - 1]?.replace(/\r$/, '');
  if (found === undefined || found.trim() === '' || column - 1 > found.length) return [];
  const gutter = `${String(line).padStart(4)} | `;
  // A long line is shown from a little before the spot.
  const from = column > MAX_EXCERPT ? column - 20 : 0;
  const shown = [...found.slice(from, from + MAX_EXCERPT)].map(printable).join('');
  const caret = `${' '.repeat(gutter.length - 2)}| ${' '.repeat(Math.max(0, column - 1 - from))}${colors.bad('^')}`;
  return [`${colors.dim(gutter)}${shown}`.trimEnd(), caret];
}
