import type { Command, Context } from './command.ts';
import { defineCommand, type Example } from './command.ts';
import { completeStacks } from './completion/completer.ts';
import { describeThrown, reportError } from './report.ts';
import { chooseStacks, selectionOptions } from './stack-selection.ts';

interface StackCommand {
  readonly verb: 'suspend' | 'resume';
  readonly summary: string;
  readonly description: readonly string[];
  readonly examples: readonly Example[];
  /** What is printed for each stack: `stack/demo suspended`. */
  readonly done: string;
}

/** A command that tells the daemon one word about each stack; one that fails does not stop the others. */
export function defineStackCommand({ verb, summary, description, examples, done }: StackCommand): Command {
  return defineCommand({
    name: verb,
    group: 'Control',
    usage: 'STACK...|-l LABELS|--all',
    summary,
    description,
    options: selectionOptions,
    examples,
    takes: [0, Number.POSITIVE_INFINITY],
    completes: completeStacks,
    async run({ args, options }, context: Context) {
      const client = await context.client();
      let isGood = true;
      for (const name of await chooseStacks(client, { args, options }, context)) {
        try {
          await client.command(name, verb, context.signal);
          await context.stdout.write(`stack/${name} ${done}\n`);
        } catch (thrown) {
          const { message, hint } = describeThrown(thrown);
          await reportError(message, hint, context);
          isGood = false;
        }
      }
      return isGood ? 0 : 1;
    },
  });
}
