import { POLICY_LEVELS, type PolicyLevel } from '../../model/admission.ts';
import type { Problem } from '../../model/problem.ts';
import { type Context, defineCommand } from '../command.ts';
import { type LocalManifests, readEach, reportSetProblems } from '../local-manifests.ts';
import { choice, list } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { countProblems } from '../output/problems.ts';
import { reportError } from '../report.ts';

const FINE = 0;
const PROBLEMS = 1;

export const validateCommand = defineCommand({
  name: 'validate',
  group: 'Desired state',
  usage: '[-f FILE|DIR|-]',
  summary: 'check manifests and print everything that is wrong with them',
  description: [
    'Checks manifests and the Compose files that they are made of, and prints every problem at once: where it is, the line with a caret below the spot, the field, and what to do about it. Neither a daemon nor an engine is needed. What depends on the engine (an attribute that it is too old for) shows with `stackctl diff -f`.',
    'Each -f is checked by itself, as apply takes it: a file may have any name, and a Compose file by its usual name comes with its override file; for a directory, all manifests of its tree are checked. Without -f, it is the Compose file of the working directory or the nearest one above.',
    'What a stack asks of the host is held against the levels of the Pod Security Standards: what violates --policy-level is an error, and what violates baseline a warning, as with a daemon that has no policy file (docs/policy.md).',
  ],
  options: {
    filename: list(
      '-f, --filename <path>',
      'a file, a directory, or - for stdin; may be given several times',
    ),
    policyLevel: choice('--policy-level <level>', 'refuse what violates this level', POLICY_LEVELS),
    output: choice('-o, --output <format>', 'output format', ['text', 'json', 'yaml']),
  },
  examples: [
    { says: 'check the project of this directory', line: 'stackctl validate' },
    { says: 'check every stack of a repository, in CI', line: 'stackctl validate -f stacks/' },
    {
      says: 'refuse what a daemon would refuse of Git',
      line: 'stackctl validate -f stacks/ --policy-level baseline',
    },
    { says: 'for a program', line: 'stackctl validate -f compose.yaml -o json' },
  ],
  exits: '0 fine (there may be warnings), 1 there are errors, 2 wrong usage',
  async run({ options }, context) {
    const sets = await readEach(options.filename, context);
    const checked: Checked[] = [];
    for (const set of sets) checked.push(await check(set, options.policyLevel, context));
    if (options.output !== 'text') {
      const { output } = options;
      await context.stdout.write(
        await renderDocument(output, {
          valid: checked.every(({ isValid }) => isValid),
          stacks: checked.flatMap(({ stacks }) => stacks),
          problems: checked.flatMap(({ problems }) => problems),
        }),
      );
    } else {
      for (const each of checked) await report(each, context);
    }
    return checked.every(({ isValid }) => isValid) ? FINE : PROBLEMS;
  },
});

interface Checked {
  readonly set: LocalManifests;
  readonly stacks: readonly string[];
  readonly problems: readonly Problem[];
  readonly isValid: boolean;
}

async function check(set: LocalManifests, enforce: PolicyLevel, { loader }: Context): Promise<Checked> {
  const admission = { enforce, warn: 'baseline' } as const;
  const loaded = await loader.load({ manifests: set.set.manifests, reading: set.reading, admission });
  const tooLarge = set.set.leftOut.map(leftOut);
  const found = [...tooLarge, ...loaded.problems];
  const stacks = loaded.stacks.map(({ name }) => name);
  const isEmpty = stacks.length === 0 && found.length === 0;
  const problems = isEmpty ? [nothingThere(set.set.argument)] : found;
  return { set, stacks, problems, isValid: problems.every(({ severity }) => severity === 'warning') };
}

const leftOut = (file: string): Problem => ({
  severity: 'warning',
  code: 'TooLarge',
  message: `${file} is too large for a manifest and was left out`,
});

const nothingThere = (argument: string): Problem => ({
  severity: 'error',
  code: 'NoManifest',
  message: `${argument}: no manifest found`,
  hint: 'a manifest has apiVersion stackctl.io/v1alpha1, or is a Compose file called compose.yaml, docker-compose.yml or NAME.compose.yaml',
});

async function report({ set, stacks, problems, isValid }: Checked, context: Context): Promise<void> {
  await reportSetProblems(problems, set, context);
  const count = countProblems(problems);
  if (!isValid) return reportError(`${set.set.argument}: ${count}`, undefined, context);
  const suffix = count === '' ? '' : ` (${count})`;
  await context.stdout.write(stacks.map((name) => `stack/${name} valid${suffix}\n`).join(''));
}
