import type { Command } from './command.ts';
import { adoptCommand } from './commands/adopt.ts';
import { applyCommand } from './commands/apply.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { deleteCommand } from './commands/delete.ts';
import { describeCommand } from './commands/describe.ts';
import { diffCommand } from './commands/diff.ts';
import { eventsCommand } from './commands/events.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { getCommand } from './commands/get.ts';
import { historyCommand } from './commands/history.ts';
import { lintCommand } from './commands/lint.ts';
import { logsCommand } from './commands/logs.ts';
import { netCommand } from './commands/net.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { resumeCommand } from './commands/resume.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { rolloutCommand } from './commands/rollout.ts';
import { suspendCommand } from './commands/suspend.ts';
import { treeCommand } from './commands/tree.ts';
import { validateCommand } from './commands/validate.ts';
import { versionCommand } from './commands/version.ts';
import { waitCommand } from './commands/wait.ts';

/** Every command, in the order of `stackctl --help`. */
export const COMMANDS: readonly Command[] = [
  applyCommand,
  diffCommand,
  adoptCommand,
  validateCommand,
  lintCommand,
  configCommand,
  explainCommand,
  exportCommand,
  deleteCommand,
  getCommand,
  describeCommand,
  treeCommand,
  eventsCommand,
  logsCommand,
  historyCommand,
  waitCommand,
  netCommand,
  reconcileCommand,
  suspendCommand,
  resumeCommand,
  rollbackCommand,
  rolloutCommand,
  completionCommand,
  versionCommand,
];
