import { type Context, defineCommand } from '../command.ts';
import { type Completer, completeServices, completeWords } from '../completion/completer.ts';
import { duration, UsageError } from '../option.ts';
import { waitUntilReady } from '../ready.ts';
import { parseStack } from '../reference.ts';

const DONE = {
  pause: 'rollout paused',
  resume: 'rollout resumed',
  restart: 'restarting',
} as const;

const VERBS = ['status', 'pause', 'resume', 'restart'] as const;

const completeRollout: Completer = async ({ args: [verb, ...args], word }, live) => {
  if (verb === undefined) return completeWords(VERBS)({ args, word }, live);
  const isOver = verb !== 'restart' && args.length > 0;
  return isOver ? [] : completeServices({ args, word }, live);
};

export const rolloutCommand = defineCommand({
  name: 'rollout',
  group: 'Control',
  usage: 'status|pause|resume|restart STACK [SERVICE...]',
  summary: 'follow, pause, resume or restart the rollout of a stack',
  description: [
    'status waits until the newest revision is ready or has failed, and shows how it comes up. pause lets no further container be replaced (what has begun is finished, what runs is healed). resume goes on: it ends a pause and a rollback, and tries revisions again that have failed. restart restarts the containers of a stack, or of some services, in place and one replica after another.',
  ],
  options: { timeout: duration('--timeout <duration>', 'how long status waits', '5m') },
  examples: [
    { says: 'how far is it?', line: 'stackctl rollout status demo' },
    { says: 'restart one service, replica by replica', line: 'stackctl rollout restart demo web' },
    { says: 'follow the manifest again after a rollback', line: 'stackctl rollout resume demo' },
  ],
  exits: '0 done (status: ready), 1 failed or not ready in time, 2 wrong usage',
  takes: [2, Number.POSITIVE_INFINITY],
  completes: completeRollout,
  async run({ args, options }, context) {
    const [verb = '', target = '', ...services] = args;
    const stack = parseStack(target);
    if (verb === 'status') {
      if (services.length > 0) throw new UsageError('status is of a whole stack', 'give only STACK');
      return status(stack, options.timeout, context);
    }
    if (verb !== 'pause' && verb !== 'resume' && verb !== 'restart') {
      throw new UsageError(
        `"${verb}" is nothing that a rollout does`,
        'give status, pause, resume or restart',
      );
    }
    if (verb !== 'restart' && services.length > 0) {
      throw new UsageError(`${verb} is of a whole stack`, 'give only STACK');
    }
    await (await context.client()).rollout(stack, verb, services, context.signal);
    const objects =
      services.length === 0 ? [`stack/${stack}`] : services.map((name) => `service/${stack}/${name}`);
    await context.stdout.write(objects.map((object) => `${object} ${DONE[verb]}\n`).join(''));
    return 0;
  },
});

async function status(stack: string, timeoutMs: number, context: Context): Promise<number> {
  const client = await context.client();
  const { generation } = await client.stack(stack, context.signal);
  const goals = new Map([[stack, generation]]);
  return (await waitUntilReady(client, { goals, timeoutMs }, context)) ? 0 : 1;
}
