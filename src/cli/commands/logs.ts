import type { ContainerLogLine } from '../../api/contract.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeServices } from '../completion/completer.ts';
import { count, flag, type Since, since } from '../option.ts';
import { forTerminal } from '../output/terminal-text.ts';
import { parseStack } from '../reference.ts';

export const logsCommand = defineCommand({
  name: 'logs',
  group: 'Looking',
  usage: 'STACK [SERVICE...]',
  summary: 'print what the containers of a stack write',
  description: [
    'Prints the output of all containers of a stack, or of the services named, each line behind the name of its container. What a container writes to stderr is printed to stdout with the rest.',
  ],
  options: {
    follow: flag('-f, --follow', 'go on and print what is written'),
    tail: count('-n, --tail <lines>', 'how many lines of each container to begin with', 'all'),
    since: since(
      '--since <when>',
      'only lines since then: a duration such as 10m, or a date such as 2024-05-04T12:00:00Z',
    ),
    timestamps: flag('-t, --timestamps', 'put the time before each line'),
    prefix: flag('--prefix', 'put the name of the container before each line', true),
  },
  examples: [
    { says: 'follow a stack, from its last ten lines', line: 'stackctl logs demo -f --tail 10' },
    { says: 'one service, the last quarter of an hour', line: 'stackctl logs demo web --since 15m' },
    { says: 'only the lines themselves', line: 'stackctl logs demo web --prefix=false' },
  ],
  takes: [1, Number.POSITIVE_INFINITY],
  completes: completeServices,
  async run({ args: [stackArgument = '', ...services], options }, context) {
    const stack = parseStack(stackArgument);
    const client = await context.client();
    const status = await client.stack(stack, context.signal);
    const unknown = services.find((service) => !status.services.some(({ name }) => name === service));
    if (unknown !== undefined) {
      const known = status.services.map(({ name }) => name).join(', ');
      await context.stderr.write(
        `${context.errorColors.bad('error')}: stack "${stack}" has no service "${unknown}"\nhint: it has ${known}\n`,
      );
      return 1;
    }
    const shown = status.services.filter(({ name }) => services.length === 0 || services.includes(name));
    const widths = shown.map(({ name, desired }) => `${name}-${desired}`.length);
    const lines = await client.logs(
      {
        stack,
        services,
        follow: options.follow,
        tail: options.tail,
        sinceMs: sinceMs(options.since, context.now()),
        timestamps: options.timestamps,
      },
      context.signal,
    );
    await print(lines, { prefix: options.prefix, width: Math.max(0, ...widths) }, context);
    return 0;
  },
});

function sinceMs(wanted: Since | undefined, nowMs: number): number | undefined {
  if (wanted === undefined) return undefined;
  return 'atMs' in wanted ? wanted.atMs : Math.max(0, nowMs - wanted.agoMs);
}

async function print(
  lines: AsyncIterable<ContainerLogLine>,
  { prefix, width }: { readonly prefix: boolean; readonly width: number },
  { stdout, colors }: Context,
): Promise<void> {
  const paints = new Map<string, (text: string) => string>();
  let widest = width;
  for await (const { container, text: written } of lines) {
    // What goes into a file or a program is what the container wrote.
    const text = stdout.isTerminal ? forTerminal(written) : written;
    if (!prefix) {
      await stdout.write(`${text}\n`);
      continue;
    }
    const paint = paints.get(container) ?? colors.series(paints.size);
    paints.set(container, paint);
    widest = Math.max(widest, container.length);
    await stdout.write(`${paint(`${container.padEnd(widest)}  | `)}${text}\n`);
  }
}
