#!/usr/bin/env node
import './without-debug.ts';

import { createLog } from '../log.ts';
import { asFailure } from '../model/failure.ts';
import { runDaemon } from './daemon.ts';
import { settingsOrExit } from './settings.ts';

const settings = settingsOrExit(process.argv.slice(2));
const log = createLog(settings.logLevel);
const stop = new AbortController();

process.on('unhandledRejection', (thrown) => {
  log.fatal({ err: asFailure(thrown) }, 'unhandled rejection');
  process.exit(1);
});
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    // A second signal ends it at once: any moment is a safe one to die at.
    if (stop.signal.aborted) process.exit(1);
    log.info({ signal: name }, 'stopping');
    stop.abort();
  });
}

// No `await` out here: the programs are built as CommonJS, which has none.
async function main(): Promise<void> {
  try {
    await runDaemon(settings, { log, onlyWhenAsked: false, onLooked: () => undefined }, stop.signal);
    process.exit(0);
  } catch (thrown) {
    const failure = asFailure(thrown);
    log.fatal({ kind: failure.kind, hint: failure.hint }, failure.message);
    process.exit(1);
  }
}

void main();
