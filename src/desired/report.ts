import type { Position, Problem } from '../model/problem.ts';

/** Where the parts of this room put what they find wrong; each goes on, so that all is found at once. */
export interface Report {
  /** Forbids to use what was resolved. `path` is the field's: `services.web.ports[0]`. */
  error(path: string, fault: Fault): void;
  /** What was resolved may be used, but its author should know. */
  warn(path: string, fault: Fault): void;
  /** What somebody else found wrong, and where. */
  add(problem: Problem): void;
}

export interface Fault {
  /** CamelCase, stable. */
  readonly code: string;
  /** Lower case, no full stop, never the value of a secret. */
  readonly message: string;
  readonly hint?: string;
}

/** A report that keeps the problems, with the place of each in its file. */
export function collectProblems(
  locate: (path: string) => Position | undefined,
): Report & { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const add = (severity: Problem['severity'], path: string, fault: Fault): void => {
    const { code, message, hint } = fault;
    problems.push({ severity, code, message, hint, path, at: locate(path) });
  };
  return {
    problems,
    error: (path, fault) => add('error', path, fault),
    warn: (path, fault) => add('warning', path, fault),
    add: (problem) => problems.push(problem),
  };
}
