import { asFailure } from '../../model/failure.ts';
import type { Client } from '../client.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStacks } from '../completion/completer.ts';
import { duration, flag, list, UsageError } from '../option.ts';
import { sourceName } from '../output/columns.ts';
import { formatSpan } from '../output/time.ts';
import { parseSources, parseStacks } from '../reference.ts';
import { describeThrown, reportError } from '../report.ts';
import type { Selector } from '../selector.ts';
import { selectorOption, selectStacks } from '../stack-selection.ts';
import { waitForStacks } from '../wait.ts';

export const deleteCommand = defineCommand({
  name: 'delete',
  group: 'Desired state',
  usage: 'STACK...|-l LABELS|source NAME...|-f FILE|DIR|-',
  summary: 'remove stacks from the host',
  description: [
    'Removes the containers and networks of stacks, and forgets their manifests. It asks nothing. Volumes stay, so that applying the same manifest again finds its data, unless --volumes is given: that is the only way by which stackctl ever removes a volume.',
    'A stack that comes from a directory or from Git is deleted by deleting its manifest there. When that deletion is held back (stackctl describe says why), --confirm lets it go on. What was applied with --force over such a manifest is handed back to it.',
  ],
  options: {
    selector: selectorOption,
    filename: list('-f, --filename <path>', 'delete the stacks of these manifests instead'),
    volumes: flag('--volumes', 'also remove the volumes of the stacks, and all that is in them'),
    confirm: flag('--confirm', 'let a deletion go on that is held back'),
    ignoreNotFound: flag('--ignore-not-found', 'a stack that is not there is no failure'),
    wait: flag('--wait', 'wait until everything is gone; --wait=false returns at once', true),
    timeout: duration('--timeout <duration>', 'how long to wait', '5m'),
  },
  examples: [
    { says: 'remove a stack, keep its data', line: 'stackctl delete demo' },
    { says: 'remove it with its data', line: 'stackctl delete demo --volumes' },
    {
      says: 'the manifest is gone from Git, and the stack is meant to go too',
      line: 'stackctl delete demo --confirm',
    },
    { says: 'remove every stack of a team', line: 'stackctl delete -l team=web' },
    { says: 'remove what a file applied', line: 'stackctl delete -f compose.yaml' },
    { says: 'forget a repository that was applied; its stacks stay', line: 'stackctl delete source infra' },
  ],
  takes: [0, Number.POSITIVE_INFINITY],
  completes: completeStacks,
  async run({ args, options }, context) {
    const client = await context.client();
    const sources = parseSources(args);
    if (sources !== undefined) return deleteSources(client, sources, context);
    const names = await namesWanted(client, { args, ...options }, context);
    if (names === undefined) return 1;
    const { begun, isGood } = await beginAll(client, names, options, context);
    if (!options.wait) {
      for (const name of begun) await context.stdout.write(`stack/${name} deleting\n`);
      return isGood ? 0 : 1;
    }
    const areGone = await waitUntilGone(client, { names: begun, timeoutMs: options.timeout }, context);
    return isGood && areGone ? 0 : 1;
  },
});

interface Wanted {
  readonly args: readonly string[];
  readonly selector: Selector;
  readonly filename: readonly string[];
}

/** Each once. Undefined when manifests that were named hold none, which has been said then. */
async function namesWanted(
  client: Client,
  { args, selector, filename }: Wanted,
  context: Context,
): Promise<readonly string[] | undefined> {
  const named = parseStacks(args);
  if (selector.length > 0) {
    if (named.length > 0 || filename.length > 0)
      throw new UsageError('stacks are named and selected', 'give STACK, -l LABELS or -f FILE');
    const selected = selectStacks(await client.stacks(context.signal), selector);
    if (selected.length === 0) await context.stderr.write('no stack has such labels\n');
    return selected.map(({ name }) => name);
  }
  const names = new Set([...named, ...(await namesOfManifests(client, filename, context))]);
  if (names.size > 0) return [...names];
  if (filename.length === 0) throw new UsageError('no stack is named', 'give STACK, -l LABELS or -f FILE');
  await reportError('no manifest found', undefined, context);
  return undefined;
}

