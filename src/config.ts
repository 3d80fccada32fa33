import { resolve } from 'node:path';
import { InvalidArgumentError, Option, Command as Parser } from 'commander';
import { VERSION } from './version.ts';

/** Settings of the daemon. Directories are absolute; times in milliseconds. */
export interface DaemonConfig {
  readonly manifests: readonly string[];
  readonly stateDirectory: string;
  readonly socketPath: string;
  readonly instance: string;
  /** As DOCKER_HOST; undefined: the usual socket. */
  readonly dockerHost: string | undefined;
  readonly logLevel: string;
  readonly workers: number;
  readonly concurrency: number;
  readonly resyncMs: number;
  readonly deleteGraceMs: number;
  /** The operator's PolicyConfiguration; undefined: the defaults are in force. */
  readonly policyFile: string | undefined;
  /** Undefined: isolation is verified only when somebody asks. */
  readonly verifyIntervalMs: number | undefined;
  readonly probeImage: string | undefined;
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `30s`, `5m`, `250ms`. */
function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = DURATION_UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined)
    throw new InvalidArgumentError('expected a duration such as 30s or 5m');
  return Number(match[1]) * unit;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new InvalidArgumentError('expected a number from 1 to 64');
  return value;
}

function instance(text: string): string {
  if (!/^[a-z0-9][a-z0-9_.-]{0,62}$/.test(text))
    throw new InvalidArgumentError('expected lower-case letters, digits, ., _ or -');
  return text;
}

/** As commander names them. */
interface Given {
  manifests?: string[];
  stateDir: string;
  socket: string;
  instance: string;
  dockerHost?: string;
  logLevel: string;
  workers: number;
  concurrency: number;
  resync: number;
  deleteGrace: number;
  policy?: string;
  verifyInterval: number;
  probeImage?: string;
}

/** How the command line of stackctld is read: flags before environment before defaults; help and exits by itself. */
export function parseDaemonConfig(argv: readonly string[]): DaemonConfig {
  const parser = addVerification(new Parser('stackctld'))
    .description('Keeps the Docker Engine as the manifests want it: networks, volumes, containers, health.')
    .version(VERSION)
    .addOption(
      new Option('--manifests <directory...>', 'directories of manifests to watch').env('STACKCTL_MANIFESTS'),
    )
    .addOption(
      new Option('--state-dir <directory>', 'memory that may be lost')
        .env('STACKCTL_STATE_DIR')
        .default('/var/lib/stackctl'),
    )
    .addOption(
      new Option('--socket <path>', 'unix socket of the API')
        .env('STACKCTL_SOCKET')
        .default('/run/stackctl/stackctl.sock'),
    )
    .addOption(
      new Option('--instance <name>', 'whose objects these are, when several daemons share an engine')
        .env('STACKCTL_INSTANCE')
        .default('default')
        .argParser(instance),
    )
    .addOption(new Option('--docker-host <url>', 'the engine, as in DOCKER_HOST').env('DOCKER_HOST'))
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .env('STACKCTL_LOG_LEVEL')
        .default('info')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
    )
    .addOption(new Option('--workers <n>', 'stacks reconciled at a time').default(4).argParser(count))
    .addOption(
      new Option('--concurrency <n>', 'engine calls at a time within a stack').default(4).argParser(count),
    )
    .addOption(
      new Option('--resync <duration>', 'look at everything again at least this often')
        .default(30_000, '30s')
        .argParser(duration),
    )
    .addOption(
      new Option('--delete-grace <duration>', 'how long a manifest must be gone before its stack is deleted')
        .default(30_000, '30s')
        .argParser(duration),
    )
    .addOption(
      new Option('--policy <file>', 'what stacks may do: a PolicyConfiguration').env('STACKCTL_POLICY'),
    )
    .addHelpText('after', EXAMPLES)
    .parse([...argv], { from: 'user' });
  const options = parser.opts<Given>();
  const manifests = options.manifests ?? ['/etc/stackctl/manifests'];
  return {
    manifests: manifests.map((directory) => resolve(directory)),
    stateDirectory: resolve(options.stateDir),
    socketPath: resolve(options.socket),
    instance: options.instance,
    dockerHost: options.dockerHost,
    logLevel: options.logLevel,
    workers: options.workers,
    concurrency: options.concurrency,
    resyncMs: options.resync,
    deleteGraceMs: options.deleteGrace,
    verifyIntervalMs: options.verifyInterval === 0 ? undefined : options.verifyInterval,
    probeImage: options.probeImage || undefined,
    policyFile: options.policy === undefined || options.policy === '' ? undefined : resolve(options.policy),
  };
}

function addVerification(parser: Parser): Parser {
  return parser
    .addOption(
      new Option('--verify-interval <duration>', 'probe who reaches whom this often (0s: only when asked)')
        .env('STACKCTL_VERIFY_INTERVAL')
        .default(0, '0s')
        .argParser(duration),
    )
    .addOption(
      new Option(
        '--probe-image <image>',
        "what probes run in, with node in its PATH; default: made from stackctld's own",
      ).env('STACKCTL_PROBE_IMAGE'),
    );
}

const EXAMPLES = `
Examples:
  stackctld --manifests /etc/stackctl/manifests
  stackctld --manifests ./manifests --state-dir ./.state --socket ./.state/stackctl.sock
  stackctld --manifests /etc/stackctl/manifests --policy /etc/stackctl/policy.yaml
  DOCKER_HOST=unix:///run/user/1000/docker.sock stackctld --manifests ~/stacks
`;
