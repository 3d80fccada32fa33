// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import fc from 'fast-check';
import { stringify } from 'yaml';

/** A manifest as a tree of plain values. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** One change of a tree, or of the text made of it. Plain data: a failing case can be kept as it is. */
export interface Mutation {
  readonly kind: (typeof TREE_KINDS)[number] | (typeof TEXT_KINDS)[number];
  /** Chooses the node, or the place in the text; taken modulo. */
  readonly where: number;
  /** Chooses what comes there; taken modulo. */
  readonly what: number;
}

const TREE_KINDS = ['delete', 'duplicate', 'retype', 'key', 'nest', 'huge', 'graft', 'swap'] as const;
const TEXT_KINDS = ['cut', 'flip', 'insert', 'repeat', 'newlines'] as const;

/** Few, and mostly of the tree: what is broken everywhere is refused at its first word. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { arbitrary: fc.constantFrom(...TREE_KINDS), weight: 5 },
      { arbitrary: fc.constantFrom(...TEXT_KINDS), weight: 1 },
    ),
    where: fc.nat(),
    what: fc.nat(),
  }),
  { maxLength: 6 },
);

/** Changes a manifest: first its tree, then its text. Never throws. */
export function mutate(manifest: Value, all: readonly Mutation[]): string {
  const tree = all.filter(({ kind }) => isTreeKind(kind)).reduce(mutateTree, manifest);
  return all.filter(({ kind }) => !isTreeKind(kind)).reduce(mutateText, render(tree));
}

const isTreeKind = (kind: Mutation['kind']): boolean => (TREE_KINDS as readonly string[]).includes(kind);

function render(tree: Value): string {
  // `__proto__` as an own key, which stringify keeps.
  return stringify(tree, { lineWidth: 0 });
}

const ODD_KEYS = [
  ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '<<', '', ' '],
  ...['.', '..', '../x', 'a/b', 'a.b', 'a[0]', '0', '-', 'null', 'true', '1e3', 'x-note', '=', 'é', '名'],
  ...['\u202Eevil', 'zero\u200Bwidth', 'e\u0301', 'a\nb', 'a\0b', '\u001b[31m', '${X}', '$', 'A'.repeat(300)],
];

const ODD_SCALARS: readonly Value[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, -(2 ** 63), 65_536, 4_294_967_296],
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\u202Eevil',
    '\uFEFF',
    '..',
    '../../etc',
    '/',
    '/proc/self/environ',
    '~',
    '~root',
  ],
  ...[
    '${',
    '${X',
    '${X:?no}',
    '${X:-${Y:-z}}',
    '$$',
    '$',
    '${__proto__}',
    '${constructor}',
    '%s',
    '\\',
    '"',
    "'",
  ],
  ...['1s', '1000000h', '-1s', '1m1', '99999999999g', '1e309', '0x', '0b11', '1_000', '22:22', '2001-01-01'],
  ...[
    '1-65535:1-65535',
    '65536',
    '::1:80:80',
    'a:b:c:d',
    'C:\\x:/y',
    'service:',
    'service:web',
    'container:x',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '-',
    '*a',
    '&a',
    '!reset',
    '? x',
    '<<: *a',
    '- - - -',
    '{',
    '[',
  ],
  ...[
    'a=b',
    '=b',
    'a=',
    'none',
    'host',
    'CMD',
    'no',
    'on-failure:-1',
    'always',
    'every_1s',
    'sha256:',
    '@',
    ':',
  ],
];

const PIECES = [
  ...[
    '&a ',
    '*a',
    '<<: *a\n',
    '!reset ',
    '!override ',
    '!!binary ',
    '!!js/function ',
    '!include ',
    '!!str ',
    '!!int ',
  ],
  ...[
    '\n---\n',
    '\n...\n',
    '%YAML 1.1\n---\n',
    '\t',
    '\r',
    '\0',
    '\uFEFF',
    '\u0085',
    '\u2028',
    '\u202E',
    '# ',
    '"',
    "'",
  ],
  ...['{', '}', '[', ']', ': ', '- ', '? ', '|\n', '>\n', ', ', '@', '`', '${', '$$', '__proto__: {x: 1}\n'],
  ...['services:\n', '  web:\n', '"__proto__"', '&k __proto__', '*k : 1\n', '\\', '\u{1F600}', '\uD800'],
];

