// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import { substitute } from '../../../src/compose/template.ts';

const values: Readonly<Record<string, string>> = { V: 'val', E: '', W: '$V' };
const filled = (template: string) => {
  const result = substitute(template, (name) => values[name]);
  return result.ok ? result.text : result.fault;
};

describe('substitute', () => {
  it.each([
    ['$V-${V}', 'val-val'],
    ['${U:-d}${E:-d}', 'dd'],
    ['${U-d}[${E-d}]', 'd[]'],
    ['${V:+r}${U:+r}', 'r'],
    ['${E+r}${E:+r}', 'r'],
    ['$$V $$', '$V $'],
    ['${U:-${U2:-x}}y', 'xy'],
    ['${U:-{"a":1}}', '{"a":1}'],
    ['${U:-a}b}', 'ab}'],
    ['a$ $1 $(V) $', 'a$ $1 $(V) $'],
    ['${W}', '$V'],
    ['${U-a:-b?c}', 'a:-b?c'],
  ])('%s becomes %s', (template, text) => {
    expect(filled(template)).toBe(text);
  });

  it.each(['${', '${}', '${1}', '${V!}', '${V:0:1}', '${V'])('%s is invalid', (template) => {
    expect(filled(template)).toBe('invalid');
  });

  it("asks for what is required, with its author's words", () => {
    expect(substitute('${E:?say ${V}}', (name) => values[name])).toEqual({
      ok: false,
      fault: 'missing',
      variable: 'E',
      message: 'say val',
    });
    expect(filled('${E?x}')).toBe('');
  });

  it('reads defaults within defaults, but not without end', () => {
    const nested = (levels: number) => `${'${U:-'.repeat(levels)}x${'}'.repeat(levels)}`;
    expect(filled(nested(20))).toBe('x');
    expect(filled(nested(5000))).toBe('invalid');
  });

  it('names variables that are not set', () => {
    expect(substitute('$A${B}${C:-}', () => undefined)).toEqual({ ok: true, text: '', unset: ['A', 'B'] });
  });
});
