import pico from 'picocolors';

type Paint = (text: string) => string;

/** The few ways in which text is painted; each leaves text as it is where colours are off. */
export interface Colors {
  readonly good: Paint;
  readonly busy: Paint;
  readonly bad: Paint;
  readonly dim: Paint;
  readonly bold: Paint;
  /** Told apart by number, for the prefixes of logs. */
  readonly series: (index: number) => Paint;
  /** A word of state in the colour that it deserves. */
  readonly state: Paint;
}

/** `enabled`: see `wantsColor`. */
export function createColors(enabled: boolean): Colors {
  const paints = pico.createColors(enabled);
  const { green, yellow, red, cyan, blue, magenta } = paints;
  const series = [cyan, yellow, green, magenta, blue];
  const byWord = new Map<string, Paint>([
    ...GOOD.map((word) => [word, green] as const),
    ...BUSY.map((word) => [word, yellow] as const),
    ...BAD.map((word) => [word, red] as const),
  ]);
  const state: Paint = (text) => (byWord.get(text.trim()) ?? ((plain: string) => plain))(text);
  return {
    good: green,
    busy: yellow,
    bad: red,
    dim: paints.dim,
    bold: paints.bold,
    series: (index) => series[index % series.length] ?? cyan,
    state,
  };
}

const GOOD = ['Synced', 'Healthy', 'Present', 'Running', 'Completed', 'Applied', 'running', 'healthy'];
const BUSY = [
  'OutOfSync',
  'Progressing',
  'Drifted',
  'Waiting',
  'Suspended',
  'Applying',
  'Warning',
  'starting',
];
const BAD = [
  'Degraded',
  'Missing',
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'Failed',
  'RolledBack',
  'unhealthy',
  'exited',
  'dead',
];

/** Colour only on a terminal that can show it, and never against `NO_COLOR` (no-color.org) or `--no-color`. */
export function wantsColor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
): boolean {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb' || argv.includes('--no-color');
  return isTerminal && !refused;
}
