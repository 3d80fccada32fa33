import { type Context, defineCommand } from '../command.ts';
import { type LocalManifests, readTogether, reportSetProblems } from '../local-manifests.ts';
import type { LoadedStack, StackVariable, UnfilledStack } from '../manifest-loader.ts';
import { choice, flag, list, type OptionValues, text, UsageError } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { printable, renderTable } from '../output/table.ts';
import { reportError } from '../report.ts';

const DONE = 0;
const FAILED = 1;

const OPTIONS = {
  filename: list(
    '-f, --filename <path>',
    'a file, a directory, or - for stdin; several files are laid over each other',
  ),
  format: choice('-o, --format <format>', 'output format', ['yaml', 'json']),
  services: flag('--services', 'print the names of the services'),
  images: flag('--images', 'print the images'),
  volumes: flag('--volumes', 'print the names of the volumes'),
  networks: flag('--networks', 'print the names of the networks'),
  profiles: flag('--profiles', 'print the names of the profiles'),
  hash: text('--hash <service>', "print docker compose's hash of a service, or of all for *"),
  variables: flag('--variables', 'print the variables that values are made from'),
  interpolate: flag('--no-interpolate', 'leave the variables as they are'),
  quiet: flag('-q, --quiet', 'print nothing but what is wrong'),
};

type Options = OptionValues<typeof OPTIONS>;

export const configCommand = defineCommand({
  name: 'config',
  group: 'Desired state',
  usage: '[-f FILE|DIR|-]',
  summary: 'print Compose files in canonical form: merged, filled in, written out',
  description: [
    'Prints what manifests mean, in the form of `docker compose config`: every short form long, every variable filled in, every file merged, every default that Compose implies. Neither a daemon nor an engine is needed, and nothing is changed.',
    'Files that are named are laid over each other in order, whatever they are called, and without their override files, as docker compose does it; for a directory, each manifest of its tree is printed by itself. Without -f, it is the compose.yaml (or docker-compose.yml) of the working directory or the nearest one above, with its override file. A `$` is printed as `$$`, so that the output is a Compose file again.',
    'Variables come from the manifest and its env files, as with apply: those of the shell have no part in it.',
  ],
  options: OPTIONS,
  examples: [
    { says: 'what does this project come to?', line: 'stackctl config -f compose.yaml' },
    {
      says: 'with the settings of production over it, for jq',
      line: 'stackctl config -f compose.yaml -f production.yaml --format json',
    },
    { says: 'which variables can be set?', line: 'stackctl config --variables' },
    { says: "docker compose's hash of each service", line: 'stackctl config -f compose.yaml --hash *' },
  ],
  exits: '0 done, 1 something is wrong with the manifests, 2 wrong usage',
  async run({ options }, context) {
    checkViews(options);
    const sets = await readTogether(options.filename, context);
    const isUnfilled = options.variables || !options.interpolate;
    const exits: number[] = [];
    for (const set of sets) {
      exits.push(
        isUnfilled ? await showUnfilled(set, options, context) : await showFilled(set, options, context),
      );
    }
    return Math.max(...exits);
  },
});

/** Each of these is an answer of its own. */
function checkViews({ services, images, volumes, networks, profiles, hash, variables }: Options): void {
  const views = { services, images, volumes, networks, profiles, hash: hash !== undefined, variables };
  const given = Object.entries(views).flatMap(([name, isGiven]) => (isGiven ? [`--${name}`] : []));
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} do not go together`);
}

async function showFilled(set: LocalManifests, options: Options, context: Context): Promise<number> {
  const { stacks, problems } = await context.loader.load({
    manifests: set.set.manifests,
    reading: set.reading,
  });
  if (!(await reportSetProblems(problems, set, context))) return FAILED;
  if (stacks.length === 0) return nothingFound(set, context);
  if (options.hash !== undefined) return showHashes(stacks, options.hash, context);
  const names = listedNames(stacks, options);
  if (names !== undefined)
    return show(names.map((name) => `${printable(name)}\n`).join(''), options, context);
  const documents = stacks.map((stack) =>
    renderDocument(options.format, stack.model(options.format), stacks.length > 1),
  );
  // As text, so that keys are covered too; no quoting changes by it.
  return show((await Promise.all(documents)).join('').replaceAll('$', '$$$$'), options, context);
}

/** Undefined when the whole model is wanted. */
function listedNames(stacks: readonly LoadedStack[], options: Options): readonly string[] | undefined {
  const views = ['services', 'images', 'volumes', 'networks', 'profiles'] as const;
  const view = views.find((each) => options[each]);
  return view === undefined ? undefined : stacks.flatMap((stack) => stack[view]);
}

async function showHashes(stacks: readonly LoadedStack[], wanted: string, context: Context): Promise<number> {
  const all = stacks.flatMap((stack) => Object.entries(stack.hashes));
  const names = wanted === '*' ? all.map(([name]) => name) : wanted.split(',');
  const unknown = names.find((name) => !all.some(([known]) => known === name));
  if (unknown !== undefined) {
    await reportError(`no such service: ${unknown}`, 'stackctl config --services lists them', context);
    return FAILED;
  }
  const lines = all.filter(([name]) => names.includes(name)).map(([name, hash]) => `${name} ${hash}\n`);
  await context.stdout.write(lines.join(''));
  return DONE;
}

async function showUnfilled(set: LocalManifests, options: Options, context: Context): Promise<number> {
  const { stacks, problems } = await context.loader.loadUnfilled({
    manifests: set.set.manifests,
    reading: set.reading,
  });
  if (!(await reportSetProblems(problems, set, context))) return FAILED;
  if (stacks.length === 0) return nothingFound(set, context);
  if (options.variables) return show(renderVariables(stacks), options, context);
  const documents = stacks.map((stack) => renderDocument(options.format, stack.model, stacks.length > 1));
  return show((await Promise.all(documents)).join(''), options, context);
}

function renderVariables(stacks: readonly UnfilledStack[]): string {
  const rows = stacks.flatMap((stack) => stack.variables);
  const { text: table } = renderTable<StackVariable>(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'REQUIRED', value: ({ required }) => String(required) },
      { title: 'DEFAULT VALUE', value: ({ defaultValue }) => defaultValue },
      { title: 'ALTERNATE VALUE', value: ({ alternateValue }) => alternateValue },
    ],
    rows,
  );
  return table;
}

async function show(output: string, { quiet }: Options, { stdout }: Context): Promise<number> {
  if (!quiet) await stdout.write(output);
  return DONE;
}

async function nothingFound({ set }: LocalManifests, context: Context): Promise<number> {
  await reportError(`${set.argument}: no manifest found`, undefined, context);
  return FAILED;
}
