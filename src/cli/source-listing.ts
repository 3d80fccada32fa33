import { formatPosition } from '../model/problem.ts';
import type { SourceStatus } from '../model/repository.ts';
import type { Context } from './command.ts';
import { UsageError } from './option.ts';
import { shortRevision } from './output/columns.ts';
import { renderDocument } from './output/document.ts';
import { type Column, printable, renderTable } from './output/table.ts';
import { formatAge } from './output/time.ts';
import { reportError } from './report.ts';

interface Wanted {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly format: 'table' | 'wide' | 'json' | 'yaml' | 'name';
  readonly watch: boolean;
  readonly headers: boolean;
}

/** `stackctl get sources` */
export async function getSources(
  { names, format, watch, headers }: Wanted,
  context: Context,
): Promise<number> {
  if (watch)
    throw new UsageError('sources are not followed with -w', 'follow their stacks: stackctl get stacks -w');
  const client = await context.client();
  const all = await client.sources(context.signal);
  const sources = all.filter(({ name }) => names.length === 0 || names.includes(name));
  if (format === 'json' || format === 'yaml') {
    const only = names.length === 1 ? sources[0] : undefined;
    await context.stdout.write(await renderDocument(format, only ?? { items: sources }));
  } else if (format === 'name') {
    await context.stdout.write(sources.map(({ name }) => `source/${name}\n`).join(''));
  } else if (sources.length > 0) {
    const columns = sourceColumns(context, format === 'wide');
    await context.stdout.write(renderTable(columns, sources, { header: headers }).text);
    await tellProblems(sources, context);
  }
  const missing = names.filter((name) => !sources.some((source) => source.name === name));
  for (const name of missing) await reportError(`there is no source "${name}"`, undefined, context);
  return missing.length === 0 ? 0 : 1;
}

/** What is wrong in a source is seen by who looks at the table only; all of it is in `describe`. */
async function tellProblems(
  sources: readonly SourceStatus[],
  { stderr, errorColors }: Context,
): Promise<void> {
  for (const { name, problems } of sources) {
    const [first, ...others] = problems;
    if (first === undefined) continue;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    const place = first.at === undefined ? '' : `${formatPosition(first.at)}: `;
    const text = `source/${name}: ${place}${first.message}${more}; stackctl describe source ${name}`;
    await stderr.write(`${errorColors.busy('note')}: ${printable(text)}\n`);
  }
}

function sourceColumns({ colors, now }: Context, wide: boolean): readonly Column<SourceStatus>[] {
  const none = (text: string): string => (text === '' ? '<none>' : text);
  const columns: readonly Column<SourceStatus>[] = [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'KIND', value: ({ kind }) => kind },
    // Of a directory it is the name.
    { title: 'URL', value: ({ kind, url }) => none(kind === 'directory' ? '' : url) },
    { title: 'REVISION', value: ({ revision }) => shortSourceRevision(revision) },
    { title: 'READY', value: ({ ready }) => ready, paint: colors.state },
    { title: 'REASON', value: ({ reason }) => reason },
    { title: 'AGE', value: ({ createdAt }) => formatAge(createdAt, now()) },
  ];
  if (!wide) return columns;
  return [
    ...columns,
    { title: 'STACKS', value: ({ stacks }) => none(stacks.join(',')) },
    {
      title: 'LAST FETCH',
      value: ({ lastFetchAt }) => (lastFetchAt === undefined ? '<none>' : formatAge(lastFetchAt, now())),
    },
    { title: 'PROBLEMS', value: ({ problems }) => String(problems.length) },
    { title: 'DECLARED AT', value: ({ declaredAt }) => none(declaredAt) },
    { title: 'MESSAGE', value: ({ message }) => message },
  ];
}

function shortSourceRevision(revision: string | undefined): string {
  return shortRevision(revision === '' ? undefined : revision);
}
