import type { PolicyLevel } from '../../../model/admission.ts';

/** Something in a request that the policy forbids. */
export interface Refusal {
  /** As `docs/policy.md` has it. */
  readonly rule: string;
  /** The lowest level that forbids it. */
  readonly level: Exclude<PolicyLevel, 'privileged'>;
  /** Lower case, no full stop; never a value that could be secret. */
  readonly message: string;
}

export const baseline = (rule: string, message: string): Refusal => ({ rule, level: 'baseline', message });
export const restricted = (rule: string, message: string): Refusal => ({
  rule,
  level: 'restricted',
  message,
});
