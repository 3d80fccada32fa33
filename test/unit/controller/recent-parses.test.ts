import { expect, test } from 'vitest';
import { createRecentParser } from '../../../src/controller/recent-parses.ts';

const file = (path: string, text: string) => ({ path, relativePath: path, text });

test('the same text is parsed once, another one again', () => {
  const parse = createRecentParser();
  const first = parse(file('/a.yaml', 'a: 1'));
  expect(parse(file('/a.yaml', 'a: 1'))).toBe(first);
  // Positions name the file.
  expect(parse(file('/b.yaml', 'a: 1'))).not.toBe(first);
  const changed = parse(file('/a.yaml', 'a: 2'));
  expect(changed).not.toEqual(first);
  expect(parse(file('/a.yaml', 'a: 2'))).toBe(changed);
});

test('only what was parsed last is remembered, up to a bound', () => {
  const parse = createRecentParser(8);
  const [a, b] = [parse(file('/a.yaml', 'a: 1')), parse(file('/b.yaml', 'b: 1'))];
  expect(parse(file('/a.yaml', 'a: 1'))).toBe(a);
  parse(file('/c.yaml', 'c: 1'));
  expect(parse(file('/a.yaml', 'a: 1'))).toBe(a);
  expect(parse(file('/b.yaml', 'b: 1'))).not.toBe(b);
  const large = parse(file('/d.yaml', 'd: 123456789'));
  expect(parse(file('/d.yaml', 'd: 123456789'))).not.toBe(large);
});
