import { defineCommand } from '../command.ts';
import { completeStacks } from '../completion/completer.ts';
import { choice } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { renderTable } from '../output/table.ts';
import { chooseStacks, selectionOptions } from '../stack-selection.ts';
import { drawTree, type TreeNode, treeColumns, treeOf } from '../tree.ts';

export const treeCommand = defineCommand({
  name: 'tree',
  group: 'Looking',
  usage: 'STACK...|-l LABELS|--all',
  summary: 'draw what a stack consists of, and how each part is',
  description: [
    'Draws a stack with its services and their containers, its networks and its volumes, a line for each.',
    'STATE is Synced or OutOfSync for a stack, what its containers do for a service, and Present, Missing or Drifted for a network or a volume. DETAIL is the revision of a stack, the image of a service, the addresses of a container, and the driver, subnets and isolation of a network.',
  ],
  options: {
    output: choice('-o, --output <format>', 'output format', ['table', 'wide', 'json', 'yaml', 'name']),
    ...selectionOptions,
  },
  examples: [
    { says: 'what is it made of?', line: 'stackctl tree demo' },
    { says: 'every stack, with ids, ports and messages', line: 'stackctl tree --all -o wide' },
    {
      says: 'containers that do not run',
      line: `stackctl tree demo -o json | jq -r '.. | select(.kind? == "container" and .state != "running") | .name'`,
    },
  ],
  takes: [0, Number.POSITIVE_INFINITY],
  completes: completeStacks,
  async run({ args, options }, context) {
    const client = await context.client();
    const trees: TreeNode[] = [];
    for (const name of await chooseStacks(client, { args, options }, context))
      trees.push(treeOf(await client.stack(name, context.signal)));
    const { output } = options;
    if (output === 'json' || output === 'yaml') {
      const documents = trees.map(documentOf);
      const isOne = args.length > 0 && documents.length === 1;
      await context.stdout.write(await renderDocument(output, isOne ? documents[0] : { items: documents }));
      return 0;
    }
    const lines = trees.map((tree) => drawTree(tree));
    if (output === 'name') {
      const names = trees.flatMap((tree) => namesIn(tree, tree.status.name));
      await context.stdout.write(names.map((name) => `${name}\n`).join(''));
      return 0;
    }
    if (lines.length === 0) return 0;
    const { colors } = context;
    const columns = treeColumns({ colors, nowMs: context.now(), wide: output === 'wide' });
    await context.stdout.write(renderTable(columns, lines.flat()).text);
    return 0;
  },
});

/** As `get -o name` writes them; containers, which get does not list, by their own names. */
function namesIn(node: TreeNode, stack: string): readonly string[] {
  const isOfStack = node.kind === 'service' || node.kind === 'network' || node.kind === 'volume';
  const own = isOfStack ? `${node.kind}/${stack}/${node.status.name}` : `${node.kind}/${node.status.name}`;
  return [own, ...node.children.flatMap((child) => namesIn(child, stack))];
}

/** A document for programs: what each thing is, and below it what belongs to it. */
function documentOf({ kind, status, children }: TreeNode): object {
  const below = children.length === 0 ? {} : { children: children.map(documentOf) };
  if (kind === 'stack') {
    const { name, labels, source, generation, lastAppliedRevision, sync, health, suspended } = status;
    return { kind, name, labels, source, generation, lastAppliedRevision, sync, health, suspended, ...below };
  }
  if (kind === 'service') {
    const { containers: _below, ...own } = status;
    return { kind, ...own, ...below };
  }
  return { kind, ...status };
}
