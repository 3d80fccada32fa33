import type { SourceStatus } from '../model/repository.ts';
import type { Context } from './command.ts';
import { UsageError } from './option.ts';
import { renderProblem } from './output/problems.ts';
import { printable } from './output/table.ts';
import { formatAge, formatSpan } from './output/time.ts';
import { createSourceFinder } from './source-finder.ts';

/** `stackctl describe source NAME...` */
export async function describeSources(names: readonly string[], context: Context): Promise<number> {
  if (names.length === 0)
    throw new UsageError('the name of the source is missing', 'see `stackctl get sources`');
  const client = await context.client();
  for (const [index, name] of names.entries()) {
    const source = await client.source(name, context.signal);
    await context.stdout.write(`${index === 0 ? '' : '\n'}${renderSource(source, context)}`);
  }
  return 0;
}

function renderSource(source: SourceStatus, { colors, cwd, now }: Context): string {
  const { lastFetchAt, nextFetchAt } = source;
  const facts: readonly (readonly [string, string])[] = [
    ['Name', printable(source.name)],
    ['Kind', source.kind],
    ['URL', source.url === '' ? '<none>' : printable(source.url)],
    ['Declared at', source.declaredAt === '' ? '<none>' : printable(source.declaredAt)],
    ['Revision', printable(source.revision ?? '<none>')],
    ['Ready', colors.state(source.ready)],
    ['Reason', source.reason],
    ['Message', printable(source.message)],
    [
      'Last fetch',
      lastFetchAt === undefined ? '<none>' : `${lastFetchAt} (${formatAge(lastFetchAt, now())} ago)`,
    ],
    [
      'Next fetch',
      nextFetchAt === undefined ? '<none>' : `in ${formatSpan(Math.max(0, Date.parse(nextFetchAt) - now()))}`,
    ],
    ['Stacks', source.stacks.length === 0 ? '<none>' : source.stacks.join(', ')],
  ];
  const width = Math.max(...facts.map(([title]) => title.length)) + 1;
  const lines = facts.map(([title, value]) => `${`${title}:`.padEnd(width)}  ${value}\n`);
  const notes = source.notes.map((note) => `  ${printable(note)}\n`);
  const findSource = createSourceFinder(cwd);
  const problems = source.problems.map((problem) => renderProblem(problem, findSource, colors));
  return [
    ...lines,
    ...(notes.length === 0 ? [] : ['Notes:\n', ...notes]),
    ...(problems.length === 0 ? [] : ['Problems:\n', ...problems.map(indented)]),
  ].join('');
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');
