import type { RuleHead } from './finding.ts';
import type { LintRule } from './rule.ts';
import { dockerfileRules } from './rules/dockerfiles.ts';
import { exposureRules } from './rules/exposure.ts';
import { fileRules } from './rules/files.ts';
import { healthRules } from './rules/health.ts';
import { hostRules } from './rules/host.ts';
import { imageRules } from './rules/images.ts';
import { leftoverRules } from './rules/leftovers.ts';
import { limitRules } from './rules/limits.ts';
import { networkRules } from './rules/networks.ts';
import { privilegeRules } from './rules/privileges.ts';
import { secretRules } from './rules/secrets.ts';
import { styleRules } from './rules/style.ts';
import { WAIVER_RULES } from './waivers.ts';

/** Every rule that looks at a stack. */
export const RULES: readonly LintRule[] = [
  ...exposureRules,
  ...secretRules,
  ...fileRules,
  ...privilegeRules,
  ...hostRules,
  ...networkRules,
  ...imageRules,
  ...dockerfileRules,
  ...limitRules,
  ...healthRules,
  ...leftoverRules,
  ...styleRules,
];

/** The same and those about waivers, in the order of the docs. */
export const RULE_HEADS: readonly RuleHead[] = [...RULES, ...WAIVER_RULES];
