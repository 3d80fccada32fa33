import { CommanderError, Option, Command as Parser } from 'commander';
import { VERSION } from '../version.ts';
import { type SettingKey, settingList } from './table.ts';

/** Where the file of settings is looked for when nobody names another. */
export const USUAL_FILE = '/etc/stackctl/stackctld.yaml';

/** A command line that was understood, or a text to print instead of working. */
export type CommandLine =
  | {
      readonly kind: 'flags';
      /** Texts as given, of the flags that were. */
      readonly given: Readonly<Partial<Record<SettingKey, readonly string[]>>>;
      readonly configFile: string | undefined;
    }
  | { readonly kind: 'help' | 'usage'; readonly text: string };

/** Reads the flags of stackctld. Values are checked later, together with those from elsewhere. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const texts = { out: '', error: '' };
  const parser = createParser()
    .exitOverride()
    .configureOutput({ writeOut: (text) => (texts.out += text), writeErr: (text) => (texts.error += text) });
  try {
    parser.parse([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return thrown.exitCode === 0 ? { kind: 'help', text: texts.out } : { kind: 'usage', text: texts.error };
  }
  const options = parser.opts<Record<string, string | string[] | undefined>>();
  const given = Object.fromEntries(
    settingList().flatMap(([key, setting]) => {
      const value = options[new Option(setting.flag).attributeName()];
      return value === undefined ? [] : [[key, typeof value === 'string' ? [value] : value]];
    }),
  );
  const { config } = options;
  return { kind: 'flags', given, configFile: typeof config === 'string' ? config : undefined };
}

function createParser(): Parser {
  const parser = new Parser('stackctld')
    .description('Keeps the Docker Engine as the manifests want it: networks, volumes, containers, health.')
    .version(VERSION)
    .allowExcessArguments(false)
    .showHelpAfterError("see 'stackctld --help'")
    .configureHelp({ helpWidth: 100 })
    .addOption(
      new Option(
        '--config <file>',
        `a file of settings, in YAML (or STACKCTL_CONFIG; default ${USUAL_FILE}, where there is one)`,
      ),
    );
  for (const [, setting] of settingList()) {
    const usual = setting.shownDefault === undefined ? '' : `; default ${setting.shownDefault}`;
    const option = new Option(setting.flag, `${setting.summary} (or ${setting.env}${usual})`);
    if (option.optional) option.preset('true');
    parser.addOption(option.helpGroup(`${setting.section}:`));
  }
  return parser.addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
A flag goes before the environment, the environment before the file, the file before the default.

Examples:
  stackctld --manifests /etc/stackctl/manifests
  stackctld --config ./stackctld.yaml --log-level debug
  stackctld --manifests ./manifests --state-dir ./.state --socket ./.state/stackctl.sock
  DOCKER_HOST=unix:///run/user/1000/docker.sock stackctld --manifests ~/stacks
`;
