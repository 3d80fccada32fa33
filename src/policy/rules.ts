import { boundRules } from './bounds.ts';
import { hostFeatureRules } from './host-features.ts';
import { hostPathRules } from './host-paths.ts';
import { namespaceRules } from './namespaces.ts';
import { privilegeRules } from './privileges.ts';
import type { Rule } from './rule.ts';
import { securityOptionRules } from './security-options.ts';
import { volumeRules } from './volumes.ts';

/** Every rule there is; docs/policy.md has a line for each. */
export const RULES: readonly Rule[] = [
  ...privilegeRules,
  ...namespaceRules,
  ...hostPathRules,
  ...volumeRules,
  ...securityOptionRules,
  ...hostFeatureRules,
  ...boundRules,
];
