import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/compose/parse.ts';
import { toJson } from '../../../src/compose/shape.ts';
import { fieldOf } from '../../../src/compose/tree.ts';

const parsed = (text: string) => {
  const { documents, problems } = parseYaml('a.yaml', text);
  return { values: documents.map(toJson), codes: problems.map((problem) => problem.code), problems };
};

describe('parseYaml', () => {
  it('reads every document of a file and leaves empty ones out', () => {
    expect(parsed('a: 1\n---\n---\nb: [x, y]\n').values).toEqual([{ a: 1 }, { b: ['x', 'y'] }]);
  });

  it('remembers where every value stands', () => {
    const { documents } = parseYaml('a.yaml', 'web:\n  image: nginx\n  ports:\n    - "80"\n');
    const ports = fieldOf(fieldOf(documents[0], 'web'), 'ports');
    expect(ports?.kind === 'sequence' && ports.items[0]?.at).toEqual({ file: 'a.yaml', line: 4, column: 7 });
  });

  it('says where half a file ends', () => {
    const { problems, values } = parsed('services:\n  web:\n    command: ["a", "b\n');
    expect(values).toEqual([]);
    expect(problems[0]).toMatchObject({ code: 'InvalidYaml', at: { file: 'a.yaml', line: 4 } });
  });

  it('does not repeat what a broken file says, which may be secret', () => {
    const { problems } = parsed('password: "hunter2-canary" trailing-canary\nb: c\n');
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });

  it('expands aliases and merge keys, whose own keys win and whose earlier bases win over later ones', () => {
    const text = 'x-a: &a {p: 1, q: 1}\nx-b: &b {q: 2, r: 2}\nc: {<<: [*a, *b], r: 3}\nd: *b\n';
    expect(parsed(text).values[0]).toMatchObject({ c: { p: 1, q: 1, r: 3 }, d: { q: 2, r: 2 } });
  });

  it('takes "<<" in quotes for an ordinary key', () => {
    expect(parsed('a: {"<<": 1}').values).toEqual([{ a: { '<<': 1 } }]);
  });

  it('keeps the tags of Compose and refuses others', () => {
    const { documents } = parseYaml('a.yaml', 'a: !reset null\nb: !override [x]\n');
    expect([fieldOf(documents[0], 'a')?.tag, fieldOf(documents[0], 'b')?.tag]).toEqual([
      '!reset',
      '!override',
    ]);
    expect(parsed('a: !secret x').codes).toEqual(['UnknownTag']);
  });

  it.each([
    ['DuplicateKey', 'a: 1\nb: 2\na: 3\n'],
    ['KeyNotText', 'a: {1: x}\n'],
    ['ReservedKey', 'a: {__proto__: x}\n'],
    ['ReservedKey', 'constructor: x\n'],
    ['CyclicAlias', 'a: &a {b: *a}\n'],
    ['UnknownAlias', 'a: *nothing\n'],
    ['TimestampNotText', 'a: 2024-02-29\n'],
    ['ControlCharacter', 'a: "x\u0000"\n'],
    ['ControlCharacter', 'a: x\u001b[31m\n'],
    ['ControlCharacter', 'a: "x\\0y"\n'],
    ['ControlCharacter', '"x\\0y": a\n'],
    ['ReservedKey', 'a: {toString: x}\n'],
    ['ReservedKey', 'a: &k __proto__\n*k : x\n'],
    ['NestedTooDeeply', `a: ${'['.repeat(70)}${']'.repeat(70)}\n`],
  ])('refuses with %s: %j', (code, text) => {
    expect(parsed(text)).toMatchObject({ codes: [code], values: [] });
  });

  it('allows dates where nobody reads them', () => {
    expect(parsed('x-released: 2024-02-29\n')).toMatchObject({
      codes: [],
      values: [{ 'x-released': '2024-02-29' }],
    });
  });

  it.each([
    ['an alias bomb', bomb()],
    ['a megabyte of brackets', `a: ${'['.repeat(1_000_000)}`],
    ['a megabyte of dashes', '- '.repeat(500_000)],
    ['a megabyte of keys in one line', '? '.repeat(500_000)],
    ['a megabyte of anchors', `a: ${'&a '.repeat(300_000)}`],
    ['a megabyte of lines', '\n'.repeat(1_000_000)],
    ['two megabytes', `a: ${'x'.repeat(2_000_000)}`],
  ])('refuses %s instead of reading it', (_, text) => {
    const { codes, values } = parsed(text);
    expect(values).toEqual([]);
    expect(['TooManyNodes', 'NestedTooDeeply', 'FileTooLarge']).toContain(codes[0]);
  });
});

/** Nine levels of nine references each: 9^9 values from less than a kilobyte. */
function bomb(): string {
  const levels = 'abcdefghi'.split('');
  const lines = levels.map((name, index) => {
    const below = levels[index - 1];
    const items = Array.from({ length: 9 }, () => (below === undefined ? 'lol' : `*${below}`));
    return `x-${name}: &${name} [${items.join(', ')}]`;
  });
  return `${lines.join('\n')}\n`;
}
