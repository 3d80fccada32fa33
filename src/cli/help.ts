import type { Command } from './command.ts';
import { flag, type OptionSpecs, text } from './option.ts';
import { wrap } from './output/wrap.ts';

/** Options that every command takes, before or after its name. */
export const GLOBAL_OPTIONS = {
  socket: text(
    '--socket <path>',
    'the socket of stackctld (or STACKCTL_SOCKET; default /run/stackctl/stackctl.sock)',
  ),
  host: text('--host <url>', 'a stackctld elsewhere: https://HOST:PORT (or STACKCTL_HOST)'),
  tokenFile: text(
    '--token-file <file>',
    'the token for --host (or STACKCTL_TOKEN_FILE, or the token itself in STACKCTL_TOKEN)',
  ),
  certificateAuthority: text(
    '--certificate-authority <file>',
    'who signed its certificate, in PEM (or STACKCTL_CERTIFICATE_AUTHORITY; default the usual ones)',
  ),
  direct: flag('--direct', 'do without a daemon: work once, in this process'),
  color: flag('--no-color', 'never colour the output (as with NO_COLOR; default: on a terminal only)'),
  help: flag('-h, --help', 'show help'),
} as const satisfies OptionSpecs;

const GROUPS: readonly Command['group'][] = ['Desired state', 'Looking', 'Control', 'Other'];
const MAX_WIDTH = 100;

/** What `stackctl --help` prints. */
export function renderProgramHelp(commands: readonly Command[], columns: number | undefined): string {
  const width = usableWidth(columns);
  const groups = GROUPS.flatMap((group) => {
    const inGroup = commands.filter((command) => command.group === group);
    return inGroup.length === 0
      ? []
      : [
          heading(group),
          ...renderPairs(
            inGroup.map(({ name, summary }) => [name, summary]),
            width,
          ),
          '',
        ];
  });
  return [
    'stackctl keeps the Compose stacks of this host as their manifests say.',
    '',
    'Usage: stackctl COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    ...groups,
    heading('Global options'),
    ...renderPairs(
      [...optionPairs(GLOBAL_OPTIONS), ['-V, --version', "print this program's version"]],
      width,
    ),
    '',
    heading('Examples'),
    ...renderExamples([
      { says: 'apply a Compose project and wait until it is ready', line: 'stackctl apply -f compose.yaml' },
      { says: 'see every stack, and follow what changes', line: 'stackctl get stacks -w' },
      { says: 'find out why one is not ready', line: 'stackctl describe stack demo' },
    ]),
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong usage (diff: 0 same, 1 differs, more failed).',
    'More about a command: stackctl COMMAND --help',
    '',
  ].join('\n');
}

/** What `stackctl COMMAND --help` prints. */
export function renderCommandHelp(command: Command, columns: number | undefined): string {
  const width = usableWidth(columns);
  const options = optionPairs(command.options);
  return [
    `Usage: ${commandUsage(command)}`,
    ...(command.aliases.length === 0 ? [] : [`Also: ${command.aliases.join(', ')}`]),
    ...command.description.flatMap((paragraph) => ['', ...wrap(paragraph, width)]),
    ...(options.length === 0 ? [] : ['', heading('Options'), ...renderPairs(options, width)]),
    '',
    heading('Global options'),
    ...renderPairs(optionPairs(GLOBAL_OPTIONS), width),
    '',
    heading('Examples'),
    ...renderExamples(command.examples),
    '',
    ...wrap(`Exit codes: ${exitText(command)}.`, width),
    '',
  ].join('\n');
}

export function commandUsage({ name, usage, options }: Command): string {
  const hasOptions = Object.keys(options).length > 0;
  return ['stackctl', name, usage, hasOptions ? '[OPTIONS]' : ''].filter((part) => part !== '').join(' ');
}

export function exitText(command: Command): string {
  return command.exits ?? '0 done, 1 failed, 2 wrong usage';
}

/** Each option's spelling and meaning, its default included. */
export function optionPairs(specs: OptionSpecs): readonly (readonly [string, string])[] {
  return Object.values(specs).map(({ flags, description, shownDefault }) => {
    const indented = flags.startsWith('--') ? `    ${flags}` : flags;
    return [indented, shownDefault === undefined ? description : `${description} (default ${shownDefault})`];
  });
}

const heading = (title: string): string => `${title}:`;

function renderExamples(examples: Command['examples']): readonly string[] {
  return examples.flatMap(({ says, line }) => [`  # ${says}`, `  ${line}`]);
}

function renderPairs(pairs: readonly (readonly [string, string])[], width: number): readonly string[] {
  const left = Math.max(...pairs.map(([term]) => term.length)) + 4;
  return pairs.flatMap(([term, meaning]) =>
    wrap(meaning, width - left).map(
      (line, index) => `${(index === 0 ? `  ${term}` : '').padEnd(left)}${line}`,
    ),
  );
}

function usableWidth(columns: number | undefined): number {
  return Math.max(60, Math.min(MAX_WIDTH, columns ?? MAX_WIDTH));
}
