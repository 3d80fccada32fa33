import { defineStackCommand } from '../stack-command.ts';

export const suspendCommand = defineStackCommand({
  verb: 'suspend',
  summary: 'stop acting on stacks, go on looking',
  description: [
    'From now on the daemon changes nothing of these stacks: no repair, no rollout, no restart. Containers go on running, drift is still shown. It holds over restarts of the daemon, until stackctl resume. For work by hand.',
  ],
  examples: [
    { says: 'hands off while I work on it', line: 'stackctl suspend demo' },
    { says: 'hands off everything', line: 'stackctl suspend --all' },
  ],
  done: 'suspended',
});
