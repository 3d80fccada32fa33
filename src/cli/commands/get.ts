import type { StackStatus } from '../../model/status.ts';
import { type Context, defineCommand } from '../command.ts';
import { completeStack } from '../completion/completer.ts';
import { completeThings } from '../completion/things.ts';
import { type Listing, NETWORKS, SERVICES, STACKS, VOLUMES } from '../listing.ts';
import { choice, flag, text, UsageError } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { printable, renderTable } from '../output/table.ts';
import { didYouMean, findKind, KINDS, type Kind } from '../reference.ts';
import { reportError } from '../report.ts';
import type { Selector } from '../selector.ts';
import { getSources } from '../source-listing.ts';
import { selectorOption, selectStacks } from '../stack-selection.ts';

type Format = 'table' | 'wide' | 'json' | 'yaml' | 'name';

export const getCommand = defineCommand({
  name: 'get',
  group: 'Looking',
  usage: 'stacks|services|networks|volumes|sources [NAME...]',
  summary: 'list stacks, services, networks, volumes or sources',
  description: [
    'Prints a table, a line for each. Kinds may be shortened: st, svc, net, vol, src. One thing is asked for by its name, or as KIND/NAME; a service, network or volume also as STACK/NAME.',
    'SYNC says whether the engine shows what the manifest says (Synced, OutOfSync), HEALTH whether it works (Healthy, Progressing, Degraded, Missing, Suspended), READY how many services, or containers of a service, are ready out of those desired.',
  ],
  options: {
    output: choice('-o, --output <format>', 'output format', ['table', 'wide', 'json', 'yaml', 'name']),
    watch: flag('-w, --watch', 'go on and print what changes'),
    stack: text('-s, --stack <name>', 'only of this stack', completeStack),
    selector: selectorOption,
    headers: flag('--headers', 'print the heading of the table', true),
  },
  examples: [
    { says: 'all stacks', line: 'stackctl get stacks' },
    {
      says: 'the services of one stack, with all there is to know',
      line: 'stackctl get services -s demo -o wide',
    },
    { says: 'the stacks of a team', line: 'stackctl get stacks -l team=web' },
    { says: 'follow a stack', line: 'stackctl get stack/demo -w' },
    { says: 'where manifests come from', line: 'stackctl get sources' },
    {
      says: 'names of the stacks that are not healthy',
      line: `stackctl get stacks -o json | jq -r '.items[] | select(.health != "Healthy") | .name'`,
    },
  ],
  exits: '0 done, 1 failed or something named is not there, 2 wrong usage',
  takes: [1, Number.POSITIVE_INFINITY],
  completes: completeThings,
  async run({ args, options }, context) {
    const { kind, names } = parseTargets(args);
    const wanted: Wanted = { names, ...options, format: options.output };
    switch (kind) {
      case 'stack':
        return get(STACKS, wanted, context);
      case 'service':
        return get(SERVICES, wanted, context);
      case 'network':
        return get(NETWORKS, wanted, context);
      case 'volume':
        return get(VOLUMES, wanted, context);
      case 'source':
        return getSources(wanted, context);
    }
  },
});

interface Wanted {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly format: Format;
  readonly watch: boolean;
  readonly stack: string | undefined;
  readonly selector: Selector;
  readonly headers: boolean;
}

/** `stacks`, `stack demo`, `stack/demo stack/shop`, `service/demo/web`. */
function parseTargets(args: readonly string[]): { readonly kind: Kind; readonly names: readonly string[] } {
  const [first = '', ...others] = args;
  if (!first.includes('/')) return { kind: requireKind(first), names: others };
  const kinds = new Set(args.map((argument) => requireKind(argument.split('/')[0] ?? '')));
  const [kind, ...more] = kinds;
  if (kind === undefined || more.length > 0) throw new UsageError('things of one kind are listed at a time');
  return { kind, names: args.map((argument) => argument.slice(argument.indexOf('/') + 1)) };
}

function requireKind(word: string): Kind {
  const kind = findKind(word);
  if (kind === undefined) {
    throw new UsageError(
      `there is no kind "${word}"`,
      didYouMean(word, Object.values(KINDS).flat()) ??
        'it is one of stacks (st), services (svc), networks (net), volumes (vol), sources (src)',
    );
  }
  return kind;
}

