import type { RevisionNote } from '../../api/rollout-contract.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStack } from '../completion/completer.ts';
import { choice, ordinal, UsageError } from '../option.ts';
import { shortRevision } from '../output/columns.ts';
import { renderDocument } from '../output/document.ts';
import { type Column, printable, renderTable } from '../output/table.ts';
import { formatAge } from '../output/time.ts';
import { parseStacks } from '../reference.ts';
import { reportError } from '../report.ts';

export const historyCommand = defineCommand({
  name: 'history',
  group: 'Looking',
  usage: 'STACK',
  summary: 'list the revisions of a stack and what each changed',
  description: [
    'A revision is what the manifest and all it refers to meant at a time; its number is the generation that it was. Those that were Ready are kept, the last ten, and stackctl rollback can go back to them.',
  ],
  options: {
    revision: ordinal('--revision <number>', 'everything about this one'),
    output: choice('-o, --output <format>', 'output format', ['table', 'json', 'yaml']),
  },
  examples: [
    { says: 'what was rolled out when', line: 'stackctl history demo' },
    { says: 'what did revision 3 change?', line: 'stackctl history demo --revision 3' },
  ],
  takes: [1, 2],
  completes: completeStack,
  async run({ args, options }, context) {
    const [stack, ...others] = parseStacks(args);
    if (stack === undefined || others.length > 0) throw new UsageError('one stack is needed', 'give STACK');
    const all = await (await context.client()).history(stack, context.signal);
    const items =
      options.revision === undefined ? all : all.filter(({ number }) => number === options.revision);
    if (items.length === 0 && options.revision !== undefined) {
      await reportError(
        `stack/${stack} has no revision ${options.revision}`,
        `stackctl history ${stack}`,
        context,
      );
      return 1;
    }
    if (options.output !== 'table') {
      await context.stdout.write(await renderDocument(options.output, { items }));
    } else if (options.revision !== undefined) {
      await context.stdout.write(items.map((item) => renderRevision(item, context)).join(''));
    } else if (items.length === 0) {
      await context.stderr.write('no revision was applied yet\n');
    } else {
      await context.stdout.write(renderTable(columns(context), items).text);
    }
    return 0;
  },
});

function columns({ colors, now }: Context): readonly Column<RevisionNote>[] {
  return [
    { title: 'REVISION', value: ({ number }) => String(number) },
    { title: 'OUTCOME', value: ({ outcome }) => outcome, paint: colors.state },
    { title: 'APPLIED', value: ({ appliedAt }) => formatAge(appliedAt, now()) },
    { title: 'KEPT', value: ({ isRestorable }) => (isRestorable ? 'yes' : 'no') },
    { title: 'HASH', value: ({ revision }) => shortRevision(revision) },
    { title: 'CHANGES', value: ({ changes }) => inShort(changes) },
  ];
}

function inShort(changes: readonly string[]): string {
  const [first] = changes;
  if (first === undefined) return '<none>';
  return changes.length === 1 ? first : `${first} (and ${changes.length - 1} more)`;
}

function renderRevision(item: RevisionNote, { colors }: Context): string {
  const services = Object.entries(item.services).map(([name, image]) => `  ${name}: ${image}`);
  return [
    `Revision:  ${item.number}`,
    `Hash:      ${item.revision}`,
    `Outcome:   ${colors.state(item.outcome)}`,
    `Applied:   ${item.appliedAt}`,
    `Kept:      ${item.isRestorable ? 'yes' : 'no'}`,
    'Services:',
    ...(services.length === 0 ? ['  <none>'] : services.map(printable)),
    'Changes:',
    ...(item.changes.length === 0 ? ['  <none>'] : item.changes.map((each) => `  ${printable(each)}`)),
    '',
  ].join('\n');
}
