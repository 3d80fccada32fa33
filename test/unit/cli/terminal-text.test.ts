import { expect, test } from 'vitest';
import { forTerminal } from '../../../src/cli/output/terminal-text.ts';

/** Threat table 4.5, row 31: what a container logs is data. */
const ESC = '\u001b';

test.each([
  ['plain text with a tab', 'a\tb — ü 漢', 'a\tb — ü 漢'],
  ['a colour, which ends with the line', `${ESC}[1;31mred`, `${ESC}[1;31mred${ESC}[0m`],
  ['a colour that ends by itself', `${ESC}[31mred${ESC}[0m`, `${ESC}[31mred${ESC}[0m`],
  ['a cursor that goes up and wipes lines', `a${ESC}[2A${ESC}[2Kb`, 'ab'],
  ['a line that is written over', 'secret\rharmless', 'secretharmless'],
  ['a title', `a${ESC}]0;evil\u0007b`, 'ab'],
  ['a clipboard', `a${ESC}]52;c;ZXZpbA==${ESC}\\b`, 'ab'],
  ['a string that never ends', `a${ESC}]8;;http://evil`, 'a'],
  ['a question to the terminal', `a${ESC}[6n${ESC}Z${ESC}P+q${ESC}\\b`, 'ab'],
  ['a reset of the terminal', `a${ESC}cb`, 'ab'],
  ['the same in one byte each', 'a\u009b2Jb\u009d0;x', 'a2Jb0;x'],
  ['a bell, a backspace, a null', 'a\u0007\bb\0', 'ab'],
  ['an escape at the end', `a${ESC}`, 'a'],
])('%s', (_, written, shown) => {
  expect(forTerminal(written)).toBe(shown);
});

test('a line of a megabyte of beginnings takes no longer than it is long', () => {
  const lines = [`${ESC}]`, `${ESC}[`, `${ESC}[1;`, ESC, `${ESC}P`].map((begin) => begin.repeat(200_000));
  const beganMs = performance.now();
  for (const line of lines) forTerminal(line);
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});
