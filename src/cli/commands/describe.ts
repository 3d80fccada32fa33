import type { StackEvent, StackStatus } from '../../model/status.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStacks } from '../completion/completer.ts';
import { UsageError } from '../option.ts';
import {
  type ColumnContext,
  containerColumns,
  eventColumns,
  labelText,
  networkColumns,
  type Of,
  serviceColumns,
  shortRevision,
  sourceName,
  volumeColumns,
} from '../output/columns.ts';
import { renderProblem } from '../output/problems.ts';
import { type Column, printable, renderTable } from '../output/table.ts';
import { formatAge, formatSpan } from '../output/time.ts';
import { parseSources } from '../reference.ts';
import { describeSources } from '../source-description.ts';
import { createSourceFinder } from '../source-finder.ts';
import { chooseStacks, selectionOptions } from '../stack-selection.ts';

const MAX_EVENTS = 20;

export const describeCommand = defineCommand({
  name: 'describe',
  group: 'Looking',
  usage: 'stack NAME...|-l LABELS|--all|source NAME...',
  summary: 'show everything about a stack or a source, and why it is not ready',
  description: [
    'Prints the state of a stack in full: its conditions with what to do about each, its services, containers, images, networks and volumes, what is still to be done and what that waits for, the revisions of before, problems in its manifest, and its latest events.',
  ],
  options: selectionOptions,
  examples: [
    { says: 'why is it not ready?', line: 'stackctl describe stack demo' },
    { says: 'the same, shorter', line: 'stackctl describe demo' },
    { says: 'every stack of a team', line: 'stackctl describe -l team=web' },
    { says: 'why is nothing taken from the repository?', line: 'stackctl describe source infra' },
  ],
  takes: [0, Number.POSITIVE_INFINITY],
  completes: completeStacks,
  async run({ args, options }, context) {
    const sources = parseSources(args);
    if (sources !== undefined) return describeSources(sources, context);
    if (args.length === 1 && args[0] === 'stack') throw new UsageError('the name of the stack is missing');
    const client = await context.client();
    const names = await chooseStacks(client, { args, options }, context);
    for (const [index, name] of names.entries()) {
      const status = await client.stack(name, context.signal);
      const events = await client.events({ stack: name }, context.signal);
      await context.stdout.write(`${index === 0 ? '' : '\n'}${renderStack(status, events, context)}`);
    }
    return 0;
  },
});

function renderStack(status: StackStatus, events: readonly StackEvent[], context: Context): string {
  const { colors } = context;
  const columns: ColumnContext = { colors, nowMs: context.now(), wide: false };
  const of = <Part>(parts: readonly Part[]): readonly Of<Part>[] =>
    parts.map((part) => ({ stack: status.name, part }));
  const recent = events.slice(-MAX_EVENTS);
  return [
    renderFacts(status, context),
    section('Conditions', conditionColumns(columns), status.conditions),
    section('Services', withoutStack(serviceColumns(columns)), of(status.services)),
    section(
      'Containers',
      containerColumns(columns),
      status.services.flatMap((service) => service.containers),
    ),
    section('Images', imageColumns(), status.services),
    section('Networks', withoutStack(networkColumns(columns)), of(status.networks)),
    section('Volumes', withoutStack(volumeColumns(columns)), of(status.volumes)),
    lines('Pending', status.pending.map(printable)),
    section('History', historyColumns(columns), status.history),
    renderProblems(status, context),
    section('Events', eventColumns(columns, false), recent),
  ].join('');
}

function renderFacts(status: StackStatus, { colors, now }: Context): string {
  const nextMs = status.nextLookAt === undefined ? undefined : Date.parse(status.nextLookAt) - now();
  const facts: readonly (readonly [string, string])[] = [
    ['Name', status.name],
    ['Source', [sourceName(status.source), status.source.path].join(' ').trim()],
    ['Labels', labelText(status.labels) || '<none>'],
    ['Generation', `${status.generation} (observed ${status.observedGeneration})`],
    ['Applied revision', status.lastAppliedRevision ?? '<none>'],
    ['Attempted revision', status.lastAttemptedRevision ?? '<none>'],
    ['Sync', colors.state(status.sync)],
    ['Health', colors.state(status.health)],
    ['Suspended', String(status.suspended)],
    ['Created', `${status.createdAt} (${formatAge(status.createdAt, now())} ago)`],
    ['Next look', nextMs === undefined ? 'at the next event' : `in ${formatSpan(nextMs)}`],
  ];
  const width = Math.max(...facts.map(([title]) => title.length)) + 1;
  return facts.map(([title, value]) => `${`${title}:`.padEnd(width)}  ${value}\n`).join('');
}

function conditionColumns({ nowMs }: ColumnContext): readonly Column<StackStatus['conditions'][number]>[] {
  return [
    { title: 'TYPE', value: (condition) => condition.type },
    { title: 'STATUS', value: (condition) => condition.status },
    { title: 'SINCE', value: (condition) => formatAge(condition.lastTransitionTime, nowMs) },
    { title: 'REASON', value: (condition) => condition.reason },
    { title: 'MESSAGE', value: (condition) => condition.message },
  ];
}

/** What the services run from, whatever their tags point at now. */
function imageColumns(): readonly Column<StackStatus['services'][number]>[] {
  return [
    { title: 'SERVICE', value: (service) => service.name },
    { title: 'ID', value: (service) => shortRevision(service.imageId) },
    { title: 'DIGEST', value: (service) => service.imageDigest ?? '<none>' },
  ];
}

function historyColumns({ colors, nowMs }: ColumnContext): readonly Column<StackStatus['history'][number]>[] {
  return [
    { title: 'GENERATION', value: (entry) => String(entry.generation) },
    { title: 'OUTCOME', value: (entry) => entry.outcome, paint: colors.state },
    { title: 'LAST APPLIED', value: (entry) => formatAge(entry.lastAppliedAt, nowMs) },
    { title: 'REVISION', value: (entry) => entry.revision },
  ];
}

function renderProblems(status: StackStatus, { cwd, colors }: Context): string {
  if (status.problems.length === 0) return '';
  const findSource = createSourceFinder(cwd);
  const text = status.problems.map((problem) => renderProblem(problem, findSource, colors)).join('');
  return lines('Problems', text.trimEnd().split('\n'));
}

function withoutStack<Part>(columns: readonly Column<Of<Part>>[]): readonly Column<Of<Part>>[] {
  return columns.filter((column) => column.title !== 'STACK');
}

function section<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return lines(title, rows.length === 0 ? [] : renderTable(columns, rows).text.trimEnd().split('\n'));
}

function lines(title: string, content: readonly string[]): string {
  if (content.length === 0) return `${title}: <none>\n`;
  return [`${title}:`, ...content.map((line) => `  ${line}`), ''].join('\n');
}
