import type { StackDiff } from '../../api/contract.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStacks } from '../completion/completer.ts';
import type { ManifestSet } from '../manifests.ts';
import { choice, flag, list } from '../option.ts';
import { differs, renderDiff } from '../output/diff.ts';
import { renderDocument } from '../output/document.ts';
import { parseStacks } from '../reference.ts';
import { reportProblems } from '../report.ts';
import { createSourceFinder } from '../source-finder.ts';

const SAME = 0;
const DIFFERS = 1;
const FAILED = 2;

export const diffCommand = defineCommand({
  name: 'diff',
  group: 'Desired state',
  usage: '[STACK...] [-f FILE|DIR|-]',
  summary: 'show what differs and what would be done about it',
  description: [
    'Compares what the engine shows now with what is desired, field by field, and prints the plan that would make them equal. It is the same code that reconciles, stopped before it acts.',
    'With -f the desired state is that of the given manifests, before they are applied. Without, it is that of the stacks named, or of all, and what is printed is drift that has not been healed yet.',
  ],
  options: {
    filename: list(
      '-f, --filename <path>',
      'a file, a directory, or - for stdin; may be given several times',
    ),
    adopt: flag('--adopt', 'as if the docker compose projects of the same names were taken over'),
    output: choice('-o, --output <format>', 'output format', ['text', 'json', 'yaml']),
  },
  examples: [
    { says: 'what would applying this file change?', line: 'stackctl diff -f compose.yaml' },
    { says: 'has anything drifted, on the whole host?', line: 'stackctl diff' },
    {
      says: 'stop a pipeline unless the host is as the manifests say',
      line: 'stackctl diff -f stacks/ || exit 1',
    },
  ],
  exits: '0 nothing differs, 1 something differs, 2 it could not be found out',
  failureExit: FAILED,
  takes: [0, Number.POSITIVE_INFINITY],
  completes: completeStacks,
  async run({ args, options }, context) {
    const stacks = parseStacks(args);
    const { adopt } = options;
    const compared: Compared[] = [];
    if (options.filename.length === 0) {
      const client = await context.client();
      const diffs = await client.diff({ manifests: undefined, stacks, adopt }, context.signal);
      compared.push({ set: undefined, diffs });
    }
    for (const argument of options.filename) {
      const { readManifests } = await import('../manifests.ts');
      const set = await readManifests(argument, context);
      const client = await context.client();
      const diffs = await client.diff({ manifests: set.manifests, stacks, adopt }, context.signal);
      compared.push({ set, diffs });
    }
    return report(compared, options.output, context);
  },
});

interface Compared {
  readonly set: ManifestSet | undefined;
  readonly diffs: readonly StackDiff[];
}

async function report(
  compared: readonly Compared[],
  format: 'text' | 'json' | 'yaml',
  context: Context,
): Promise<number> {
  const diffs = compared.flatMap((each) => each.diffs);
  if (format !== 'text') await context.stdout.write(await renderDocument(format, { items: diffs }));
  let isSound = true;
  for (const { set, diffs: ofSet } of compared) {
    const findSource = createSourceFinder(context.cwd, set);
    for (const diff of ofSet) {
      const acceptable = await reportProblems(diff.problems, findSource, context);
      isSound &&= acceptable;
      if (format === 'text') await context.stdout.write(renderDiff(diff, context.colors));
    }
  }
  if (!isSound) return FAILED;
  return diffs.some(differs) ? DIFFERS : SAME;
}
