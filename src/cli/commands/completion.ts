import { defineCommand } from '../command.ts';
import { completeWords } from '../completion/completer.ts';
import { COMPLETION_SCRIPTS, SHELLS } from '../completion/scripts.ts';
import { UsageError } from '../option.ts';
import { didYouMean } from '../reference.ts';

export const completionCommand = defineCommand({
  name: 'completion',
  group: 'Other',
  usage: 'bash|zsh|fish',
  summary: 'print a script that completes command lines in a shell',
  description: [
    'Prints a script for a shell, which then completes commands, options and their values, fields for explain, and the names of what the daemon has just now. Where no daemon answers within two seconds, there are no names.',
    'To have it in every new shell, put the line of the example into ~/.bashrc, into ~/.zshrc behind compinit, or the output into ~/.config/fish/completions/stackctl.fish.',
  ],
  options: {},
  examples: [
    { says: 'for this bash', line: 'source <(stackctl completion bash)' },
    { says: 'for this zsh', line: 'source <(stackctl completion zsh)' },
    { says: 'for this fish', line: 'stackctl completion fish | source' },
  ],
  takes: [1, 1],
  completes: completeWords(SHELLS),
  async run({ args: [wanted = ''] }, context) {
    const shell = SHELLS.find((each) => each === wanted);
    if (shell === undefined) {
      throw new UsageError(
        `there is no completion for "${wanted}"`,
        didYouMean(wanted, SHELLS) ?? `it is one of ${SHELLS.join(', ')}`,
      );
    }
    await context.stdout.write(COMPLETION_SCRIPTS[shell]);
    return 0;
  },
});
