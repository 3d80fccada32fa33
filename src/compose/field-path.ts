/** Where in a Compose document something is: keys, and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** `services.web.ports[0]`, as problems and `locate` spell it. */
export function formatFieldPath(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/**
 * Rules by path, as a tree of keys that is walked in step with a document. A pattern is keys joined by
 * dots; `*` stands for any key or any position of a list. A named key wins over `*`.
 */
export interface PathTable<Rule> {
  readonly rule: Rule | undefined;
  readonly named: ReadonlyMap<string, PathTable<Rule>>;
  readonly any: PathTable<Rule> | undefined;
}

interface GrowingTable<Rule> {
  rule: Rule | undefined;
  readonly named: Map<string, GrowingTable<Rule>>;
  any: GrowingTable<Rule> | undefined;
}

/** Builds a table from patterns such as `services.*.ports`. */
export function pathTable<Rule>(rules: Readonly<Record<string, Rule>>): PathTable<Rule> {
  const root = emptyTable<Rule>();
  for (const [pattern, rule] of Object.entries(rules)) {
    let node = root;
    for (const part of pattern.split('.')) node = grow(node, part);
    node.rule = rule;
  }
  return root;
}

/** The part of a table below a key or a position; undefined when it has no rule there. */
export function stepInto<Rule>(
  table: PathTable<Rule> | undefined,
  part: string | number,
): PathTable<Rule> | undefined {
  if (table === undefined) return undefined;
  return (typeof part === 'string' ? table.named.get(part) : undefined) ?? table.any;
}

function emptyTable<Rule>(): GrowingTable<Rule> {
  return { rule: undefined, named: new Map(), any: undefined };
}

function grow<Rule>(node: GrowingTable<Rule>, part: string): GrowingTable<Rule> {
  if (part === '*') {
    node.any ??= emptyTable();
    return node.any;
  }
  const known = node.named.get(part) ?? emptyTable<Rule>();
  node.named.set(part, known);
  return known;
}