async function get<Row>(listing: Listing<Row>, wanted: Wanted, context: Context): Promise<number> {
  const client = await context.client();
  // Begun before the list is read, so that no change falls between.
  const notices = wanted.watch ? await client.watch({ stack: wanted.stack }, context.signal) : undefined;
  const statuses = await client.stacks(context.signal);
  const rows = select(listing, statuses, wanted);
  const missing = wanted.names.filter((name) => !rows.some((row) => listing.names(row).includes(name)));
  const known = missing.length === 0 ? [] : statuses.flatMap(listing.rows).flatMap(listing.names);
  const printer = new Printer(listing, wanted, context);
  await printer.first(rows);
  for (const name of missing)
    await reportError(`there is no ${listing.kind} "${name}"`, didYouMean(name, known), context);
  if (notices === undefined) return missing.length === 0 ? 0 : 1;

  for await (const notice of notices) {
    if (notice.kind === 'status') await printer.changed(select(listing, [notice.status], wanted));
    if (notice.kind === 'deleted') await printer.deleted(notice.name);
  }
  if (context.signal.aborted) return 0;
  await reportError('the daemon has stopped', 'start again when it is back', context);
  return 1;
}

function select<Row>(
  listing: Listing<Row>,
  statuses: readonly StackStatus[],
  { stack, names, selector }: Wanted,
): readonly Row[] {
  return selectStacks(statuses, selector)
    .filter((status) => stack === undefined || status.name === stack)
    .flatMap((status) => listing.rows(status))
    .filter((row) => names.length === 0 || listing.names(row).some((name) => names.includes(name)));
}

/** Prints rows, and with `-w` each again when it has changed. Remembers what was printed last of each. */
class Printer<Row> {
  readonly #listing: Listing<Row>;
  readonly #wanted: Wanted;
  readonly #context: Context;
  readonly #printed = new Map<string, string>();
  #widths: readonly number[] | undefined;

  constructor(listing: Listing<Row>, wanted: Wanted, context: Context) {
    this.#listing = listing;
    this.#wanted = wanted;
    this.#context = context;
  }

  async first(rows: readonly Row[]): Promise<void> {
    const { format, watch, headers, names } = this.#wanted;
    for (const row of rows) this.#remember(row);
    if ((format === 'json' || format === 'yaml') && !watch) {
      const documents = rows.map(this.#listing.document);
      const only = names.length === 1 && documents.length === 1 ? documents[0] : undefined;
      await this.#write(await renderDocument(format, only ?? { items: documents }));
      return;
    }
    if (rows.length === 0 && names.length === 0 && format !== 'name') {
      await this.#context.stderr.write(`no ${this.#listing.kind}s\n`);
      return;
    }
    await this.#print(rows, headers && rows.length > 0);
    if (format === 'name' || format === 'json' || format === 'yaml') return;
    const { errorColors, stderr } = this.#context;
    for (const remark of rows.flatMap((row) => this.#listing.remarks?.(row) ?? []))
      await stderr.write(`${errorColors.busy('note')}: ${printable(remark)}\n`);
  }

  async changed(rows: readonly Row[]): Promise<void> {
    // The header comes with the first row, when there was none to begin with.
    const isFirst = this.#widths === undefined && this.#wanted.headers;
    await this.#print(
      rows.filter((row) => this.#remember(row)),
      isFirst,
    );
  }

  async deleted(stack: string): Promise<void> {
    for (const id of this.#printed.keys()) {
      if (id.split('/')[1] !== stack) continue;
      this.#printed.delete(id);
      const { format } = this.#wanted;
      const isDocument = format === 'json' || format === 'yaml';
      await this.#write(isDocument ? await renderDocument(format, { deleted: id }, true) : `${id} deleted\n`);
    }
  }

  async #print(rows: readonly Row[], header: boolean): Promise<void> {
    const { format } = this.#wanted;
    if (rows.length === 0) return;
    if (format === 'name') return this.#write(rows.map((row) => `${this.#listing.id(row)}\n`).join(''));
    if (format === 'json' || format === 'yaml') {
      for (const row of rows)
        await this.#write(await renderDocument(format, this.#listing.document(row), true));
      return;
    }
    const { colors } = this.#context;
    const columns = this.#listing.columns({ colors, nowMs: this.#context.now(), wide: format === 'wide' });
    const table = renderTable(columns, rows, { header, widths: this.#widths, growing: this.#wanted.watch });
    this.#widths = table.widths;
    await this.#write(table.text);
  }

  /** True when it is new or other than what was printed. */
  #remember(row: Row): boolean {
    const id = this.#listing.id(row);
    const content = JSON.stringify(this.#listing.document(row));
    if (this.#printed.get(id) === content) return false;
    this.#printed.set(id, content);
    return true;
  }

  async #write(output: string): Promise<void> {
    await this.#context.stdout.write(output);
  }
}
