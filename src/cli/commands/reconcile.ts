import type { Client } from '../client.ts';
import { type Context, defineCommand } from '../command.ts';
import { flag, UsageError } from '../option.ts';
import { parseSources } from '../reference.ts';
import { describeThrown, reportError } from '../report.ts';
import { chooseStacks, selectionOptions } from '../stack-selection.ts';

export const reconcileCommand = defineCommand({
  name: 'reconcile',
  group: 'Control',
  usage: 'STACK...|-l LABELS|--all|source NAME...',
  summary: 'look at stacks or sources now instead of at their next turn',
  description: [
    'Puts stacks in the queue now: their manifests are read again, the engine is looked at, and what differs is repaired. The daemon does all that by itself at every change and every 30 seconds; this is for the impatient, and after mending something by hand.',
    'Returns at once. A suspended stack is looked at but not touched.',
    'Of a source, everything is read again: a directory, or what the remote of a Git repository has now. So it does with --with-source for the source of each stack. That is waited for; a remote that does not give its content is a failure, and says why.',
  ],
  options: {
    ...selectionOptions,
    withSource: flag('--with-source', 'read the sources of the stacks again first'),
  },
  examples: [
    { says: 'now, please', line: 'stackctl reconcile demo' },
    { says: 'and wait for it', line: 'stackctl reconcile demo && stackctl wait --for=condition=Ready demo' },
    { says: 'what was pushed a moment ago', line: 'stackctl reconcile source infra' },
    { says: 'the same for the repository of a stack', line: 'stackctl reconcile demo --with-source' },
  ],
  takes: [0, Number.POSITIVE_INFINITY],
  async run({ args, options }, context) {
    const sources = parseSources(args);
    if (sources !== undefined) {
      if (sources.length === 0 || options.all || options.selector.length > 0)
        throw new UsageError('sources are named one by one', 'give source NAME');
      return forEach(sources, (client, name) => reconcileSource(client, name, context), context);
    }
    const names = await chooseStacks(await context.client(), { args, options }, context);
    const one = async (client: Client, name: string) => {
      if (options.withSource) await client.reconcileWithSource(name, context.signal);
      else await client.command(name, 'reconcile', context.signal);
      await context.stdout.write(`stack/${name} reconciliation requested\n`);
      return true;
    };
    return forEach(names, one, context);
  },
});

async function reconcileSource(client: Client, name: string, context: Context): Promise<boolean> {
  const { ready, reason, message, revision } = await client.reconcileSource(name, context.signal);
  if (ready === 'True') {
    await context.stdout.write(`source/${name} reconciled: ${revision ?? ''}\n`);
    return true;
  }
  await reportError(`source/${name}: ${reason}: ${message}`, undefined, context);
  return false;
}

/** One that fails does not stop the others. */
async function forEach(
  names: readonly string[],
  work: (client: Client, name: string) => Promise<boolean>,
  context: Context,
): Promise<number> {
  const client = await context.client();
  let isGood = true;
  for (const name of names) {
    try {
      isGood = (await work(client, name)) && isGood;
    } catch (thrown) {
      const { message, hint } = describeThrown(thrown);
      await reportError(message, hint, context);
      isGood = false;
    }
  }
  return isGood ? 0 : 1;
}
