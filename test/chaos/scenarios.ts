import type { Scenario } from './scenario.ts';
import { CHANGES } from './scenarios/changes.ts';
import { DRIFT } from './scenarios/drift.ts';
import { SERVICES, STACKS } from './scenarios/life.ts';
import { NETWORKS } from './scenarios/networks.ts';

/** Everything that happens to stacks, each with what is to be seen at its end. */
export const SCENARIOS: readonly Scenario[] = [...CHANGES, ...NETWORKS, ...DRIFT, ...SERVICES, ...STACKS];
