import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestContext } from '../../../src/engine/build-context.ts';
import { Keyring } from '../../../src/sops/keyring.ts';
import { type Opened, openSops } from '../../../src/sops/open.ts';
import { createFiles } from '../../../src/source/files.ts';

/** Files that the real `sops` wrote. */

const FIXTURES = join(import.meta.dirname, '../../fixtures/sops');
const files = createFiles({ digestContext });
const fixture = (name: string): string => readFileSync(join(FIXTURES, name), 'utf8');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-sops-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function keyFile(name: string): string {
  const path = join(directory, name);
  copyFileSync(join(FIXTURES, name), path);
  chmodSync(path, 0o600);
  return path;
}

const opened = (name: string, key: string): Promise<Opened> =>
  new Keyring(keyFile(key)).run((openerWith) => openerWith(files).open(name, fixture(name)));

const textOf = (result: Opened): string =>
  result.kind === 'opened' ? result.text : `${result.kind}: ${JSON.stringify(result)}`;

describe('what the real sops encrypted', () => {
  test('as YAML', async () => {
    expect(textOf(await opened('values.yaml', 'age-key.txt'))).toBe(
      [
        'secret: "this is a secret"',
        'string: "string"',
        'int: 7',
        'float: 3.14',
        'boolean: true',
        'complex:',
        '  value: "this is a secret"',
        '  array:',
        '    - "one"',
        '    - "two"',
        '    - "three"',
        '',
      ].join('\n'),
    );
  });

  test('as JSON', async () => {
    expect(JSON.parse(textOf(await opened('values.json', 'age-key.txt')))).toEqual({
      secret: 'this is a secret',
      string: 'string',
      int: 7,
      float: 3.14,
      boolean: true,
      '0word': 'gotta match go',
      complex: { value: 'this is a secret', array: ['one', 'two', 'three'] },
    });
  });

  test('as dotenv', async () => {
    expect(textOf(await opened('values.env', 'age-key.txt'))).toMatch(
      /^secret=this is a secret\nanother_secret=.\n$/,
    );
  });

  test('as any other file', async () => {
    expect(textOf(await opened('binary.txt', 'age-key-2.txt'))).toBe('value');
  });

  test('as INI, once the data key is known', () => {
    const dataKey = Buffer.from('ce46fd76883106d55913ff2207e160bbeac65a71d6e1cf84c510614bed6f8ccd', 'hex');
    expect(textOf(openSops('values.ini', fixture('values.ini'), () => ({ dataKey })))).toBe(
      '[foo]\nbar = baz\n\n',
    );
  });

  test('with only some of its values chosen by a pattern', async () => {
    const result = await opened('chosen.yaml', 'age-key-2.txt');
    expect(textOf(result)).toContain('  name: age\nstringData:\n  key: "value"\n');
    expect(result.kind === 'opened' && result.sealed.map(({ path }) => path)).toEqual([
      ['stringData', 'key'],
    ]);
  });

  test('for a post-quantum recipient', async () => {
    expect(textOf(await opened('post-quantum.yaml', 'age-key-pq.txt'))).toContain('  key: "value"\n');
  });
});

describe('what cannot be opened', () => {
  const problemOf = (result: Opened) =>
    result.kind === 'failed'
      ? [result.problem.code, result.problem.at?.line, result.problem.at?.column]
      : textOf(result);
  const withKey = (name: string, text: string) =>
    new Keyring(keyFile('age-key.txt')).run((openerWith) => openerWith(files).open(name, text));

  test('for another key', async () => {
    expect(problemOf(await opened('values.yaml', 'age-key-2.txt'))).toEqual(['SopsWrongKey', 12, 1]);
  });

  test('without an age recipient', async () => {
    expect(problemOf(await withKey('values.ini', fixture('values.ini')))).toEqual(['SopsUnsupported', 4, 1]);
  });

  test.each([
    [
      'a clear value instead of an encrypted one',
      /ENC\[AES256_GCM,data:LNzAFGse.*$/m,
      'other',
      'SopsBroken',
      2,
    ],
    ['a value from elsewhere', /(secret: )(.*)(\nstring: )(.*)/, '$1$4$3$2', 'SopsBroken', 1],
    ['a value with another nonce', /iv:uhdG/, 'iv:uhdH', 'SopsBroken', 1],
    ['a value less', /^int: .*\n/m, '', 'SopsMacMismatch', 11],
    ['another order', /( +- ENC\S+)\n( +- ENC\S+)/, '$2\n$1', 'SopsMacMismatch', 12],
    ['another time', /lastmodified: "2024/, 'lastmodified: "2023', 'SopsMacMismatch', 12],
    ['no MAC', /^ {2}mac: .*\n/m, '', 'SopsBroken', 12],
    ['no end', /^sops:[\s\S]*/m, '', 'SopsBroken', 1],
    ['half of its metadata', /lastmodified[\s\S]*/, '', 'SopsBroken', 12],
    ['a value that is no type', /type:int/, 'type:secret', 'SopsBroken', 3],
    ['a pattern that is none', /unencrypted_suffix: _unencrypted/, 'encrypted_regex: "("', 'SopsBroken', 12],
    ['two rules', /unencrypted_suffix: /, 'encrypted_regex: x\n  $&', 'SopsBroken', 12],
    ['rules by comment', /unencrypted_suffix: .*/, 'encrypted_comment_regex: x', 'SopsUnsupported', 12],
    ['groups of keys', /^sops:\n/m, '$&  key_groups: [{age: []}, {age: []}]\n', 'SopsUnsupported', 12],
  ])('for %s', async (_, from, to, code, line) => {
    const spoiled = fixture('values.yaml').replace(from, to);
    expect(spoiled).not.toBe(fixture('values.yaml'));
    expect(problemOf(await withKey('values.yaml', spoiled)).slice(0, 2)).toEqual([code, line]);
  });
});
