import type { Client } from './client.ts';
import type { Completer } from './completion/completer.ts';
import type { ManifestLoader } from './manifest-loader.ts';
import type { OptionSpecs, OptionValues } from './option.ts';
import type { Colors } from './output/color.ts';
import type { Sink } from './output/sink.ts';

/** Everything about one command: `--help`, docs/cli.md and the parser are all made from this. */
export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Which heading of `stackctl --help` it stands under. */
  readonly group: 'Desired state' | 'Looking' | 'Control' | 'Other';
  /** Its arguments as `--help` shows them: `STACK [SERVICE...]`; empty when it takes none. */
  readonly usage: string;
  /** A few words, for the list of commands. */
  readonly summary: string;
  /** Paragraphs, each one string. */
  readonly description: readonly string[];
  readonly options: OptionSpecs;
  readonly examples: readonly Example[];
  /** What the exit code means, where it is more than 0 done, 1 failed, 2 usage. */
  readonly exits: string | undefined;
  /** The exit code when it throws. */
  readonly failureExit: number;
  /** The fewest and the most arguments it takes. */
  readonly takes: readonly [fewest: number, most: number];
  /** Knows what its arguments may be, for completion. */
  readonly completes?: Completer;
  readonly run: (call: Call<OptionSpecs>, context: Context) => Promise<number>;
}

export interface Example {
  readonly says: string;
  readonly line: string;
}

export interface Call<Specs> {
  readonly args: readonly string[];
  readonly options: OptionValues<Specs>;
}

/** The world as a command sees it. */
export interface Context {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly cwd: string;
  /** Understands manifests in this process. */
  readonly loader: ManifestLoader;
  /** For what goes to stdout. */
  readonly colors: Colors;
  /** For what goes to stderr. */
  readonly errorColors: Colors;
  /** Aborted by Ctrl-C, and when nobody reads stdout any more. */
  readonly signal: AbortSignal;
  /** Unix time in ms. */
  now(): number;
  /** Connects at the first call. Throws `Failure` `unreachable` when no daemon is there. */
  client(): Promise<Client>;
}

interface Definition<Specs extends OptionSpecs> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: Command['group'];
  readonly usage?: string;
  readonly summary: string;
  readonly description: readonly string[];
  readonly options: Specs;
  readonly examples: readonly Example[];
  readonly exits?: string;
  readonly failureExit?: number;
  readonly takes?: readonly [fewest: number, most: number];
  readonly completes?: Completer;
  readonly run: (call: Call<Specs>, context: Context) => Promise<number>;
}

/** A command whose `run` knows the types of its own options. */
export function defineCommand<const Specs extends OptionSpecs>(definition: Definition<Specs>): Command {
  const { run } = definition;
  return {
    aliases: [],
    usage: '',
    exits: undefined,
    failureExit: 1,
    takes: [0, 0],
    ...definition,
    // The parser fills in exactly the values that `options` describes.
    run: (call, context) => run(call as Call<Specs>, context),
  };
}
