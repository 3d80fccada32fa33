import type { Case } from './case.ts';
import { DELETE, FIRST_APPLIES } from './cases/apply.ts';
import { NETWORK_OPTION, NO_CHANGE, ONE_SERVICE, PASS } from './cases/changes.ts';
import { IDLE } from './cases/idle.ts';
import { LOADING } from './cases/loading.ts';
import { PLANNING } from './cases/planning.ts';
import { CLI_START, DAEMON_START } from './cases/programs.ts';
import { REPAIRS } from './cases/repair.ts';

/** In the order in which they are measured. */
export const CASES: readonly Case[] = [
  ...FIRST_APPLIES,
  NO_CHANGE,
  PASS,
  ONE_SERVICE,
  NETWORK_OPTION,
  DELETE,
  ...REPAIRS,
  CLI_START,
  DAEMON_START,
  ...PLANNING,
  LOADING,
  ...IDLE,
];