async function deleteSources(client: Client, names: readonly string[], context: Context): Promise<number> {
  if (names.length === 0) throw new UsageError('no source is named', 'give source NAME');
  for (const name of names) {
    await client.deleteSource(name, context.signal);
    await context.stdout.write(`source/${name} deleted\n`);
  }
  return 0;
}

interface BeginRequest {
  readonly name: string;
  readonly volumes: boolean;
  readonly confirm: boolean;
  readonly ignoreNotFound: boolean;
}

/** Which stacks manifests stand for is for the daemon to say. */
async function namesOfManifests(
  client: Client,
  paths: readonly string[],
  context: Context,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const path of paths) {
    const { readManifests } = await import('../manifests.ts');
    const { manifests } = await readManifests(path, context);
    if (manifests.files.length === 0) continue;
    const diffs = await client.diff({ manifests, stacks: [], adopt: false }, context.signal);
    names.push(...diffs.map((diff) => diff.name));
  }
  return names;
}

/**
 * One that is refused is told, and does not keep the others. It is asked for once more when all others were begun: its
 * volumes may have been used by one of them.
 */
async function beginAll(
  client: Client,
  names: readonly string[],
  options: Omit<BeginRequest, 'name'>,
  context: Context,
): Promise<{ readonly begun: readonly string[]; readonly isGood: boolean }> {
  const begun: string[] = [];
  const refused: string[] = [];
  const mayTryAgain = options.volumes && names.length > 1;
  for (const name of names) {
    const began = await begin(client, { name, ...options }, mayTryAgain ? 'keep' : 'say', context);
    if (began === 'begun') begun.push(name);
    if (began === 'failed') refused.push(name);
  }
  if (!mayTryAgain) return { begun, isGood: refused.length === 0 };
  let isGood = true;
  for (const name of refused) {
    const began = await begin(client, { name, ...options }, 'say', context);
    if (began === 'begun') begun.push(name);
    isGood &&= began !== 'failed';
  }
  return { begun, isGood };
}

async function begin(
  client: Client,
  { name, volumes, confirm, ignoreNotFound }: BeginRequest,
  refusal: 'say' | 'keep',
  context: Context,
): Promise<'begun' | 'handed back' | 'missing' | 'failed'> {
  try {
    const { handedTo } = await client.delete({ name, volumes, confirm }, context.signal);
    if (handedTo === undefined) return 'begun';
    await context.stdout.write(`stack/${name} handed back to ${sourceName(handedTo)} ${handedTo.path}\n`);
    return 'handed back';
  } catch (thrown) {
    const { kind, status } = asFailure(thrown);
    // Nobody is there to be asked for the others.
    if (kind === 'unreachable' || context.signal.aborted) throw thrown;
    const isMissing = status === 404;
    if (isMissing && ignoreNotFound) return 'missing';
    const { message, hint } = describeThrown(thrown);
    if (refusal === 'say')
      await reportError(isMissing ? `there is no stack "${name}"` : message, hint, context);
    return 'failed';
  }
}

async function waitUntilGone(
  client: Client,
  { names, timeoutMs }: { readonly names: readonly string[]; readonly timeoutMs: number },
  context: Context,
): Promise<boolean> {
  const ends = await waitForStacks(client, {
    names,
    judge: (status) => ({ kind: status === undefined ? 'met' : 'waiting' }),
    timeoutMs,
    signal: context.signal,
    onEnd: async ({ name, end, status }) => {
      if (end === 'met') await context.stdout.write(`stack/${name} deleted\n`);
      if (end !== 'timeout') return;
      const why = status?.conditions.find((condition) => condition.type === 'Ready')?.message;
      await reportError(
        `stack/${name} is still there after ${formatSpan(timeoutMs)}${why === undefined ? '' : `: ${why}`}`,
        `the daemon goes on; stackctl describe stack ${name}`,
        context,
      );
    },
  });
  return ends.every((end) => end.end === 'met');
}
