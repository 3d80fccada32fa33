/**
 * Reads a duration as Compose writes it: `1m30s`, `1.5s`, `500ms`, `2d`, `1w`. Nanoseconds; undefined when
 * it is none. A bare number is none, except `0`.
 */
export function parseDurationNs(text: string): number | undefined {
  const match = /^([-+]?)(.+)$/.exec(text);
  const body = match?.[2] ?? '';
  if (match === null) return undefined;
  if (body === '0') return 0;
  // No digit may belong to two parts of a pattern, or a long text takes quadratic time.
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, whole, fraction = '', unit] of body.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h|d|w)/g,
  )) {
    const unitNs = nsPerUnit[unit ?? ''] ?? 0;
    // Apart from each other: as one number they would not fit a float exactly.
    total += Number(whole) * unitNs + Math.trunc(Number(fraction) * (unitNs / 10 ** fraction.length));
  }
  if (total > maxDurationNs) return undefined;
  return match[1] === '-' && total > 0 ? -total : total;
}

/** Go counts a duration in 64 bits. */
const maxDurationNs = 2 ** 63;

const nsPerUnit: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
  d: 86_400e9,
  w: 604_800e9,
};

/** A duration as Go prints it, which is how docker compose shows it: `26h0m0s`, `1m30s`, `1.5s`, `500ms`, `0s`. */
export function formatDuration(durationNs: number): string {
  if (durationNs === 0) return '0s';
  const sign = durationNs < 0 ? '-' : '';
  const size = Math.abs(durationNs);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const minutes = Math.floor(size / 60e9);
  const seconds = `${decimal(size - minutes * 60e9, 1e9)}s`;
  if (minutes === 0) return `${sign}${seconds}`;
  const hours = Math.floor(minutes / 60);
  return `${sign}${hours === 0 ? '' : `${hours}h`}${minutes % 60}m${seconds}`;
}

/** Digits are counted, not divided: a float division would show its error. */
function decimal(size: number, unit: number): string {
  const whole = Math.floor(size / unit);
  const digits = String(unit).length - 1;
  const fraction = String(size - whole * unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(whole) : `${whole}.${fraction}`;
}

/**
 * Reads a size: `64` (bytes), `64k`, `64kb`, `64KiB`, `1.5g`, and `-1` (no limit), as the canonical model
 * has it. Prefixes are powers of 1024. Bytes; undefined when it is none.
 */
export function parseBytes(text: string): number | undefined {
  if (/^-\d+$/.test(text)) return Number(text);
  const match = /^(\d+(?:\.\d*)?(?:e\d+)?|\.\d+) ?(?:b|([kmgtp])(?:i?b)?)?$/i.exec(text);
  if (match === null) return undefined;
  const power = match[2] === undefined ? 0 : 'kmgtp'.indexOf(match[2].toLowerCase()) + 1;
  const size = Math.trunc(Number(match[1]) * 1024 ** power);
  return size <= Number.MAX_SAFE_INTEGER ? size : undefined;
}
