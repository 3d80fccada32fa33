import type { Command, Context } from './command.ts';
import { defineCommand, type Example } from './command.ts';
import { flag, UsageError } from './option.ts';
import { parseStacks } from './reference.ts';
import { describeThrown, reportError } from './report.ts';

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
    usage: 'STACK...',
    summary,
    description,
    options: { all: flag('--all', 'every stack') },
    examples,
    takes: [0, Number.POSITIVE_INFINITY],
    async run({ args, options }, context: Context) {
      const client = await context.client();
      const named = parseStacks(args);
      const names = options.all ? (await client.stacks(context.signal)).map(({ name }) => name) : named;
      if (names.length === 0 && !options.all)
        throw new UsageError('no stack is named', 'give STACK, or --all');
      let isGood = true;
      for (const name of names) {
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
