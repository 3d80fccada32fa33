import { type Context, defineCommand } from '../command.ts';
import type { TestFormat } from '../net/test.ts';
import { choice, flag, list, text, UsageError } from '../option.ts';
import { parseStacks } from '../reference.ts';

const FORMATS = ['table', 'wide', 'json', 'yaml', 'markdown', 'svg', 'junit'] as const;
type Format = (typeof FORMATS)[number];

/** Which verbs there are, and how many arguments each takes. */
const VERBS: Readonly<Record<string, readonly [fewest: number, most: number, usage: string]>> = {
  matrix: [0, 0, 'matrix'],
  exposure: [0, 0, 'exposure'],
  paths: [1, 1, 'paths SERVICE'],
  subnets: [0, 0, 'subnets'],
  explain: [2, 2, 'explain A B[:PORT]'],
  test: [0, Number.POSITIVE_INFINITY, 'test FILE|DIR...'],
  verify: [0, Number.POSITIVE_INFINITY, 'verify [STACK...]'],
};

export const netCommand = defineCommand({
  name: 'net',
  group: 'Looking',
  usage: 'matrix|exposure|paths|subnets|explain|test|verify [ARGUMENT...] [-f FILE|DIR|-]',
  summary: 'who can talk to whom, and why',
  description: [
    'With -f the answer is that of the manifests, and neither a daemon nor an engine is needed. Without, it is that of the engine as it is now, and what differs from the manifests is marked.',
    'matrix: who reaches whom. exposure: each published port, who gets to it, and that this bypasses ufw. paths: everything that can be reached from a service, should it fall. subnets: used, free, overlapping.',
    'explain A B[:PORT]: yes or no, the chain of reasons, and what to change. A and B are services (web, or demo/web), containers, host or outside.',
    'test FILE|DIR... holds the manifests to each ReachabilityPolicy among them, without a daemon or an engine; -o junit is for CI.',
    'verify [STACK...]: proves it on the live engine. A probe container that is gone afterwards asks from within the network of each service whom it reaches, by which names, and whether it gets out; what the manifests say, what the engine shows and what the probes found must agree, and each ReachabilityPolicy must hold. Probes go to containers of stacks and to the host only. -o wide shows what agrees as well, -o junit is for CI.',
  ],
  options: {
    filename: list(
      '-f, --filename <path>',
      'a file, a directory, or - for stdin; may be given several times',
    ),
    output: choice('-o, --output <format>', 'output format', FORMATS),
    by: choice('--by <what>', 'rows and columns of the matrix', ['service', 'network']),
    stack: text('-s, --stack <name>', 'only of this stack'),
    outside: text(
      '--outside <host:port>',
      'verify: try ways out there; without it only routes are looked at',
    ),
    all: flag('--all', 'with containers that belong to no stack'),
    engine: text(
      '--engine <version>',
      'with -f: the Docker release that the manifests are meant for, 28 by default',
    ),
  },
  examples: [
    { says: 'who reaches whom on this host?', line: 'stackctl net matrix' },
    {
      says: 'a picture of what the manifests allow',
      line: 'stackctl net matrix -f stacks/ -o svg',
    },
    { says: 'what can be reached from outside?', line: 'stackctl net exposure' },
    { says: 'why does web not reach the database?', line: 'stackctl net explain web db:5432' },
    { says: 'is it really so?', line: 'stackctl net verify demo' },
    { says: 'what falls with traefik?', line: 'stackctl net paths hub-proxy/traefik' },
    {
      says: 'stop a pipeline that would open what must be closed',
      line: 'stackctl net test stacks/ -o junit',
    },
  ],
  exits:
    '0 done (explain: it is reached, test: all is as expected, verify: all is as declared and policies hold), 1 failed (or it is not), 2 wrong usage',
  takes: [1, Number.POSITIVE_INFINITY],
  async run({ args, options }, context) {
    const [verb = '', ...rest] = args;
    checkVerb(verb, rest);
    const filenames = options.filename;
    if (verb === 'verify') return verify(rest, options, context);
    const engine = options.engine ?? '28';
    if (verb === 'test') {
      const format = testFormat(options.output);
      const { testPolicies } = await import('../net/test.ts');
      return testPolicies([...rest, ...filenames], { engine, format }, context);
    }
    // Each verb loads its own, since no other command has a use for the model.
    const { lookAround } = await import('../net/sight.ts');
    const sight = await lookAround({ filenames, engine }, context);
    const stacks = options.stack === undefined ? [] : [options.stack];
    if (verb === 'matrix') {
      if (options.output === 'junit')
        throw new UsageError('net matrix has no junit output', 'net test and net verify have');
      const request = { by: options.by, format: options.output, stacks, strangers: options.all };
      const { showMatrix } = await import('../net/matrix.ts');
      return showMatrix(sight, request, context);
    }
    const format = plainFormat(verb, options.output);
    const [first = '', second = ''] = rest;
    if (verb === 'explain') {
      const { showExplanation } = await import('../net/explain.ts');
      return showExplanation(sight, { from: first, target: second, format }, context);
    }
    const { showExposure, showPaths, showSubnets } = await import('../net/lists.ts');
    if (verb === 'exposure') return showExposure(sight, format, context);
    return verb === 'paths' ? showPaths(sight, first, format, context) : showSubnets(sight, format, context);
  },
});

async function verify(
  args: readonly string[],
  {
    output,
    outside,
    filename,
  }: { readonly output: Format; readonly outside: string | undefined; readonly filename: readonly string[] },
  context: Context,
): Promise<number> {
  if (filename.length > 0) throw new UsageError('net verify asks the engine, not files', 'leave -f out');
  const format = output === 'junit' ? output : plainFormat('verify', output);
  const { showVerification } = await import('../net/verify.ts');
  return showVerification({ stacks: parseStacks(args), format, outside }, context);
}

function checkVerb(verb: string, rest: readonly string[]): void {
  const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (known === undefined) {
    throw new UsageError(`there is no "net ${verb}"`, `give one of ${Object.keys(VERBS).join(', ')}`);
  }
  const [fewest, most, usage] = known;
  if (rest.length < fewest || rest.length > most) throw new UsageError(`the usage is: stackctl net ${usage}`);
}

function plainFormat(verb: string, format: Format): 'table' | 'wide' | 'json' | 'yaml' {
  if (format === 'markdown' || format === 'svg' || format === 'junit') {
    throw new UsageError(`net ${verb} has no ${format} output`, 'give table, wide, json or yaml');
  }
  return format;
}

function testFormat(format: Format): TestFormat {
  if (format === 'markdown' || format === 'svg') {
    throw new UsageError(`net test has no ${format} output`, 'give table, json, yaml or junit');
  }
  return format;
}
