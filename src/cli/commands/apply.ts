import type { ApplyResult } from '../../api/contract.ts';
import type { Client } from '../client.ts';
import { type Context, defineCommand } from '../command.ts';
import { type LintNote, takeLintNotes, tellLintNotes } from '../lint-note.ts';
import type { ManifestSet } from '../manifests.ts';
import { duration, flag, list, UsageError } from '../option.ts';
import { countProblems } from '../output/problems.ts';
import { printable } from '../output/table.ts';
import { waitUntilReady } from '../ready.ts';
import { reportError, reportProblems } from '../report.ts';
import { createSourceFinder } from '../source-finder.ts';

export const applyCommand = defineCommand({
  name: 'apply',
  group: 'Desired state',
  usage: '-f FILE|DIR|-',
  summary: 'make stacks be as their manifests say, and wait for it',
  description: [
    'Sends manifests to the daemon, which keeps the stacks that way from then on, and waits until each is ready or has failed.',
    'A manifest is a Stack (apiVersion stackctl.io/v1alpha1) in any .yaml, .yml or .json file, or a plain Compose file by its usual name (compose.yaml, docker-compose.yml, NAME.compose.yaml). For a directory, all manifests of its tree are sent, without node_modules, .git and what .stackctlignore names; for a Compose file its override file goes along. Relative paths in a manifest are read from its own directory on this host (for "-" from the working directory).',
    'When all went well and something changed, it says at the very end, in a few lines, what `stackctl lint` finds in what was applied. That is advice, and changes neither what was done nor the exit code.',
    'When anything is wrong in the manifests of one -f, all faults are printed with their place, and nothing of it is applied.',
  ],
  options: {
    filename: list(
      '-f, --filename <path>',
      'a file, a directory, or - for stdin; may be given several times',
    ),
    wait: flag('--wait', 'wait until ready or failed; --wait=false returns at once', true),
    timeout: duration('--timeout <duration>', 'how long to wait', '5m'),
    dryRun: flag('--dry-run', 'print what would be done, do nothing'),
    force: flag('--force', 'take over a stack that comes from another source'),
    adopt: flag('--adopt', 'take over the docker compose project of the same name'),
    lint: flag('--lint', 'say at the end what stackctl lint thinks of it; --no-lint does without', true),
  },
  examples: [
    { says: 'apply a Compose project', line: 'stackctl apply -f compose.yaml' },
    {
      says: 'apply every stack of a directory and do not wait',
      line: 'stackctl apply -f /srv/stacks --wait=false',
    },
    { says: 'see first what would be done', line: 'stackctl apply -f compose.yaml --dry-run' },
    { says: 'apply what another program writes', line: 'generate-stack | stackctl apply -f -' },
  ],
  exits:
    '0 all applied (and ready, unless --wait=false), 1 something failed or is not ready in time, 2 wrong usage',
  async run({ options }, context) {
    if (options.filename.length === 0)
      throw new UsageError('nothing to apply', 'give -f FILE, -f DIR or -f -');
    const { readManifests } = await import('../manifests.ts');
    // All are read before any is sent: a typing error in the last -f applies nothing.
    const sets: ManifestSet[] = [];
    for (const argument of options.filename) sets.push(await readManifests(argument, context));

    const client = await context.client();
    const results: (ApplyResult | undefined)[] = [];
    for (const set of sets) results.push(await applySet(client, set, options, context));
    const stacks = results.flatMap((result) => result?.stacks ?? []);
    const areTaken = results.every((result) => result !== undefined);
    // Of what was applied before as it is now, it has been told then.
    const changed = sets.filter((_set, index) => isAnyNew(results[index]));
    const takeNotes = () => takeLintNotes(options.lint && areTaken ? changed : [], context);
    let notes: Promise<readonly LintNote[]> | undefined;
    // It takes a moment in which this process does nothing else: while the daemon works, and once none of it is missed.
    const onListening = () => {
      notes ??= takeNotes();
    };
    const { timeout: timeoutMs } = options;
    const waits = options.wait && !options.dryRun;
    const areReady = !waits || (await untilReady(client, stacks, { timeoutMs, onListening }, context));
    if (!areTaken || !areReady) return 1;
    // Last, and not below a failure, which it would hide.
    await tellLintNotes((await notes) ?? (await takeNotes()), context);
    return 0;
  },
});

const isAnyNew = (result: ApplyResult | undefined): boolean =>
  result?.stacks.some(({ action }) => action !== 'unchanged') === true;

/** Waits for those that are not Ready already. */
async function untilReady(
  client: Client,
  stacks: ApplyResult['stacks'],
  how: { readonly timeoutMs: number; readonly onListening: () => void },
  context: Context,
): Promise<boolean> {
  const ready = stacks.filter(({ isReady }) => isReady);
  await context.stdout.write(ready.map(({ name }) => `stack/${name} ready\n`).join(''));
  const goals = new Map(
    stacks.filter(({ isReady }) => !isReady).map(({ name, generation }) => [name, generation]),
  );
  return goals.size === 0 || waitUntilReady(client, { goals, ...how }, context);
}

interface ApplyMode {
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly adopt: boolean;
}

/** Undefined when nothing was taken; why has been said then. */
async function applySet(
  client: Client,
  set: ManifestSet,
  { dryRun, force, adopt }: ApplyMode,
  context: Context,
): Promise<ApplyResult | undefined> {
  for (const file of set.leftOut) {
    await context.stderr.write(
      `${context.errorColors.busy('warning')}: ${printable(file)} is too large for a manifest and was left out\n`,
    );
  }
  const result =
    set.manifests.files.length === 0
      ? { problems: [], stacks: [] }
      : await client.apply({ ...set.manifests, dryRun, force, adopt }, context.signal);
  if (!(await reportProblems(result.problems, createSourceFinder(context.cwd, set), context))) {
    await reportError(
      `${set.argument}: ${countProblems(result.problems)}, nothing of it was applied`,
      undefined,
      context,
    );
    return undefined;
  }
  const repositories = result.repositories ?? [];
  if (result.stacks.length + repositories.length === 0) {
    const hint =
      'a manifest has apiVersion stackctl.io/v1alpha1, or is a Compose file called compose.yaml, docker-compose.yml or NAME.compose.yaml';
    await reportError(`${set.argument}: no manifest found`, hint, context);
    return undefined;
  }
  const dry = dryRun ? ' (dry run)' : '';
  const lines = repositories.map(({ name, action }) => `source/${name} ${action}${dry}\n`);
  await context.stdout.write(
    [...lines, ...result.stacks.map((stack) => renderApplied(stack, dryRun))].join(''),
  );
  return result;
}

function renderApplied({ name, action, plan }: ApplyResult['stacks'][number], dryRun: boolean): string {
  if (!dryRun) return `stack/${name} ${action}\n`;
  return [`stack/${name} ${action} (dry run)`, ...plan.map((line) => `  ${printable(line)}`), ''].join('\n');
}
