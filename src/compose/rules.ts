import type { Position, Problem } from '../model/problem.ts';
import { findCycles } from './cycles.ts';
import type { ComposeProject } from './model.ts';
import { withoutUnused } from './prune.ts';
import { checkAddresses } from './rules-addresses.ts';
import { checkBounds } from './rules-bounds.ts';
import { checkHostClashes } from './rules-host.ts';
import { checkReferences } from './rules-references.ts';
import { checkResources } from './rules-resources.ts';
import { checkServices } from './rules-services.ts';

/** What the rules look at. */
export interface RuleInput {
  readonly project: ComposeProject;
  /** Services that exist but that no active profile selects. */
  readonly disabled: ReadonlySet<string>;
  readonly locate: (path: string) => Position | undefined;
}

/**
 * What a schema cannot say: that names refer to something, that fields agree with each other, and that
 * no two services want the same thing of the host. The former are docker compose's own rules; the latter
 * it leaves to the engine, which then fails half-way.
 */
export function checkRules(input: RuleInput): readonly Problem[] {
  const problems: Problem[] = [];
  const fault: Fault = (severity, code, path, message, hint) => {
    const costly = typeof hint === 'function' && problems.length < maxHints ? hint() : undefined;
    const help = typeof hint === 'function' ? costly : hint;
    problems.push({ severity, code, message, hint: help, path, at: input.locate(path) });
  };
  checkReferences(input, fault);
  checkServices(input.project, fault);
  checkBounds(input.project, fault);
  checkResources(input.project, fault);
  checkAddresses(withoutUnused(input.project, input.disabled), fault);
  checkHostClashes(input.project, fault);
  for (const chain of findCycles(input.project.services)) {
    fault(
      'error',
      'DependencyCycle',
      `services.${chain[0]}.depends_on.${chain[1] ?? chain[0]}`,
      `services wait for each other in a circle: ${chain.join(' -> ')}`,
      'take one of the dependencies out of the circle',
    );
  }
  return problems;
}

/** Looking for what was meant takes time, and nobody reads the hundredth hint. */
const maxHints = 100;

/** Notes a problem at the field with this path. A hint that is costly is given as a function. */
export type Fault = (
  severity: Problem['severity'],
  code: string,
  path: string,
  message: string,
  hint?: string | (() => string),
) => void;
