/**
 * What a plain (unquoted) YAML scalar means, by the rules of go-yaml v3, which docker compose uses: YAML
 * 1.2's core schema plus legacy octals (`0123`), binary (`0b11`), underscores in numbers and timestamps.
 * `yes`, `no`, `on` and `off` are strings.
 */
export function resolvePlainScalar(text: string): PlainScalar {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  const numeric = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e;
  if (!numeric) return { kind: 'string' };
  if (isTimestamp(text)) return { kind: 'timestamp' };
  const plain = text.replaceAll('_', '');
  return integerOf(plain) ?? floatOf(plain, text) ?? { kind: 'string' };
}

export type PlainScalar =
  | { readonly kind: 'string' | 'null' | 'timestamp' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number };

const words: ReadonlyMap<string, PlainScalar> = new Map<string, PlainScalar>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, { kind: 'null' }] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, { kind: 'boolean', value: true }] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, { kind: 'boolean', value: false }] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, { kind: 'float', value: Number.NaN }] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, { kind: 'float', value: Number.POSITIVE_INFINITY }] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map(
    (word) => [word, { kind: 'float', value: Number.NEGATIVE_INFINITY }] as const,
  ),
]);

const maxUint64 = 2n ** 64n;
const maxInt64 = 2n ** 63n;
const integerForms: readonly { readonly form: RegExp; readonly prefix: string }[] = [
  { form: /^([-+]?)(0|[1-9][0-9]*)$/, prefix: '' },
  { form: /^([-+]?)0[xX]([0-9a-fA-F]+)$/, prefix: '0x' },
  { form: /^([-+]?)0[bB]([01]+)$/, prefix: '0b' },
  { form: /^([-+]?)0[oO]?([0-7]+)$/, prefix: '0o' },
];

function integerOf(plain: string): PlainScalar | undefined {
  for (const { form, prefix } of integerForms) {
    const match = form.exec(plain);
    if (match === null) continue;
    const size = BigInt(prefix + (match[2] ?? '0'));
    const value = match[1] === '-' ? -size : size;
    if (value >= maxUint64 || value < -maxInt64) return undefined;
    const small = Number(value);
    return { kind: 'integer', value: Number.isSafeInteger(small) ? small : value };
  }
  return undefined;
}

const floatForm = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

function floatOf(plain: string, text: string): PlainScalar | undefined {
  if (!floatForm.test(text.startsWith('.') ? text : plain)) return undefined;
  return { kind: 'float', value: Number(plain) };
}

const timestampForm =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)?$/;

function isTimestamp(text: string): boolean {
  const match = timestampForm.exec(text);
  if (match === null) return false;
  const [month, day] = [Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [match[4] ?? match[7], match[5] ?? match[8], match[6] ?? match[9]].map(
    (part) => Number(part ?? 0),
  );
  const dayFits = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(Number(match[1]), month);
  return dayFits && (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) < 60;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
