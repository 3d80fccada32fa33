import { relative } from 'node:path';
import { isAsBadAs, LINT_SEVERITIES, type LintFinding, type RuleHead } from '../../lint/finding.ts';
import { isAcceptable } from '../../model/problem.ts';
import { VERSION } from '../../version.ts';
import { type Context, defineCommand } from '../command.ts';
import { countFindings } from '../lint-note.ts';
import { type LocalManifests, readEach, reportSetProblems } from '../local-manifests.ts';
import type { LintedManifests } from '../manifest-loader.ts';
import { choice, flag, list, UsageError } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { countProblems } from '../output/problems.ts';
import { type Column, printable, renderTable } from '../output/table.ts';
import { reportError } from '../report.ts';
import { createSourceFinder } from '../source-finder.ts';

const FINE = 0;
const FOUND = 1;

export const lintCommand = defineCommand({
  name: 'lint',
  group: 'Desired state',
  usage: '[FILE|DIR|-...]',
  summary: 'advise on what manifests could do better: security, reliability, style',
  description: [
    'Holds manifests against the rules of docs/lint.md: what is open that need not be, what is missing when something breaks, and what is left over. Neither a daemon nor an engine is needed. In contrast to what a policy enforces, all of it is advice.',
    'Each argument is read as validate reads -f; without one it is the Compose file of the working directory or the nearest one above. The manifests of one directory know of each other: whether a network of another stack is internal, say.',
    'What is meant as it is can be waived, with a reason: on a stack by the annotation stackctl.io/lint-ignore: "RULE, RULE@SERVICE (why)", on a service by x-stackctl: {lint: {ignore: [{rule: RULE, reason: why}]}}. A waiver that nothing needs is a finding itself.',
  ],
  options: {
    filename: list('-f, --filename <path>', 'the same as an argument; may be given several times'),
    output: choice('-o, --output <format>', 'output format', [
      'table',
      'wide',
      'json',
      'yaml',
      'sarif',
      'name',
    ]),
    severity: choice('--severity <level>', 'exit with 1 when something is found that is as bad as this', [
      'warning',
      'error',
      'info',
    ]),
    rule: list('--rule <id>', 'ask only this rule; may be given several times, or with commas'),
    ignore: list('--ignore <id>', 'do not ask this rule; may be given several times, or with commas'),
    listRules: flag('--list-rules', 'print the rules, and look at no manifest'),
  },
  examples: [
    { says: 'look at the project of this directory', line: 'stackctl lint' },
    { says: 'see what to write instead', line: 'stackctl lint stacks/ -o wide' },
    { says: 'fail a CI job for errors only', line: 'stackctl lint stacks/ --severity error' },
    {
      says: 'for a forge that shows findings beside the code',
      line: 'stackctl lint stacks/ -o sarif > lint.sarif',
    },
    { says: 'look for two things only', line: 'stackctl lint --rule image-latest,no-healthcheck' },
  ],
  exits: '0 nothing as bad as --severity, 1 something is or a manifest cannot be read, 2 wrong usage',
  takes: [0, 1000],
  async run({ args, options }, context) {
    const rules = await context.loader.lintRules();
    const only = options.rule.length === 0 ? undefined : knownRules(options.rule, rules);
    const ignore = knownRules(options.ignore, rules);
    if (options.listRules) return listRules(rules, options.output, context);
    const sets = await readEach([...args, ...options.filename], context);
    const linted = await lintAll(sets, { only, ignore }, context);
    await print(linted, rules, options.output, context);
    const isBad = linted.findings.some(({ severity }) => isAsBadAs(severity, options.severity));
    return isBad || !linted.isGood ? FOUND : FINE;
  },
});

/** Ids as they were asked for; throws `UsageError` for one that no rule has. */
function knownRules(asked: readonly string[], rules: readonly RuleHead[]): readonly string[] {
  const ids = asked.flatMap((each) => each.split(',')).filter((id) => id !== '');
  const unknown = ids.find((id) => !rules.some((rule) => rule.id === id));
  if (unknown !== undefined)
    throw new UsageError(`there is no rule "${unknown}"`, 'stackctl lint --list-rules');
  return ids;
}

/** Findings of all arguments; `shown` calls their files as the user does. */
interface Linted extends Omit<LintedManifests, 'problems'> {
  readonly isGood: boolean;
  readonly shown: (file: string) => string;
}

async function lintAll(
  sets: readonly LocalManifests[],
  selection: { readonly only: readonly string[] | undefined; readonly ignore: readonly string[] },
  context: Context,
): Promise<Linted> {
  const each: LintedManifests[] = [];
  let isGood = true;
  for (const set of sets) {
    const linted = await context.loader.lint({
      manifests: set.set.manifests,
      reading: set.reading,
      selection,
    });
    each.push(linted);
    isGood &&= await reportFaults(set, linted, context);
  }
  const finders = sets.map(({ set }) => createSourceFinder(context.cwd, set));
  return {
    stacks: each.flatMap(({ stacks }) => stacks),
    findings: each.flatMap(({ findings }) => findings),
    waived: each.flatMap(({ waived }) => waived),
    isGood,
    shown: (file) =>
      finders.map((find) => find(file)?.shown).find((shown) => shown === '<stdin>') ??
      finders[0]?.(file)?.shown ??
      file,
  };
}

