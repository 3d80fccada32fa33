import { Failure } from '../../model/failure.ts';
import type { Client } from '../client.ts';
import { type Context, defineCommand } from '../command.ts';
import { duration, flag, list, UsageError } from '../option.ts';
import { formatSpan } from '../output/time.ts';
import { parseSources, parseStacks } from '../reference.ts';
import { reportError } from '../report.ts';
import { waitForStacks } from '../wait.ts';

export const deleteCommand = defineCommand({
  name: 'delete',
  group: 'Desired state',
  usage: 'STACK...|source NAME...|-f FILE|DIR|-',
  summary: 'remove stacks from the host',
  description: [
    'Removes the containers and networks of stacks, and forgets their manifests. It asks nothing. Volumes stay, so that applying the same manifest again finds its data, unless --volumes is given: that is the only way by which stackctl ever removes a volume.',
    'A stack that comes from a directory or from Git is deleted by deleting its manifest there.',
  ],
  options: {
    filename: list('-f, --filename <path>', 'delete the stacks of these manifests instead'),
    volumes: flag('--volumes', 'also remove the volumes of the stacks, and all that is in them'),
    ignoreNotFound: flag('--ignore-not-found', 'a stack that is not there is no failure'),
    wait: flag('--wait', 'wait until everything is gone; --wait=false returns at once', true),
    timeout: duration('--timeout <duration>', 'how long to wait', '5m'),
  },
  examples: [
    { says: 'remove a stack, keep its data', line: 'stackctl delete demo' },
    { says: 'remove it with its data', line: 'stackctl delete demo --volumes' },
    { says: 'remove what a file applied', line: 'stackctl delete -f compose.yaml' },
    { says: 'forget a repository that was applied; its stacks stay', line: 'stackctl delete source infra' },
  ],
  takes: [0, Number.POSITIVE_INFINITY],
  async run({ args, options }, context) {
    const client = await context.client();
    const sources = parseSources(args);
    if (sources !== undefined) return deleteSources(client, sources, context);
    const names = new Set([
      ...parseStacks(args),
      ...(await namesOfManifests(client, options.filename, context)),
    ]);
    if (names.size === 0) {
      if (options.filename.length === 0) throw new UsageError('no stack is named', 'give STACK or -f FILE');
      await reportError('no manifest found', undefined, context);
      return 1;
    }
    const begun: string[] = [];
    for (const name of names)
      if (await begin(client, { name, volumes: options.volumes }, context)) begun.push(name);
    const isGood = options.ignoreNotFound || begun.length === names.size;
    if (!options.ignoreNotFound)
      await reportMissing(
        [...names].filter((name) => !begun.includes(name)),
        context,
      );
    const finish = options.wait ? waitUntilGone : sayBegun;
    const areGone = await finish(client, { names: begun, timeoutMs: options.timeout }, context);
    return isGood && areGone ? 0 : 1;
  },
});

async function sayBegun(
  _client: Client,
  { names }: { readonly names: readonly string[] },
  context: Context,
): Promise<boolean> {
  for (const name of names) await context.stdout.write(`stack/${name} deleting\n`);
  return true;
}

async function reportMissing(names: readonly string[], context: Context): Promise<void> {
  for (const name of names) await reportError(`there is no stack "${name}"`, undefined, context);
}

async function deleteSources(client: Client, names: readonly string[], context: Context): Promise<number> {
  if (names.length === 0) throw new UsageError('no source is named', 'give source NAME');
  for (const name of names) {
    await client.deleteSource(name, context.signal);
    await context.stdout.write(`source/${name} deleted\n`);
  }
  return 0;
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

/** False when there is no such stack. */
async function begin(
  client: Client,
  request: { readonly name: string; readonly volumes: boolean },
  { signal }: Context,
): Promise<boolean> {
  try {
    await client.delete(request, signal);
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.status === 404) return false;
    throw thrown;
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
