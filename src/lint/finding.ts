import type { Position } from '../model/problem.ts';

export const LINT_SEVERITIES = ['error', 'warning', 'info'] as const;
/** How much a finding matters: `error` is a hole or a fault, `warning` is to be put right, `info` is worth a thought. */
export type LintSeverity = (typeof LINT_SEVERITIES)[number];

export const LINT_CATEGORIES = ['security', 'reliability', 'style'] as const;
export type LintCategory = (typeof LINT_CATEGORIES)[number];

/** What is known of a rule without running it. */
export interface RuleHead {
  /** Kebab-case and stable: what waivers, `--rule` and programs call it. */
  readonly id: string;
  readonly severity: LintSeverity;
  readonly category: LintCategory;
  /** What is found, a few words. */
  readonly title: string;
  /** Why it matters. */
  readonly reason: string;
  /** What to write. */
  readonly fix: string;
  /** Where more is said. */
  readonly reference?: string;
  /** Looked for only when it is asked for with `--rule`. */
  readonly isOptional?: true;
}

/** One place that a rule has something to say about. */
export interface LintFinding {
  readonly rule: string;
  readonly severity: LintSeverity;
  readonly category: LintCategory;
  readonly stack: string;
  /** The service, network, volume, config or secret that it is about: what stands behind `@` in a waiver. */
  readonly object: string | undefined;
  /** `services.web.ports[0]`; empty: the stack as a whole. */
  readonly path: string;
  /** Lower case, no full stop. Never the value of a secret. */
  readonly message: string;
  readonly fix: string;
  readonly at: Position;
}

/** A finding that somebody decided to live with. */
export interface WaivedFinding extends LintFinding {
  /** As the waiver gives it. */
  readonly why: string | undefined;
}

/** What was found in some stacks. */
export interface LintReport {
  /** By file and line. */
  readonly findings: readonly LintFinding[];
  readonly waived: readonly WaivedFinding[];
}

/** Whether a severity is as bad as another, or worse. */
export function isAsBadAs(severity: LintSeverity, threshold: LintSeverity): boolean {
  return LINT_SEVERITIES.indexOf(severity) <= LINT_SEVERITIES.indexOf(threshold);
}
