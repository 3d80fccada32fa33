import type { StackDiff } from '../../api/contract.ts';
import type { Colors } from './color.ts';
import { printable } from './table.ts';

/** Whether there is anything to be done. */
export const differs = (diff: StackDiff): boolean => diff.plan.length > 0 || diff.changes.length > 0;

/** Nothing for a stack that is as it should be, as kubectl diff. */
export function renderDiff(diff: StackDiff, colors: Colors): string {
  if (!differs(diff)) return '';
  const changes = diff.changes.flatMap(({ object, action, fields }) => [
    paintAction(action, colors)(`  ${signOf(action)} ${printable(object)} (${action})`),
    ...fields.map(
      ({ path, from, to }) =>
        `      ${printable(path)}: ${colors.bad(show(from))} -> ${colors.good(show(to))}`,
    ),
  ]);
  const plan = diff.plan.map((line) => `    ${printable(line)}`);
  return [
    colors.bold(`stack/${diff.name}`),
    ...changes,
    ...(plan.length === 0 ? [] : ['  plan:', ...plan]),
    '',
  ].join('\n');
}

const show = (value: string): string => (value === '' ? '<none>' : printable(value));

function signOf(action: string): string {
  if (/^(create|connect|add)/.test(action)) return '+';
  return /^(remove|delete|disconnect)/.test(action) ? '-' : '~';
}

function paintAction(action: string, colors: Colors): (text: string) => string {
  const sign = signOf(action);
  if (sign === '+') return colors.good;
  return sign === '-' ? colors.bad : colors.busy;
}