/** Every node of a tree, with the way to it. */
function places(
  tree: Value,
  way: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] {
  if (typeof tree !== 'object' || tree === null) return [way];
  const children = Array.isArray(tree)
    ? tree.flatMap((item: Value, index) => places(item, [...way, index]))
    : Object.entries(tree).flatMap(([key, value]) => places(value, [...way, key]));
  return [way, ...children];
}

function pick<Item>(items: readonly Item[], index: number): Item {
  return items[index % items.length] as Item;
}

function at(tree: Value, way: readonly (string | number)[]): Value {
  return way.reduce<Value>((node, part) => (node as Record<string | number, Value>)[part] ?? null, tree);
}

/** What stands at a place, changed; entries as pairs, so that any key can be one. */
function change(
  tree: Value,
  way: readonly (string | number)[],
  to: (entry: Entry) => readonly Entry[],
): Value {
  const [part, ...rest] = way;
  if (part === undefined) return to(['', tree])[0]?.[1] ?? null;
  const entries: Entry[] = Array.isArray(tree)
    ? tree.map((item: Value, index) => [String(index), item])
    : Object.entries(tree as Record<string, Value>);
  const changed = entries.flatMap(([key, value]): readonly Entry[] => {
    if (key !== String(part)) return [[key, value]];
    return rest.length === 0 ? to([key, value]) : [[key, change(value, rest, to)]];
  });
  if (Array.isArray(tree)) return changed.map(([, value]) => value);
  return fromEntries(changed);
}

type Entry = readonly [key: string, value: Value];

function fromEntries(entries: readonly Entry[]): Value {
  // Not by assignment: that would set the prototype instead of the key.
  return Object.fromEntries(entries);
}

function mutateTree(tree: Value, { kind, where, what }: Mutation): Value {
  const all = places(tree);
  const way = pick(all, where);
  switch (kind) {
    case 'delete':
      return change(tree, way, () => []);
    case 'duplicate':
      return change(tree, way, ([key, value]) => [
        [key, value],
        [`${key}2`, value],
      ]);
    case 'key':
      return change(tree, way, ([, value]) => [[pick(ODD_KEYS, what), value]]);
    case 'nest':
      return change(tree, way, ([key, value]) => [[key, nested(value, what)]]);
    case 'huge':
      return change(tree, way, ([key]) => [[key, 'x'.repeat(1 + (what % 200_000))]]);
    case 'graft':
      return change(tree, way, ([key]) => [[key, at(tree, pick(all, what))]]);
    case 'swap':
      return change(tree, way, ([key, value]) => [[key, { [pick(ODD_KEYS, what)]: value, other: value }]]);
    default:
      return change(tree, way, ([key]) => [[key, retyped(what)]]);
  }
}

function retyped(what: number): Value {
  const scalar = pick(ODD_SCALARS, what);
  switch (what % 7) {
    case 0:
      return [scalar];
    case 1:
      return fromEntries([[pick(ODD_KEYS, what >> 3), scalar]]);
    case 2:
      return what % 2 === 0 ? [] : {};
    default:
      return scalar;
  }
}

function nested(value: Value, what: number): Value {
  let deep = value;
  for (let depth = 0; depth < what % 90; depth += 1) deep = (what + depth) % 2 === 0 ? [deep] : { a: deep };
  return deep;
}

function mutateText(text: string, { kind, where, what }: Mutation): string {
  const place = text.length === 0 ? 0 : where % text.length;
  switch (kind) {
    case 'cut':
      return what % 2 === 0
        ? text.slice(0, place)
        : text.slice(0, place) + text.slice(place + 1 + (what % 40));
    case 'flip': {
      const bytes = Buffer.from(text);
      if (bytes.length > 0) bytes[where % bytes.length] = what % 256;
      return bytes.toString('utf8');
    }
    case 'repeat':
      return text.slice(0, place) + pick(PIECES, what).repeat(1 + (where % 2000)) + text.slice(place);
    case 'newlines':
      return what % 2 === 0 ? text.replaceAll('\n', '\r\n') : `${text}\n---\n${text}`;
    default: {
      // At the start of a line or of a value, where it means something.
      const starts = [...text.matchAll(/(?<=\n|: |- )/g)].map(({ index }) => index);
      const start = starts.length === 0 ? place : pick(starts, where);
      return text.slice(0, start) + pick(PIECES, what) + text.slice(start);
    }
  }
}
