import type { Command } from './command.ts';
import { commandUsage, exitText, GLOBAL_OPTIONS, optionPairs } from './help.ts';
import type { OptionSpecs } from './option.ts';

/** The text of docs/cli.md, from the same definitions as `--help`. */
export function renderCliDocs(commands: readonly Command[]): string {
  const summaries = commands.map(
    ({ name, summary }) => `| [\`${name}\`](#stackctl-${name}) | ${escapeCell(summary)} |`,
  );
  return [
    '# The command line',
    '',
    'Written by `npx tsx scripts/write-cli-docs.ts` from the definitions of the commands in `src/cli/commands/`.',
    'Do not edit: a test compares.',
    '',
    '| command | what it does |',
    '| --- | --- |',
    ...summaries,
    '',
    '## Options of every command',
    '',
    ...renderOptions(GLOBAL_OPTIONS),
    '',
    'A stack is named `demo` or `stack/demo`. A switch may be written `--wait=false`. Colours are used on a terminal',
    'only, and never when `NO_COLOR` is set.',
    '',
    ...commands.flatMap(renderCommand),
  ].join('\n');
}

function renderCommand(command: Command): readonly string[] {
  const { name, aliases, description, options, examples } = command;
  return [
    `## stackctl ${name}`,
    '',
    '```',
    commandUsage(command),
    '```',
    '',
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`, '']),
    ...description.flatMap((paragraph) => [paragraph, '']),
    ...(Object.keys(options).length === 0 ? [] : [...renderOptions(options), '']),
    '```sh',
    ...examples.flatMap(({ says, line }) => [`# ${says}`, line]),
    '```',
    '',
    `Exit codes: ${exitText(command)}.`,
    '',
  ];
}

function renderOptions(specs: OptionSpecs): readonly string[] {
  const rows = optionPairs(specs).map(
    ([flags, meaning]) => `| \`${escapeCell(flags.trim())}\` | ${escapeCell(meaning)} |`,
  );
  return ['| option | meaning |', '| --- | --- |', ...rows];
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|');
