// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import { parseDotenv, parseRawEnv } from '../../../src/compose/dotenv.ts';

const outside = (name: string) => ({ OUT: 'out', BOTH: 'outer' })[name];
const read = (text: string) => Object.fromEntries(parseDotenv('/s/.env', text, outside).variables);

describe('parseDotenv', () => {
  it('reads assignments of every kind', () => {
    const text = [
      '\uFEFF# comment',
      'A=1',
      'B: two words # comment',
      'export C=three',
      '',
      "D='$A literal' # comment",
      'E="$A\\tq\\"\\$A"',
      'F=a#b',
      'G=',
      'K.1[0]-x=k',
    ].join('\n');
    expect(read(text)).toEqual({
      A: '1',
      B: 'two words',
      C: 'three',
      D: '$A literal',
      E: '1\tq"$A',
      F: 'a#b',
      G: '',
      'K.1[0]-x': 'k',
    });
  });

  it('reads quoted values over several lines, and what follows them', () => {
    expect(read('A="x\ny"\nB=\'1\n2\'\nC=3')).toEqual({ A: 'x\ny', B: '1\n2', C: '3' });
  });

  it('takes a name alone from outside, or leaves it out', () => {
    expect(read('OUT\nNOWHERE\nX=1')).toEqual({ OUT: 'out', X: '1' });
    expect(read('OUT')).toEqual({ OUT: 'out' });
  });

  it('prefers what is outside to earlier lines, and earlier lines to nothing', () => {
    expect(read('BOTH=inner\nX=$BOTH\nY=$X')).toEqual({ BOTH: 'inner', X: 'outer', Y: 'outer' });
  });

  it.each([
    ['A=1\nB="open', 2],
    ['A=1\n\nB C=2', 3],
    ['A=1\n%=2', 2],
    ['A=${B:?no}', 1],
    ['__proto__=1', 1],
  ])('reports %j with its line and without its value', (text, line) => {
    const { problems } = parseDotenv('/s/.env', text, outside);
    expect(problems).toMatchObject([{ severity: 'error', at: { file: '/s/.env', line } }]);
  });
});

describe('parseRawEnv', () => {
  it('takes values as they are', () => {
    const { variables } = parseRawEnv('/s/x.env', '# c\nA="$B" # not a comment \nOUT\nNO\n\nC=\n', outside);
    expect(Object.fromEntries(variables)).toEqual({ A: '"$B" # not a comment ', OUT: 'out', C: '' });
  });

  it('reports a key with a space', () => {
    expect(parseRawEnv('/s/x.env', 'A=1\nB C=2', outside).problems).toMatchObject([{ at: { line: 2 } }]);
  });
});
