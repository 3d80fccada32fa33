import { CommanderError, Option, Command as Parser } from 'commander';
import { VERSION } from '../version.ts';
import type { Command } from './command.ts';
import type { EndpointNames } from './endpoint.ts';
import { GLOBAL_OPTIONS, renderCommandHelp, renderProgramHelp } from './help.ts';
import { type OptionSpec, type OptionSpecs, type OptionValues, UsageError } from './option.ts';
import { normaliseSwitches } from './switches.ts';

/** A command line that calls a command. */
export interface ParsedCall {
  readonly kind: 'call';
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly globals: EndpointNames & { readonly direct: boolean };
}

/** `help`: text that was asked for. `usage`: what is wrong with the line. */
export type Parsed = ParsedCall | { readonly kind: 'help' | 'usage'; readonly text: string };

interface Grammar {
  readonly commands: readonly Command[];
  /** For help; undefined: a usual width. */
  readonly columns: number | undefined;
}

/** Understands a command line (without the program's name). Throws `UsageError` for an option's bad value. */
export function parseArguments(argv: readonly string[], grammar: Grammar): Parsed {
  const texts = { out: '', error: '' };
  let call: ParsedCall | undefined;
  const root = new Parser('stackctl')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (texts.out += text),
      writeErr: (text) => (texts.error += text),
    })
    .configureHelp({ formatHelp: () => renderProgramHelp(grammar.commands, grammar.columns) })
    .version(`stackctl ${VERSION}`, '-V, --version')
    .helpCommand('help [command]')
    .showHelpAfterError("see 'stackctl --help'");
  addOptions(root, GLOBAL_OPTIONS);
  for (const command of candidates(argv, grammar.commands)) {
    const parser = new Parser(command.name).copyInheritedSettings(root).aliases(command.aliases);
    parser.configureHelp({ formatHelp: () => renderCommandHelp(command, grammar.columns) });
    parser.showHelpAfterError(`see 'stackctl ${command.name} --help'`);
    addOptions(parser, command.options);
    parser.argument('[arguments...]').action((args: string[]) => {
      checkCount(parser, command, args);
      const globals = readOptions(root, GLOBAL_OPTIONS);
      call = { kind: 'call', command, args, options: readOptions(parser, command.options), globals };
    });
    root.addCommand(parser);
  }
  try {
    root.parse(normaliseSwitches(argv, grammar.commands), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // The parser ends by throwing also when it has shown help, and takes a bare `stackctl` for an error.
    const isHelp = thrown.code === 'commander.help' || thrown.exitCode === 0;
    return isHelp ? { kind: 'help', text: texts.out + texts.error } : { kind: 'usage', text: texts.error };
  }
  return call ?? { kind: 'help', text: renderProgramHelp(grammar.commands, grammar.columns) };
}

/** Only what is called when the line begins with it: building the parsers of all takes longer than parsing. */
function candidates([first]: readonly string[], commands: readonly Command[]): readonly Command[] {
  const called = commands.find(
    ({ name, aliases }) => first !== undefined && (name === first || aliases.includes(first)),
  );
  return called === undefined ? commands : [called];
}

function checkCount(parser: Parser, { name, usage, takes }: Command, args: readonly string[]): void {
  const [fewest, most] = takes;
  const right = `the usage is: stackctl ${name} ${usage}`.trimEnd();
  if (args.length < fewest) parser.error(`error: missing argument, ${right}`);
  if (args.length > most) parser.error(`error: too many arguments, ${right}`);
}

/** Our options in the parser's words. `--help` is its own, and a switch that is on gets its `--no-`. */
function addOptions(parser: Parser, specs: OptionSpecs): void {
  for (const spec of Object.values(specs)) {
    if (spec.flags.endsWith('--help')) continue;
    const option = new Option(spec.flags, spec.description);
    if (option.required)
      option.argParser((value: string, previous: Given | undefined) => readValue(spec, value, previous));
    parser.addOption(option);
    if (spec.initial === true) parser.addOption(new Option(`--no-${option.name()}`).hideHelp());
  }
}

/** An option's value, in a box: the parser would make an empty text of one that is undefined. */
interface Given {
  readonly value: unknown;
}

function readValue(spec: OptionSpec<unknown>, value: string, previous: Given | undefined): Given {
  try {
    return { value: spec.read(value, previous === undefined ? spec.initial : previous.value) };
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    const long = new Option(spec.flags).long ?? spec.flags;
    throw new UsageError(`${long} "${value}": ${thrown.message}`, thrown.hint);
  }
}

function readOptions<Specs extends OptionSpecs>(parser: Parser, specs: Specs): OptionValues<Specs> {
  const given = parser.opts();
  const values = Object.entries(specs).map(([key, spec]) => {
    const found: boolean | Given | undefined = given[new Option(spec.flags).attributeName()];
    if (found === undefined) return [key, spec.initial] as const;
    return [key, typeof found === 'boolean' ? found : found.value] as const;
  });
  // Each value was made by its own spec's `read`, or is that spec's `initial`.
  return Object.fromEntries(values) as OptionValues<Specs>;
}
