import { defineStackCommand } from '../stack-command.ts';

export const resumeCommand = defineStackCommand({
  verb: 'resume',
  summary: 'act on suspended stacks again',
  description: [
    'The daemon acts on these stacks again, and at once repairs what has drifted while they were suspended.',
  ],
  examples: [
    { says: 'what would be repaired?', line: 'stackctl diff demo' },
    { says: 'go on', line: 'stackctl resume demo' },
  ],
  done: 'resumed',
});
