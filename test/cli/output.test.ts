import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { findManifestPaths } from '../../src/cli/manifest-tree.ts';
import { shortRevision } from '../../src/cli/output/columns.ts';
import { renderTable } from '../../src/cli/output/table.ts';
import { formatSpan } from '../../src/cli/output/time.ts';
import { parseArguments } from '../../src/cli/parser.ts';
import { normaliseSwitches } from '../../src/cli/switches.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

test.each([
  [-5 * SECOND, '0s'],
  [119 * SECOND, '119s'],
  [120 * SECOND, '2m'],
  [330 * SECOND, '5m30s'],
  [10 * 60 * SECOND, '10m'],
  [3 * HOUR - 1, '179m'],
  [7 * HOUR + 5 * 60 * SECOND, '7h5m'],
  [8 * HOUR, '8h'],
  [47 * HOUR, '47h'],
  [2 * DAY, '2d'],
  [3 * DAY + 2 * HOUR, '3d2h'],
  [8 * DAY + 2 * HOUR, '8d'],
  [729 * DAY, '729d'],
  [3 * 365 * DAY + 40 * DAY, '3y40d'],
  [9 * 365 * DAY, '9y'],
])('%i ms are said as %s', (ms, said) => {
  expect(formatSpan(ms)).toBe(said);
});

test('columns line up by what the terminal shows, and control characters are not passed on', () => {
  const columns = [
    { title: 'A', value: ([first = '']: readonly string[]) => first },
    { title: 'B', value: ([, second = '']: readonly string[]) => second },
  ];
  // The escape sequence is text once its first character is a space.
  const table = renderTable(columns, [
    ['日本', 'x'],
    ['\u001b[2Jab', 'y'],
    ['z', ''],
  ]);
  expect(table.text.split('\n')).toEqual(['A        B', '日本     x', ' [2Jab   y', 'z', '']);
});

test.each([
  [`sha256:${'0123456789abcdef'.repeat(4)}`, '0123456789ab'],
  [`main@sha1:${'0123456789abcdef01234567'.padEnd(40, '0')}`, 'main@sha1:0123456789ab'],
  ['v1.2.3', 'v1.2.3'],
  [undefined, '<none>'],
])('revision %s is shown as %s', (revision, shown) => {
  expect(shortRevision(revision)).toBe(shown);
});

test('a switch may be written with its value, as with kubectl', () => {
  const normal = (...argv: string[]) => normaliseSwitches(argv, COMMANDS);
  expect(normal('apply', '--wait=false', '--dry-run=true')).toEqual(['apply', '--no-wait', '--dry-run']);
  expect(normal('apply', '--wait=true', '--force=false')).toEqual(['apply', '--wait']);
  expect(normal('apply', '--unknown=false', '--', '--wait=false')).toEqual([
    'apply',
    '--unknown=false',
    '--',
    '--wait=false',
  ]);
});

test.each([
  [
    ['apply', '-f', 'a', '--filename=b', '--timeout', '1h30m'],
    { filename: ['a', 'b'], timeout: 5_400_000, wait: true },
  ],
  [['apply', '--no-wait', '--timeout=1500ms'], { filename: [], timeout: 1500, wait: false }],
  [['logs', 'demo', '-n', '20', '-f'], { tail: 20, follow: true, since: undefined }],
  [['logs', 'demo', '--tail=all', '--since', '2d'], { tail: undefined, since: { agoMs: 2 * DAY } }],
])('%j is understood', (argv, options) => {
  expect(parseArguments(argv, { commands: COMMANDS, columns: 80 })).toMatchObject({ kind: 'call', options });
});

test('global options stand before or after the command', () => {
  for (const argv of [
    ['--socket', '/a.sock', '--direct', 'get', 'st'],
    ['get', 'st', '--direct', '--socket=/a.sock'],
  ]) {
    expect(parseArguments(argv, { commands: COMMANDS, columns: 80 })).toMatchObject({
      args: ['st'],
      globals: { socket: '/a.sock', direct: true },
    });
  }
});

test('the tree of a directory is walked without following links to directories', async () => {
  const root = await mkdtemp(join(tmpdir(), 'stackctl-tree-'));
  try {
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a', 'x.YAML'), '');
    await symlink(root, join(root, 'a', 'round'));
    await symlink(join(root, 'a', 'x.YAML'), join(root, 'linked.yml'));
    await symlink(join(root, 'nowhere'), join(root, 'broken.yml'));
    expect(await findManifestPaths(root)).toEqual(['a/x.YAML', 'linked.yml']);
  } finally {
    await rm(root, { recursive: true });
  }
});
