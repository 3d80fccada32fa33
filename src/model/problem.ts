/** Where something stands in a file the user wrote. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A fault in what the user wrote, as a value: problems are collected, all at once, and never thrown.
 * `path` is the field's path (`services.web.ports[0]`), `hint` says what to do about it.
 */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** CamelCase, stable, for tests and tools: `UnknownField`, `DependencyCycle`. */
  readonly code: string;
  /** What is wrong, lower case, no full stop. Never contains the value of a secret. */
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path?: string | undefined;
  readonly at?: Position | undefined;
}

/** True when nothing among the problems forbids to go on (warnings do not). */
export function isAcceptable(problems: readonly Problem[]): boolean {
  return problems.every((problem) => problem.severity === 'warning');
}

/** `file:line:column`, or as much of it as is known. */
export function formatPosition(at: Position | undefined): string {
  return at === undefined ? '' : `${at.file}:${at.line}:${at.column}`;
}
