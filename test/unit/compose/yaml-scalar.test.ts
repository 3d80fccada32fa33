import { describe, expect, it } from 'vitest';
import { goText } from '../../../src/compose/go-text.ts';
import { parseYaml } from '../../../src/compose/parse.ts';
import { fieldOf } from '../../../src/compose/tree.ts';

/** What docker compose 2.40 puts into the environment for a value. */
const asText = (yaml: string) => {
  const value = fieldOf(parseYaml('a.yaml', `a: ${yaml}\n`).documents[0], 'a');
  return value?.kind === 'scalar' ? goText(value) : undefined;
};

describe('scalars as docker compose reads them', () => {
  it.each([
    ['0123', '83'],
    ['0777', '511'],
    ['0o17', '15'],
    ['0x1F', '31'],
    ['0b11', '3'],
    ['1_000', '1000'],
    ['089', '89'],
    ['1e3', '1000'],
    ['1.0', '1'],
    ['+1', '1'],
    ['-0', '0'],
    ['1.10', '1.1'],
    ['0.00001', '1e-05'],
    ['1e21', '1e+21'],
    ['1000000.5', '1.0000005e+06'],
    ['123456789012345678901', '1.2345678901234568e+20'],
    ['9007199254740993', '9007199254740993'],
    ['.inf', '+Inf'],
    ['-.inf', '-Inf'],
    ['.nan', 'NaN'],
    ['True', 'true'],
    ['yes', 'yes'],
    ['off', 'off'],
    ['~', ''],
    ['12:30:45', '12:30:45'],
    ['2024-13-01', '2024-13-01'],
    ['"0123"', '0123'],
    ['!!str 0123', '0123'],
  ])('%s is %s', (yaml, text) => {
    expect(asText(yaml)).toBe(text);
  });
});
