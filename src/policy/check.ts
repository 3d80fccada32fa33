import { type Admission, isAtLeast } from '../model/admission.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { Finding, PolicyInput, Rule } from './rule.ts';
import { RULES } from './rules.ts';

/** What is held against the policy, and where its fields were written. */
export interface PolicyRequest extends Omit<PolicyInput, 'places'> {
  readonly locate: (path: string) => Position | undefined;
  /** Of the stack as a whole. */
  readonly at: Position;
}

/** Of every problem that this room finds. */
export const POLICY_CODE = 'PolicyViolation';

const PLACES_TOLD = 4;

/**
 * Holds a project against the operator's policy. What is enforced gives an error for each place that breaks it; what is
 * only warned of gives one warning a rule, so that a stack that needs much of the host does not fill its status.
 */
export function checkPolicy(request: PolicyRequest, admission: Admission): readonly Problem[] {
  const { enforce, warn, places } = admission;
  const input = { ...request, places };
  return RULES.flatMap((rule) => {
    if (isAtLeast(enforce, rule.level)) {
      return rule.check(input).map((finding) => refused(rule, finding, request));
    }
    if (!isAtLeast(warn, rule.level)) return [];
    const [first, ...others] = rule.check(input);
    return first === undefined ? [] : [warned(rule, first, others, request)];
  });
}

function refused(rule: Rule, finding: Finding, request: PolicyRequest): Problem {
  return {
    severity: 'error',
    code: POLICY_CODE,
    message: `violates the policy "${rule.level}" (${rule.id}): ${finding.message}`,
    hint: `${finding.hint}; or ask who runs stackctld to exempt the stack`,
    path: finding.path === '' ? undefined : finding.path,
    at: positionOf(finding, request),
  };
}

function warned(rule: Rule, first: Finding, others: readonly Finding[], request: PolicyRequest): Problem {
  return {
    severity: 'warning',
    code: POLICY_CODE,
    message: `would violate the policy "${rule.level}" (${rule.id}): ${first.message}${alsoAt(others)}`,
    hint: first.hint,
    path: first.path === '' ? undefined : first.path,
    at: positionOf(first, request),
  };
}

function alsoAt(others: readonly Finding[]): string {
  if (others.length === 0) return '';
  const named = others.flatMap(({ path }) => (path === '' ? [] : [path])).slice(0, PLACES_TOLD);
  if (named.length === 0) return `, and ${others.length} more`;
  const rest = others.length - named.length;
  return `; also ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

const positionOf = ({ path }: Finding, { locate, at }: PolicyRequest): Position =>
  (path === '' ? undefined : locate(path)) ?? at;
