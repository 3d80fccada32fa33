import { defineCommand } from '../command.ts';
import { completeStack } from '../completion/completer.ts';
import { duration, flag, ordinal, UsageError } from '../option.ts';
import { waitUntilReady } from '../ready.ts';
import { parseStacks } from '../reference.ts';

export const rollbackCommand = defineCommand({
  name: 'rollback',
  group: 'Control',
  usage: 'STACK',
  summary: 'go back to an earlier revision of a stack, and stay there',
  description: [
    'Makes the stack what it was at an earlier revision, with the images that it ran from then, and holds it there whatever its manifest says: drift is repaired towards that revision. stackctl rollout resume follows the manifest again, and so does another stackctl apply.',
    'Volumes and files that are mounted from the host are not part of a revision: they stay as they are.',
  ],
  options: {
    toRevision: ordinal('--to-revision <number>', 'which one (stackctl history); else the one before'),
    wait: flag('--wait', 'wait until ready or failed; --wait=false returns at once', true),
    timeout: duration('--timeout <duration>', 'how long to wait', '5m'),
  },
  examples: [
    { says: 'undo the last change', line: 'stackctl rollback demo' },
    { says: 'go back to revision 3', line: 'stackctl rollback demo --to-revision 3' },
  ],
  takes: [1, 2],
  completes: completeStack,
  async run({ args, options }, context) {
    const [stack, ...others] = parseStacks(args);
    if (stack === undefined || others.length > 0) throw new UsageError('one stack is needed', 'give STACK');
    const client = await context.client();
    const { number, generation } = await client.rollback(stack, options.toRevision, context.signal);
    await context.stdout.write(`stack/${stack} rolled back to revision ${number}\n`);
    if (!options.wait) return 0;
    const goals = new Map([[stack, generation]]);
    const isReady = await waitUntilReady(client, { goals, timeoutMs: options.timeout }, context);
    return isReady ? 0 : 1;
  },
});
