import type { Client } from '../client.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStacks, completeWords } from '../completion/completer.ts';
import { duration, text } from '../option.ts';
import { findCondition } from '../output/columns.ts';
import { formatSpan } from '../output/time.ts';
import { didYouMean } from '../reference.ts';
import { reportError } from '../report.ts';
import { chooseStacks, selectionOptions } from '../stack-selection.ts';
import { type WaitEnd, waitForStacks } from '../wait.ts';
import { CONDITION_TYPES, type Goal, parseGoal } from '../wait-goal.ts';

export const waitCommand = defineCommand({
  name: 'wait',
  group: 'Looking',
  usage: 'STACK...|-l LABELS|--all --for=condition=TYPE|delete|jsonpath=PATH=VALUE',
  summary: 'wait until stacks have a condition, or are gone',
  description: [
    'Returns at once when it is so already. A condition counts only when it was found for the newest generation of the manifest, so that waiting right after a change waits for that change.',
    'With jsonpath it is any field of what `stackctl get stack NAME -o json` prints: until it is there, or until it is what is given. Where a path finds several, one of them is enough.',
  ],
  options: {
    for: text(
      '--for <what>',
      'condition=TYPE (Ready, Healthy, Reconciling, Stalled, Suspended), condition=TYPE=False, delete, jsonpath={PATH} or jsonpath={PATH}=VALUE',
      completeWords([...CONDITION_TYPES.map((type) => `condition=${type}`), 'delete', 'jsonpath=']),
    ),
    timeout: duration('--timeout <duration>', 'how long to wait', '30s'),
    ...selectionOptions,
  },
  examples: [
    { says: 'until it is ready', line: 'stackctl wait --for=condition=Ready stack/demo --timeout 2m' },
    { says: 'until every stack is healthy', line: 'stackctl wait --for=condition=Healthy --all' },
    {
      says: 'until four containers of its first service are ready',
      line: "stackctl wait demo --for=jsonpath='{.services[0].ready}'=4",
    },
    { says: 'until it is gone', line: 'stackctl wait --for=delete demo' },
  ],
  exits: '0 it is so for all of them, 1 not in time or no such stack, 2 wrong usage',
  takes: [0, Number.POSITIVE_INFINITY],
  completes: completeStacks,
  async run({ args, options }, context) {
    const goal = parseGoal(options.for);
    const client = await context.client();
    const names = await chooseStacks(client, { args, options }, context);
    if (names.length === 0 && !options.all) return 1;
    const ends = await waitForStacks(client, {
      names,
      judge: goal.judge,
      timeoutMs: options.timeout,
      signal: context.signal,
      onEnd: async (end) => {
        if (end.end === 'met') await context.stdout.write(`stack/${end.name} ${goal.met}\n`);
        else if (end.end !== 'interrupted')
          await reportError(
            explain(end, goal, options.timeout),
            await hintFor(end, client, context),
            context,
          );
      },
    });
    return ends.every(({ end }) => end === 'met') ? 0 : 1;
  },
});

function explain({ name, why, status }: WaitEnd, { wanted }: Goal, timeoutMs: number): string {
  if (why !== undefined) return why;
  const ready = status === undefined ? undefined : findCondition(status, 'Ready');
  const more = ready === undefined ? '' : ` (${ready.reason}: ${ready.message})`;
  return `timed out after ${formatSpan(timeoutMs)} waiting for ${wanted} on stack/${name}${more}`;
}

async function hintFor(
  { name, end, status, hint }: WaitEnd,
  client: Client,
  { signal }: Context,
): Promise<string | undefined> {
  if (end !== 'failed' || status !== undefined) return hint;
  const known = (await client.stacks(signal)).map((each) => each.name);
  return didYouMean(name, known) ?? 'stackctl get stacks lists them';
}
