import { dirname } from 'node:path';
import { type Context, defineCommand } from '../command.ts';
import { completeStacks } from '../completion/completer.ts';
import type { UnfilledStack } from '../manifest-loader.ts';
import { choice, flag, UsageError } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { printable } from '../output/table.ts';
import { parseStacks } from '../reference.ts';
import { reportError, reportProblems } from '../report.ts';
import { createSourceFinder } from '../source-finder.ts';

export const exportCommand = defineCommand({
  name: 'export',
  group: 'Desired state',
  usage: 'STACK...',
  summary: 'print a stack as a manifest that can be committed',
  description: [
    'Prints the manifest of a stack as one document that stands by itself: its Compose files merged and every short form long, with absolute paths. Applying it again, from wherever, changes nothing; for a policy, what lies outside of the new directory is the host’s.',
    'Variables are left as they are, and what files of variables hold is not in it, so that no secret gets into it that was not in the manifest; the files are referred to.',
    'It is what the source says now, also while the stack is held at an earlier revision. Included and extended files are read on this host, with the rights of who asks.',
  ],
  options: {
    compose: flag('--compose', 'print a plain Compose file, without what only stackctl understands'),
    output: choice('-o, --output <format>', 'output format', ['yaml', 'json']),
  },
  examples: [
    { says: 'move what was applied by hand to Git', line: 'stackctl export demo > stacks/demo.yaml' },
    { says: 'as a file for docker compose', line: 'stackctl export demo --compose > compose.yaml' },
    { says: 'applying it again changes nothing', line: 'stackctl export demo | stackctl diff -f -' },
  ],
  takes: [1, Number.POSITIVE_INFINITY],
  completes: completeStacks,
  async run({ args, options }, context) {
    const names = parseStacks(args);
    if (options.compose && names.length > 1)
      throw new UsageError('a Compose file is of one stack', 'give one STACK');
    const stacks: UnfilledStack[] = [];
    for (const name of names) {
      const stack = await load(name, context);
      if (stack === undefined) return 1;
      stacks.push(stack);
    }
    // Nothing is printed before all of it is known to be good: somebody writes it to a file.
    for (const stack of stacks) {
      const document = options.compose ? stack.model : envelopeOf(stack);
      await context.stdout.write(await renderDocument(options.output, document, stacks.length > 1));
      if (options.compose) await tellWhatIsLost(stack, context);
    }
    return 0;
  },
});

/** Undefined when it cannot be used, which has been said then. */
async function load(name: string, context: Context): Promise<UnfilledStack | undefined> {
  const { files } = await (await context.client()).manifest(name, context.signal);
  const baseDirectory = dirname(files[0]?.path ?? '/');
  const manifests = { baseDirectory, files: files.map(({ path, text }) => ({ relativePath: path, text })) };
  const { stacks, problems, encrypted } = await context.loader.loadUnfilled({ manifests, reading: 'tree' });
  const [sealed] = encrypted;
  if (sealed !== undefined) {
    const hint = `copy ${printable(sealed)} as it is: an encrypted value counts only where it stands`;
    await reportError(`stack/${name} cannot be exported: values in it are encrypted`, hint, context);
    return undefined;
  }
  const set = { argument: name, manifests, leftOut: [], isStdin: false };
  const isGood = await reportProblems(problems, createSourceFinder(context.cwd, set), context);
  const stack = stacks.find((each) => each.name === name);
  if (isGood && stack !== undefined) return stack;
  await reportError(`stack/${name} cannot be exported`, `stackctl describe stack ${name}`, context);
  return undefined;
}

function envelopeOf({ name, model, written, usualEnvFile }: UnfilledStack): object {
  const { name: _project, version: _obsolete, ...sections } = model as Readonly<Record<string, unknown>>;
  const { labels, annotations, control } = written;
  return {
    apiVersion: 'stackctl.io/v1alpha1',
    kind: 'Stack',
    metadata: {
      name,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...control,
      ...(usualEnvFile === undefined ? {} : { envFile: [usualEnvFile] }),
      ...sections,
    },
  };
}

/** A Compose file cannot say everything. */
async function tellWhatIsLost(
  { written: { labels, annotations, control }, usualEnvFile }: UnfilledStack,
  { stderr, errorColors }: Context,
): Promise<void> {
  const { envFile = usualEnvFile === undefined ? [] : [usualEnvFile], ...others } = control;
  const fields = [
    ...(Object.keys(labels).length === 0 ? [] : ['metadata.labels']),
    ...(Object.keys(annotations).length === 0 ? [] : ['metadata.annotations']),
    ...Object.keys(others).map((field) => `spec.${field}`),
  ];
  const warn = (text: string) => stderr.write(`${errorColors.busy('warning')}: ${printable(text)}\n`);
  if (fields.length > 0) await warn(`a Compose file cannot say ${fields.join(', ')}: left out`);
  const files = [envFile].flat().map(String);
  if (files.length > 0)
    await warn(`variables come from ${files.join(', ')}: put them into .env beside the file`);
}
