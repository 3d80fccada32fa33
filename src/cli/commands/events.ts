import type { StackEvent } from '../../model/status.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStack } from '../completion/completer.ts';
import { completeObjects } from '../completion/things.ts';
import { parseSubject } from '../event-subject.ts';
import { choice, flag, text } from '../option.ts';
import { eventColumns } from '../output/columns.ts';
import { renderDocument } from '../output/document.ts';
import { renderTable } from '../output/table.ts';
import { reportError } from '../report.ts';
import { selectorOption } from '../stack-selection.ts';

export const eventsCommand = defineCommand({
  name: 'events',
  group: 'Looking',
  usage: '[STACK]',
  summary: 'list what happened to stacks, oldest first',
  description: [
    'Prints the events that the daemon remembers, of one stack or of all: drift that was found, repairs, restarts, rollouts and rollbacks, failures. The same thing again is one line with a count.',
  ],
  options: {
    watch: flag('-w, --watch', 'go on and print what happens'),
    for: text(
      '--for <object>',
      'only events of stack/NAME, service/STACK/NAME, or any KIND/NAME of OBJECT',
      completeObjects,
    ),
    selector: selectorOption,
    types: choice('--types <type>', 'only events of this type', ['All', 'Normal', 'Warning']),
    output: choice('-o, --output <format>', 'output format', ['table', 'json', 'yaml']),
  },
  examples: [
    { says: 'what went wrong lately?', line: 'stackctl events --types Warning' },
    { says: 'what happened to one service?', line: 'stackctl events --for service/demo/web' },
    { says: 'follow one stack', line: 'stackctl events demo -w' },
  ],
  takes: [0, 2],
  completes: completeStack,
  async run({ args, options }, context) {
    const client = await context.client();
    const { stack, isAbout } = await parseSubject(client, { args, ...options }, context);
    const isWanted = (event: StackEvent): boolean =>
      (options.types === 'All' || event.type === options.types) && isAbout(event);
    if (options.watch) {
      const events = await client.followEvents({ stack }, context.signal);
      return follow(events, { isWanted, withStack: stack === undefined, format: options.output }, context);
    }
    const events = (await client.events({ stack }, context.signal)).filter(isWanted);
    if (options.output !== 'table') {
      await context.stdout.write(await renderDocument(options.output, { items: events }));
    } else if (events.length === 0) {
      await context.stderr.write('no events\n');
    } else {
      const columns = eventColumns({ colors: context.colors, nowMs: context.now() }, stack === undefined);
      await context.stdout.write(renderTable(columns, events).text);
    }
    return 0;
  },
});

interface FollowOptions {
  readonly isWanted: (event: StackEvent) => boolean;
  readonly withStack: boolean;
  readonly format: 'table' | 'json' | 'yaml';
}

async function follow(
  events: AsyncIterable<StackEvent>,
  options: FollowOptions,
  context: Context,
): Promise<number> {
  const { isWanted, withStack, format } = options;
  let widths: readonly number[] | undefined;
  let header = true;
  for await (const event of events) {
    if (!isWanted(event)) continue;
    if (format !== 'table') {
      await context.stdout.write(await renderDocument(format, event, true));
      continue;
    }
    const columns = eventColumns({ colors: context.colors, nowMs: context.now() }, withStack);
    const table = renderTable(columns, [event], { header, widths, growing: true });
    ({ widths } = table);
    header = false;
    await context.stdout.write(table.text);
  }
  if (context.signal.aborted) return 0;
  await reportError('the daemon has stopped', 'start again when it is back', context);
  return 1;
}
