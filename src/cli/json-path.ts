/** One step of a path into JSON. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  /** Negative: from the end. */
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  /** Items of which a field is a text, or is not. */
  | { readonly kind: 'where'; readonly path: JsonPath; readonly isEqual: boolean; readonly value: string };

export type JsonPath = readonly Step[];

const STEPS: readonly (readonly [RegExp, (parts: readonly string[]) => Step | undefined])[] = [
  [/^\.?\[\*\]|^\.\*/, () => ({ kind: 'all' })],
  [/^\.?\[(-?\d{1,9})\]/, ([, index = '']) => ({ kind: 'index', index: Number(index) })],
  [
    /^\.?\[(?:'([^']+)'|"([^"]+)")\]/,
    ([, single, double]) => ({ kind: 'field', name: single ?? double ?? '' }),
  ],
  [/^\.?\[\?\(@([^=!]*?)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^'")\s]+))\)\]/, filterStep],
  [
    /^\.((?:[^.[\]{}'"\\\s]|\\.)+)/,
    ([, name = '']) => ({ kind: 'field', name: name.replaceAll(/\\(.)/g, '$1') }),
  ],
];

/**
 * Understands the part of JSONPath that kubectl's users write: `{.a.b}`, `.a[0]`, `[*]`, `['a.b']`,
 * `[?(@.type=="Ready")]`, with or without the braces and `$`. Undefined for anything else.
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  const [, inBraces] = /^\{(.*)\}$/.exec(text) ?? [];
  const path = (inBraces ?? text).trim().replace(/^\$/, '');
  const rooted = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  return parseSteps(rooted);
}

function parseSteps(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const next = parseStep(rest);
    if (next === undefined) return undefined;
    steps.push(next.step);
    rest = rest.slice(next.length);
  }
  return steps.length === 0 ? undefined : steps;
}

function parseStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  for (const [pattern, make] of STEPS) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const step = make(found);
    return step === undefined ? undefined : { step, length: found[0].length };
  }
  return undefined;
}

function filterStep([, path = '', sign, single, double, bare]: readonly string[]): Step | undefined {
  const steps = parseSteps(path);
  const value = single ?? double ?? bare ?? '';
  return steps === undefined ? undefined : { kind: 'where', path: steps, isEqual: sign === '==', value };
}

/** Everything that a path leads to; what is null or missing is nothing. */
export function findInJson(value: unknown, path: JsonPath): readonly unknown[] {
  return path.reduce<readonly unknown[]>(
    (found, step) => found.flatMap((each) => follow(each, step)).filter((each) => each != null),
    [value],
  );
}

function follow(value: unknown, step: Step): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  switch (step.kind) {
    case 'field':
      return isMap(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index':
      return [items.at(step.index)];
    case 'all':
      return isMap(value) ? Object.values(value) : items;
    case 'where':
      return items.filter(
        (item) => findInJson(item, step.path).some((each) => String(each) === step.value) === step.isEqual,
      );
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