/** Tells what keeps manifests from being looked at; true when nothing does. Warnings are for validate to tell. */
async function reportFaults(set: LocalManifests, { problems, stacks }: LintedManifests, context: Context) {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!isAcceptable(errors)) {
    await reportSetProblems(errors, set, context);
    await reportError(
      `${set.set.argument}: ${countProblems(errors)}, not all of it was looked at`,
      undefined,
      context,
    );
    return false;
  }
  if (stacks.length > 0) return true;
  await reportError(`${set.set.argument}: no manifest found`, NO_MANIFEST, context);
  return false;
}

const NO_MANIFEST =
  'a manifest has apiVersion stackctl.io/v1alpha1, or is a Compose file called compose.yaml, docker-compose.yml or NAME.compose.yaml';

type Format = 'table' | 'wide' | 'json' | 'yaml' | 'sarif' | 'name';

async function print(
  linted: Linted,
  rules: readonly RuleHead[],
  format: Format,
  context: Context,
): Promise<void> {
  const { findings, waived, stacks, shown } = linted;
  const { stdout, stderr } = context;
  switch (format) {
    case 'sarif': {
      // Only here, since nobody else needs it.
      const { toSarif } = await import('../../lint/sarif.ts');
      const names = { version: VERSION, relative: (file: string) => within(context.cwd, file) };
      return stdout.write(await renderDocument('json', toSarif({ findings, waived }, rules, names)));
    }
    case 'json':
    case 'yaml': {
      const called = <Finding extends LintFinding>(each: Finding) => ({
        ...each,
        at: { ...each.at, file: shown(each.at.file) },
      });
      const document = { stacks, findings: findings.map(called), waived: waived.map(called) };
      return stdout.write(await renderDocument(format, document));
    }
    case 'name':
      return stdout.write(
        [...new Set(findings.map(({ rule, object }) => (object === undefined ? rule : `${rule}@${object}`)))]
          .map((name) => `${printable(name)}\n`)
          .join(''),
      );
    default: {
      if (findings.length > 0)
        await stdout.write(renderTable(findingColumns(linted, format === 'wide', context), findings).text);
      const waivedNote = waived.length === 0 ? '' : `, ${waived.length} waived`;
      const found = findings.length === 0 ? 'nothing found' : countFindings(findings);
      if (stacks.length > 0) await stderr.write(`${found} in ${countStacks(stacks.length)}${waivedNote}\n`);
    }
  }
}

const countStacks = (count: number): string => `${count} stack${count === 1 ? '' : 's'}`;

/** Undefined for what is not below the directory. */
function within(directory: string, file: string): string | undefined {
  const path = relative(directory, file);
  return path === '' || path.startsWith('..') ? undefined : path;
}

function findingColumns(
  { shown }: Linted,
  isWide: boolean,
  { colors }: Context,
): readonly Column<LintFinding>[] {
  const columns: Column<LintFinding>[] = [
    { title: 'SEVERITY', value: ({ severity }) => severity, paint: (text) => paintOf(text, colors)(text) },
    { title: 'RULE', value: ({ rule }) => rule },
    { title: 'WHERE', value: ({ at }) => `${shown(at.file)}:${at.line}:${at.column}` },
    { title: 'FIELD', value: ({ path }) => (path === '' ? '<stack>' : path) },
    { title: 'MESSAGE', value: ({ message }) => message },
  ];
  if (!isWide) return columns;
  return [
    { title: 'STACK', value: ({ stack }) => stack },
    ...columns,
    { title: 'FIX', value: ({ fix }) => fix },
  ];
}

function paintOf(severity: string, colors: Context['colors']): (text: string) => string {
  if (severity.startsWith('error')) return colors.bad;
  return severity.startsWith('warning') ? colors.busy : colors.dim;
}

async function listRules(
  rules: readonly RuleHead[],
  format: Format,
  { stdout, colors }: Context,
): Promise<number> {
  if (format === 'json' || format === 'yaml') {
    await stdout.write(await renderDocument(format, rules));
    return FINE;
  }
  if (format === 'sarif') throw new UsageError('rules are not findings', 'use -o json');
  if (format === 'name') {
    await stdout.write(rules.map(({ id }) => `${id}\n`).join(''));
    return FINE;
  }
  const sorted = LINT_SEVERITIES.flatMap((severity) => rules.filter((rule) => rule.severity === severity));
  const columns: Column<RuleHead>[] = [
    { title: 'RULE', value: ({ id }) => id },
    { title: 'SEVERITY', value: ({ severity }) => severity, paint: (text) => paintOf(text, colors)(text) },
    { title: 'CATEGORY', value: ({ category }) => category },
    { title: 'DEFAULT', value: ({ isOptional }) => (isOptional === true ? 'off' : 'on') },
    { title: 'FINDS', value: ({ title }) => title },
    ...(format === 'wide' ? [{ title: 'FIX', value: ({ fix }: RuleHead) => fix }] : []),
  ];
  await stdout.write(renderTable(columns, sorted).text);
  return FINE;
}
