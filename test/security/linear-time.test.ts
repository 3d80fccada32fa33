// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import { expect, test } from 'vitest';
import { castText } from '../../src/compose/cast.ts';
import { parseDotenv, parseRawEnv } from '../../src/compose/dotenv.ts';
import { parseAddress, parseSubnet } from '../../src/compose/ip.ts';
import { parseMount } from '../../src/compose/mounts.ts';
import { parseYaml } from '../../src/compose/parse.ts';
import { parsePort } from '../../src/compose/ports.ts';
import { normalForm } from '../../src/compose/project-name.ts';
import { splitShellWords } from '../../src/compose/shell-words.ts';
import { nearestName } from '../../src/compose/spelling.ts';
import { referencesIn, substitute } from '../../src/compose/template.ts';
import { parseBytes, parseDurationNs } from '../../src/compose/units.ts';
import { resolvePlainScalar } from '../../src/compose/yaml-scalar.ts';
import { glance, isBlank, recogniseName } from '../../src/manifest/recognise.ts';
import { parseDurationMs } from '../../src/manifest/schema/duration.ts';
import { ignoreFault, ignoreRules } from '../../src/source/ignore-rules.ts';

/** Row 25: no text, however long and however odd, takes any of our readers more than linear time. */

const nothing = () => undefined;

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  duration: parseDurationNs,
  'duration of a control field': parseDurationMs,
  bytes: parseBytes,
  port: parsePort,
  mount: parseMount,
  address: parseAddress,
  subnet: parseSubnet,
  template: (text) => substitute(text, nothing),
  'variables of a template': referencesIn,
  'shell words': splitShellWords,
  'plain scalar': resolvePlainScalar,
  integer: (text) => castText(text, 'integer'),
  number: (text) => castText(text, 'number'),
  'env file': (text) => parseDotenv('a.env', text, nothing),
  'raw env file': (text) => parseRawEnv('a.env', text, nothing),
  YAML: (text) => parseYaml('a.yaml', text),
  'YAML string': (text) => parseYaml('a.yaml', `a: ${JSON.stringify(text)}\n`),
  'glance at a file': (text) => [glance('a.yaml', text), isBlank(text)],
  'name of a file': recogniseName,
  'name of a project': normalForm,
  spelling: (text) => nearestName(text.slice(0, 100), [text.slice(0, 90)]),
  'bounds of an ignore file': ignoreFault,
};

/** What pumps the patterns that are in use anywhere: digits, blanks, dots, signs, quotes, brackets. */
const PUMPS = [
  ...['1', '0', '9.', '1s', '1m', '1.', '-', '+', '.', '..', '/', '//', ':', '::', '@', '=', ',', ';', '#'],
  ...[
    ' ',
    '\t',
    '\n',
    '\r\n',
    ' \n',
    ' =',
    'A ',
    'A\n',
    'A=1\n',
    '"',
    "'",
    '"\\"',
    '\\',
    '\\\\',
    '`',
    '$',
    '$$',
  ],
  ...[
    '${',
    '${A',
    '${A:-',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '$(',
    '- ',
    '? ',
    'a: ',
    '*',
    '**/',
    '!',
    '_',
    'e',
    'é',
    '\u2028',
  ],
];
/** What may stand before and after: a pattern has to begin to match, and to fail at the end. */
const FRAMES = [
  ...['', 'export', 'export ', '"', "'", '${', '0x', '-', '[', 'apiVersion', 'kind'].map(
    (prefix) => [prefix, '!'] as const,
  ),
  ...['', 'x', '"'].map((suffix) => ['', suffix] as const),
];

const SHORT = 1_000;
const FACTOR = 16;
/** Far below the 256 of quadratic growth, far above what a busy machine adds to the 16 of linear growth. */
const MOST_GROWTH = 120;
/** Growth that nobody can feel is no growth. */
const NO_TIME_MS = 25;

test.each(Object.keys(READERS))('%s', (name) => {
  const read = READERS[name] as (text: string) => unknown;
  const slow: string[] = [];
  for (const [prefix, suffix] of name.startsWith('YAML') ? [['', '!'] as const] : FRAMES) {
    for (const pump of PUMPS) {
      const text = (length: number) => prefix + pump.repeat(length / pump.length) + suffix;
      if (isSlow(read, text)) slow.push(JSON.stringify([prefix, pump, suffix]));
    }
  }
  expect(slow).toEqual([]);
});

test('the patterns that are taken of an ignore file are quick at the longest paths', () => {
  const path = Array.from({ length: 32 }, () => 'ab'.repeat(60)).join('/');
  const patterns = [
    '**/*a*b/**/c',
    '*a*b*a*b*a*b*a*c',
    '**/a*/**',
    '[ab]*[ab]*[ab]*c',
    `${'a/'.repeat(255)}c`,
  ];
  expect(ignoreFault(patterns.join('\n'))).toBeUndefined();
  for (const pattern of patterns) {
    const left = ignoreRules(pattern);
    expect(cpuMs(() => left(path, false))).toBeLessThan(1000);
  }
});

test.each(['**/a/**/a/**/b', `a\n${'x'.repeat(600)}`, 'a\n'.repeat(2000)])(
  'an ignore file that would take long is not used: %#',
  (text) => {
    expect(ignoreFault(text)).toMatch(/^has more than /);
  },
);

/** Twice as slow as it may be, twice: a machine that was busy for a moment is not counted. */
function isSlow(read: (text: string) => unknown, text: (length: number) => string): boolean {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const long = cpuMs(() => read(text(SHORT * FACTOR)));
    if (long < NO_TIME_MS) return false;
    const short = Math.max(
      cpuMs(() => read(text(SHORT))),
      0.05,
    );
    if (long / short < MOST_GROWTH) return false;
  }
  return true;
}

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
