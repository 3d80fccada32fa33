import { defineStackCommand } from '../stack-command.ts';

export const reconcileCommand = defineStackCommand({
  verb: 'reconcile',
  summary: 'look at stacks now instead of at their next turn',
  description: [
    'Puts stacks in the queue now: their manifests are read again, the engine is looked at, and what differs is repaired. The daemon does all that by itself at every change and every 30 seconds; this is for the impatient, and after mending something by hand.',
    'Returns at once. A suspended stack is looked at but not touched.',
  ],
  examples: [
    { says: 'now, please', line: 'stackctl reconcile demo' },
    { says: 'and wait for it', line: 'stackctl reconcile demo && stackctl wait --for=condition=Ready demo' },
  ],
  done: 'reconciliation requested',
});
