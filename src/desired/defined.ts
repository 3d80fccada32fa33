type Loose<Fields> = {
  readonly [Key in keyof Fields]: Record<never, never> extends Pick<Fields, Key>
    ? Fields[Key] | undefined
    : Fields[Key];
};

/** The fields that have a value: what is not asked for does not stand in a request, nor in its hash. */
export function definedOnly<Fields extends object>(fields: Loose<Fields>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** A list that says something; an empty one means the same as none. */
export function nonEmptyList<Item>(list: readonly Item[] | undefined): readonly Item[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** A mapping that says something; an empty one means the same as none. */
export function nonEmptyMap<Value>(
  map: Readonly<Record<string, Value>> | undefined,
): Readonly<Record<string, Value>> | undefined {
  return map === undefined || Object.keys(map).length === 0 ? undefined : map;
}

/** A text that says something. */
export function nonEmptyText(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** A switch that is on; off is every engine's default. */
export function onlyTrue(flag: boolean | undefined): true | undefined {
  return flag === true ? true : undefined;
}

/** Sorted by code point and without doubles, for lists whose order means nothing. */
export function sortedSet(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort();
}

/** Sorted by a text that each item has; equal ones keep their order. */
export function sortedBy<Item>(list: readonly Item[], text: (item: Item) => string): readonly Item[] {
  return [...list].sort((left, right) => compareText(text(left), text(right)));
}

/** By code point, whatever the locale of the machine. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
