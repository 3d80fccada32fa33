import type { FieldPath } from './field-path.ts';
import { goText } from './go-text.ts';
import { keyValuesToMapping, toList, variablesToMapping } from './lists.ts';
import { errorAt, warningAt } from './report.ts';
import {
  anyText,
  dictionary,
  flag,
  integer,
  list,
  mistyped,
  object,
  optionalFlag,
  type Reading,
  type Shape,
  text,
  textOrNull,
  withNull,
} from './shape.ts';
import { splitShellWords } from './shell-words.ts';
import { isNull, type Tree } from './tree.ts';

/** A mapping of texts. */
export const texts: Shape = dictionary(anyText);

/** A mapping of texts, or a list of `key=value`. */
export const labels: Shape = (tree, path, reading) => {
  const mapping = keyValuesToMapping(tree);
  reportNameless(mapping, path, reading, (name) => name === '');
  return texts(mapping, path, reading);
};

/** Variables: a mapping or a list of `KEY=value`; null for a name without a value. */
export const variables: Shape = (tree, path, reading) => {
  const mapping = variablesToMapping(tree);
  reportNameless(mapping, path, reading, (name) => name === '' || name.startsWith('='));
  if (mapping.kind !== 'sequence') return dictionary(textOrNull)(mapping, path, reading);
  return mistyped(tree, path, reading, 'a list of KEY=value without a space before the =');
};

/**
 * The engine refuses a variable without a name, of a container's annotations and sysctls too. A label may be without
 * one for the engine, but docker compose takes it only from a list, and cannot read what it prints of it.
 */
function reportNameless(
  mapping: Tree,
  path: FieldPath,
  reading: Reading,
  isNameless: (name: string) => boolean,
): void {
  if (mapping.kind !== 'mapping') return;
  for (const [name, { keyAt }] of mapping.entries) {
    if (!isNameless(name)) continue;
    const hint = 'write NAME=value, or remove the entry';
    reading.report(errorAt('InvalidValue', 'an entry has no name', { path, at: keyAt, hint }));
  }
}

/** One text, or a list of them. */
export const textOrList: Shape = (tree, path, reading) => list(anyText)(toList(tree), path, reading);

/** A command: a list, or one text that is split into words; null for the image's own. */
export const command: Shape = withNull((tree, path, reading) => {
  if (isNull(tree)) return null;
  if (tree.kind === 'sequence') return tree.items.map((item) => (item.kind === 'scalar' ? goText(item) : ''));
  if (tree.kind !== 'scalar') return mistyped(tree, path, reading, 'a text or a list');
  const split = splitShellWords(goText(tree));
  if (!split.ok) {
    return mistyped(tree, path, reading, 'a command with closed quotes', 'write it as a list of words');
  }
  if (split.cutAt !== undefined) {
    reading.report(
      warningAt(
        'CommandCutOff',
        'the command ends before the first unquoted ; & | < or >: no shell reads it',
        {
          path,
          at: tree.at,
          hint: 'write ["sh", "-c", "..."] when a shell is meant',
        },
      ),
    );
  }
  return split.words;
});

/** A healthcheck's test: one text is a command for the shell. */
export const healthTest: Shape = (tree, path, reading) =>
  tree.kind === 'scalar' ? ['CMD-SHELL', goText(tree)] : list(anyText)(tree, path, reading);

/** `host=address`, sorted as docker compose prints them. */
export const hosts: Shape = (tree, path, reading) => {
  const entries = tree.kind === 'mapping' ? hostsOfMapping(tree) : hostsOfList(tree);
  if (entries === undefined) {
    return mistyped(tree, path, reading, 'hosts with their addresses', 'write host=address');
  }
  const all = entries.flatMap(([host, addresses]) =>
    addresses.map((address) => `${host}=${address.replace(/^\[(.+)\]$/, '$1')}`),
  );
  return all.length === 0 ? undefined : all.toSorted(byCode);
};

type HostEntry = readonly [host: string, addresses: readonly string[]];

function hostsOfMapping(tree: Extract<Tree, { kind: 'mapping' }>): readonly HostEntry[] | undefined {
  const entries: HostEntry[] = [];
  for (const [host, { value }] of tree.entries) {
    const addresses = value.kind === 'sequence' ? value.items : [value];
    if (host === '' || /[:=]/.test(host)) return undefined;
    entries.push([host, addresses.map((address) => (address.kind === 'scalar' ? goText(address) : ''))]);
  }
  return entries;
}

function hostsOfList(tree: Tree): readonly HostEntry[] | undefined {
  if (tree.kind !== 'sequence') return undefined;
  const entries: HostEntry[] = [];
  for (const item of tree.items) {
    const entry = item.kind === 'scalar' ? goText(item) : '';
    const separator = entry.includes('=') ? entry.indexOf('=') : entry.indexOf(':');
    if (separator <= 0) return undefined;
    entries.push([entry.slice(0, separator), entry.slice(separator + 1).split(',')]);
  }
  return entries;
}

function byCode(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** `nofile: 1024`, or `{soft, hard}`. */
export const ulimit: Shape = (tree, path, reading) => {
  if (tree.kind === 'scalar') return integer(tree, path, reading) ?? { soft: 0, hard: 0 };
  const limits = object({ soft: integer, hard: integer })(tree, path, reading);
  return { soft: 0, hard: 0, ...(limits as object) };
};

/** A file's mode: an octal text, or a number; docker compose prints `0440`. */
export const fileMode: Shape = (tree, path, reading) => {
  if (tree.kind !== 'scalar') return mistyped(tree, path, reading, 'a file mode');
  const mode = typeof tree.value === 'string' ? octal(tree.value) : Number(tree.value);
  if (mode === undefined || !Number.isSafeInteger(mode)) {
    return mistyped(tree, path, reading, 'a file mode', 'write it in octal: 0440');
  }
  return `0${mode.toString(8)}`;
};

function octal(mode: string): number | undefined {
  return /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : undefined;
}

/** How many devices: a number, or `all` (-1). */
const deviceCount: Shape = (tree, path, reading) => {
  const count = tree.kind === 'scalar' ? goText(tree) : '';
  if (count.toLowerCase() === 'all') return -1;
  return /^-?\d+$/.test(count)
    ? Number(count) || undefined
    : mistyped(tree, path, reading, 'all or a number');
};

/** A request for GPUs and their like. */
export const deviceRequest: Shape = object({
  capabilities: list(anyText),
  driver: text,
  count: deviceCount,
  device_ids: list(anyText),
  options: labels,
});

/** A config or secret as a service uses it. */
export const fileReference: Shape = object({
  source: text,
  target: text,
  uid: text,
  gid: text,
  mode: fileMode,
});

/** A top-level config or secret. */
export const fileObject: Shape = object({
  name: text,
  file: text,
  environment: text,
  content: text,
  external: flag,
  labels,
  driver: text,
  driver_opts: texts,
  template_driver: text,
});

/** A command that is run in or beside a service's container. */
export const hook: Shape = object({
  command,
  image: text,
  user: text,
  privileged: flag,
  working_dir: text,
  environment: variables,
  per_replica: optionalFlag,
});
