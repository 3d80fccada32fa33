import type { ScalarTree } from './tree.ts';

/**
 * A scalar as text, the way docker compose (Go's `%v`) prints it: `1e+06` for a float of a million, `83`
 * for the octal `0123`. null is the empty string.
 */
export function goText(scalar: ScalarTree): string {
  const { value } = scalar;
  if (value === null) return '';
  if (typeof value !== 'number') return String(value);
  return scalar.float === true ? goFloat(value) : String(value);
}

/** The shortest decimal of a float; with an exponent below 1e-4 and from 1e6 on, as Go's `%v` writes it. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** The number that the shortest decimal of a 32-bit float denotes: `0.1`, not `0.10000000149011612`. */
export function shortestFloat32(value: number): number {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single;
  for (let precision = 1; precision <= 9; precision += 1) {
    const candidate = Number(single.toPrecision(precision));
    if (Math.fround(candidate) === single) return candidate;
  }
  return single;
}
