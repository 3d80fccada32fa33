import type { StackStatus } from '../../model/status.ts';
import { defineCommand } from '../command.ts';
import { duration, flag, text, UsageError } from '../option.ts';
import { findCondition } from '../output/columns.ts';
import { formatSpan } from '../output/time.ts';
import { parseStacks } from '../reference.ts';
import { reportError } from '../report.ts';
import { type Judgement, type WaitEnd, waitForStacks } from '../wait.ts';

export const waitCommand = defineCommand({
  name: 'wait',
  group: 'Looking',
  usage: 'STACK... --for=condition=TYPE|delete',
  summary: 'wait until stacks have a condition, or are gone',
  description: [
    'Returns at once when it is so already. A condition counts only when it was found for the newest generation of the manifest, so that waiting right after a change waits for that change.',
  ],
  options: {
    for: text(
      '--for <what>',
      'condition=TYPE (Ready, Healthy, Reconciling, Stalled, Suspended), condition=TYPE=False, or delete',
    ),
    timeout: duration('--timeout <duration>', 'how long to wait', '30s'),
    all: flag('--all', 'wait for every stack'),
  },
  examples: [
    { says: 'until it is ready', line: 'stackctl wait --for=condition=Ready stack/demo --timeout 2m' },
    { says: 'until every stack is healthy', line: 'stackctl wait --for=condition=Healthy --all' },
    { says: 'until it is gone', line: 'stackctl wait --for=delete demo' },
  ],
  exits: '0 it is so for all of them, 1 not in time or no such stack, 2 wrong usage',
  takes: [0, Number.POSITIVE_INFINITY],
  async run({ args, options }, context) {
    const goal = parseGoal(options.for);
    const client = await context.client();
    const named = parseStacks(args);
    const names = options.all ? (await client.stacks(context.signal)).map(({ name }) => name) : named;
    if (names.length === 0 && !options.all) throw new UsageError('no stack is named', 'give STACK, or --all');
    const ends = await waitForStacks(client, {
      names,
      judge: goal.judge,
      timeoutMs: options.timeout,
      signal: context.signal,
      onEnd: async (end) => {
        if (end.end === 'met') await context.stdout.write(`stack/${end.name} ${goal.met}\n`);
        else if (end.end !== 'interrupted')
          await reportError(explain(end, goal, options.timeout), end.hint, context);
      },
    });
    return ends.every(({ end }) => end === 'met') ? 0 : 1;
  },
});

interface Goal {
  readonly wanted: string;
  readonly met: string;
  readonly judge: (status: StackStatus | undefined, name: string) => Judgement;
}

function parseGoal(wanted: string | undefined): Goal {
  if (wanted === undefined)
    throw new UsageError('what to wait for is missing', 'give --for=condition=Ready or --for=delete');
  if (wanted === 'delete') {
    return {
      wanted,
      met: 'deleted',
      judge: (status) => ({ kind: status === undefined ? 'met' : 'waiting' }),
    };
  }
  const [word, type = '', value = 'True', ...rest] = wanted.split('=');
  const types = ['Ready', 'Reconciling', 'Stalled', 'Healthy', 'Suspended'];
  const found = types.find((each) => each.toLowerCase() === type.toLowerCase());
  const state = ['True', 'False', 'Unknown'].find((each) => each.toLowerCase() === value.toLowerCase());
  if (word !== 'condition' || found === undefined || state === undefined || rest.length > 0) {
    throw new UsageError(
      `--for=${wanted} is not understood`,
      `give delete, or condition=TYPE with ${types.join(', ')}`,
    );
  }
  return {
    wanted,
    met: 'condition met',
    judge: (status, name) => judgeCondition(status, { name, type: found, state }),
  };
}

function judgeCondition(
  status: StackStatus | undefined,
  { name, type, state }: { readonly name: string; readonly type: string; readonly state: string },
): Judgement {
  if (status === undefined) return { kind: 'failed', why: `there is no stack "${name}"` };
  const condition = findCondition(status, type);
  const isFresh = condition !== undefined && condition.observedGeneration >= status.generation;
  // A condition that does not hold may simply not be listed, once the newest generation was looked at.
  const isAbsent =
    condition === undefined && state === 'False' && status.observedGeneration >= status.generation;
  return { kind: isAbsent || (isFresh && condition.status === state) ? 'met' : 'waiting' };
}

function explain({ name, why, status }: WaitEnd, { wanted }: Goal, timeoutMs: number): string {
  if (why !== undefined) return why;
  const ready = status === undefined ? undefined : findCondition(status, 'Ready');
  const more = ready === undefined ? '' : ` (${ready.reason}: ${ready.message})`;
  return `timed out after ${formatSpan(timeoutMs)} waiting for ${wanted} on stack/${name}${more}`;
}
