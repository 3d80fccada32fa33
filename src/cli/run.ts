import type { Context } from './command.ts';
import { COMMANDS } from './commands.ts';
import type { Connect, Connection } from './connect.ts';
import { chooseEndpoint, type EndpointNames } from './endpoint.ts';
import type { ManifestLoader } from './manifest-loader.ts';
import { UsageError } from './option.ts';
import { createColors, wantsColor } from './output/color.ts';
import { createSink, type OutputStream } from './output/sink.ts';
import { type ParsedCall, parseArguments } from './parser.ts';
import { describeThrown, reportError } from './report.ts';

const EXIT_DONE = 0;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

export interface CliWorld {
  /** Without the interpreter and the script. */
  readonly argv: readonly string[];
  /** Colours, widths and progress follow its `isTTY` and `columns`. */
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly connect: Connect;
  /** What the client's file says of the daemon; {} without one. */
  readonly clientFile?: () => Promise<EndpointNames>;
  /** For commands that need no daemon. */
  readonly loader: ManifestLoader;
  /** Unix time in ms, for ages. */
  readonly now: () => number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The whole command line program: argv in, exit code out. Never throws. */
export async function runCli(world: CliWorld): Promise<number> {
  // Also when nobody reads any more (`| head`), and at the end, so that no stream keeps the process alive.
  const over = new AbortController();
  const signal = AbortSignal.any([world.signal, over.signal]);
  const stdout = createSink(world.stdout, () => over.abort());
  const stderr = createSink(world.stderr, () => undefined);
  const errorColors = createColors(wantsColor(stderr.isTerminal, world.env, world.argv));
  const colors = createColors(wantsColor(stdout.isTerminal, world.env, world.argv));
  const io = {
    stdout,
    stderr,
    stdin: world.stdin,
    cwd: world.cwd,
    loader: world.loader,
    colors,
    errorColors,
    signal,
    now: world.now,
  };
  try {
    if (world.argv[0] === '__complete') {
      await stdout.write(await answerCompletion(world));
      return EXIT_DONE;
    }
    const parsed = parseArguments(world.argv, { commands: COMMANDS, columns: stdout.columns });
    if (parsed.kind === 'call') {
      const exit = await runCommand(parsed, io, { world, over });
      return world.signal.aborted ? EXIT_INTERRUPTED : exit;
    }
    await (parsed.kind === 'help' ? stdout : stderr).write(parsed.text);
    return parsed.kind === 'help' ? EXIT_DONE : EXIT_USAGE;
  } catch (thrown) {
    const { message, hint } = describeThrown(thrown);
    await reportError(message, hint, io);
    return EXIT_USAGE;
  }
}

/** For the shells' completion scripts: no command of its own, and never an error. */
async function answerCompletion({ argv, env, cwd, clientFile, connect, signal }: CliWorld): Promise<string> {
  const { answerCompletion: answer } = await import('./completion/answer.ts');
  return answer({
    words: argv.slice(1),
    connect: async (flags) => {
      const endpoint = chooseEndpoint({ flags, env, file: (await clientFile?.()) ?? {}, cwd });
      return (await connect({ endpoint, direct: false, signal })).client;
    },
  });
}

interface Running {
  readonly world: CliWorld;
  readonly over: AbortController;
}

async function runCommand(
  parsed: ParsedCall,
  io: Omit<Context, 'client'>,
  { world, over }: Running,
): Promise<number> {
  const { command, args, options, globals } = parsed;
  let connection: Promise<Connection> | undefined;
  const client: Context['client'] = async () => {
    connection ??= connect(globals, world, io.signal);
    return (await connection).client;
  };
  try {
    return await command.run({ args, options }, { ...io, client });
  } catch (thrown) {
    if (io.signal.aborted) return EXIT_DONE;
    const { message, hint } = describeThrown(thrown);
    if (!(thrown instanceof UsageError)) {
      await reportError(message, hint, io);
      return command.failureExit;
    }
    await reportError(message, hint ?? `stackctl ${command.name} --help`, io);
    return EXIT_USAGE;
  } finally {
    over.abort();
    await connection?.then((open) => open.close()).catch(() => undefined);
  }
}

async function connect(
  globals: ParsedCall['globals'],
  world: CliWorld,
  signal: AbortSignal,
): Promise<Connection> {
  const { env, cwd } = world;
  const file = globals.direct ? {} : ((await world.clientFile?.()) ?? {});
  const endpoint = chooseEndpoint({
    flags: { ...globals, socket: globals.socket || undefined },
    env,
    file,
    cwd,
  });
  return world.connect({ endpoint, direct: globals.direct, signal });
}
