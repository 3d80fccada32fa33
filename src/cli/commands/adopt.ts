import type { StackDiff } from '../../api/contract.ts';
import type { Client } from '../client.ts';
import { type Context, defineCommand } from '../command.ts';
import type { ManifestSet } from '../manifests.ts';
import { duration, flag, list, UsageError } from '../option.ts';
import { differs, renderDiff } from '../output/diff.ts';
import { waitUntilReady } from '../ready.ts';
import { reportError, reportProblems } from '../report.ts';
import { createSourceFinder } from '../source-finder.ts';

export const adoptCommand = defineCommand({
  name: 'adopt',
  group: 'Desired state',
  usage: 'PROJECT [-f FILE]',
  summary: 'take over a running docker compose project, without a restart',
  description: [
    'Shows what taking over a project that docker compose made would change, and takes it over. What means the same stays as it is: containers, networks and volumes keep their ids and go on running.',
    'When something would change, that is all that happens, unless --yes is given: then the project is taken over and changed.',
    'The manifest is the file that the project was made from, as its containers tell, or the one that -f names. A stack whose manifest comes from a directory or from Git is taken over with that one.',
  ],
  options: {
    filename: list(
      '-f, --filename <path>',
      'the manifest, where it is not the file that the project was made from',
    ),
    yes: flag('-y, --yes', 'take it over even when that changes something'),
    dryRun: flag('--dry-run', 'show what would change, and do nothing'),
    wait: flag('--wait', 'wait until ready or failed; --wait=false returns at once', true),
    timeout: duration('--timeout <duration>', 'how long to wait', '5m'),
  },
  examples: [
    { says: 'what would change?', line: 'stackctl adopt shop --dry-run' },
    { says: 'take it over', line: 'stackctl adopt shop' },
    { says: 'take it over with another file', line: 'stackctl adopt shop -f /srv/shop/compose.yaml' },
  ],
  exits: '0 taken over (and ready, unless --wait=false), 1 something would change or failed, 2 wrong usage',
  takes: [0, 1],
  async run({ args: [project], options }, context) {
    if (project === undefined)
      throw new UsageError('no project is named', 'give PROJECT; docker compose ls lists them');
    const client = await context.client();
    const set = await manifestOf(client, project, options.filename, context);
    const [diff, ...others] = await client.diff(
      { manifests: set?.manifests, stacks: set === undefined ? [project] : [], adopt: true },
      context.signal,
    );
    if (!(await isSound(diff, others, { project, set }, context))) return 1;
    const changes = diff !== undefined && differs(diff);
    await context.stdout.write(
      changes ? renderDiff(diff, context.colors) : `project/${project}: nothing would change\n`,
    );
    if (options.dryRun) return 0;
    if (changes && !options.yes) {
      await reportError(
        `${project} was not taken over: that would change it`,
        'see above; --yes does it',
        context,
      );
      return 1;
    }
    const generation = await takeOver(client, project, set, context);
    await context.stdout.write(`stack/${project} adopted\n`);
    if (!options.wait) return 0;
    const goals = new Map([[project, generation]]);
    return (await waitUntilReady(client, { goals, timeoutMs: options.timeout }, context)) ? 0 : 1;
  },
});

/** Undefined when the daemon has a manifest of that name from a source of its own. */
async function manifestOf(
  client: Client,
  project: string,
  filenames: readonly string[],
  context: Context,
): Promise<ManifestSet | undefined> {
  const { readManifests } = await import('../manifests.ts');
  const [filename, ...more] = filenames;
  if (more.length > 0) throw new UsageError('several manifests are named', 'give -f once');
  if (filename !== undefined) return readManifests(filename, context);
  const stacks = await client.stacks(context.signal);
  const known = stacks.find(({ name }) => name === project);
  if (known !== undefined && known.source.kind !== 'applied' && known.source.kind !== 'none')
    return undefined;
  const { readProject } = await import('../project-manifests.ts');
  return readProject(await client.composeProject(project, context.signal), context);
}

/** Whether the manifest is good, and is that of the project. */
async function isSound(
  diff: StackDiff | undefined,
  others: readonly StackDiff[],
  { project, set }: { readonly project: string; readonly set: ManifestSet | undefined },
  context: Context,
): Promise<boolean> {
  if (!(await reportProblems(diff?.problems ?? [], createSourceFinder(context.cwd, set), context)))
    return false;
  if (diff?.name === project && others.length === 0) return true;
  const names = [diff, ...others].flatMap((each) => (each === undefined ? [] : [each.name]));
  await reportError(
    `the manifest is of ${names.length === 0 ? 'no stack' : names.join(', ')}, not of ${project}`,
    `give a manifest with \`name: ${project}\` with -f FILE`,
    context,
  );
  return false;
}

/** The generation to wait for. */
async function takeOver(
  client: Client,
  project: string,
  set: ManifestSet | undefined,
  context: Context,
): Promise<number> {
  if (set === undefined) {
    await client.command(project, 'adopt', context.signal);
    return (await client.stack(project, context.signal)).generation;
  }
  const result = await client.apply(
    { ...set.manifests, dryRun: false, force: false, adopt: true },
    context.signal,
  );
  return result.stacks.find(({ name }) => name === project)?.generation ?? 1;
}
