import { type Explanation, explain, findEnd, type Part } from '../../isolation/explain.ts';
import { portRef, showPort } from '../../isolation/ports.ts';
import type { Endpoint } from '../../isolation/verdict.ts';
import type { Context } from '../command.ts';
import { UsageError } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { unclear } from './lists.ts';
import type { Sight } from './sight.ts';

/** Yes or no, why, and what to change. Exit 0: it is reached, 1: it is not. */
export async function showExplanation(
  sight: Sight,
  {
    from,
    target,
    format,
  }: { readonly from: string; readonly target: string; readonly format: 'table' | 'wide' | 'json' | 'yaml' },
  context: Context,
): Promise<number> {
  const { end, port } = splitTarget(target);
  const explanation = explain({
    from: requireEnd(from, sight),
    to: requireEnd(end, sight),
    port,
    declared: sight.declared,
    observed: sight.observed,
  });
  const decisive = explanation.observed ?? explanation.declared;
  if (format === 'json' || format === 'yaml')
    await context.stdout.write(await renderDocument(format, explanation));
  else await context.stdout.write(render(explanation, context));
  return decisive?.allowed === true ? 0 : 1;
}

/** `db:5432`, `stack/db:53/udp`. */
function splitTarget(text: string) {
  const match = /^(.+?):(\d+(?:\/\w+)?)$/.exec(text);
  if (match === null) return { end: text, port: undefined };
  const port = portRef(match[2] ?? '');
  if (port === undefined) throw new UsageError(`"${match[2]}" is no port`, 'write B:5432, or B:53/udp');
  return { end: match[1] ?? '', port };
}

function requireEnd(text: string, { declared, observed }: Sight): Endpoint {
  const topologies = [declared, observed].flatMap((model) => (model === undefined ? [] : [model.topology]));
  const found = findEnd(text, topologies);
  if ('kind' in found) return found;
  throw unclear(text, found);
}

function render(explanation: Explanation, { colors }: Context): string {
  const { from, to, port, declared, observed, differences, changes } = explanation;
  const asked = `${from} -> ${to}${port === undefined ? '' : ` port ${showPort(port)}`}`;
  const isSame =
    declared !== undefined &&
    observed !== undefined &&
    differences.length === 0 &&
    declared.allowed === observed.allowed;
  const parts: readonly (readonly [string, Part | undefined])[] = isSame
    ? [['declared and observed', observed]]
    : [
        ['declared', declared],
        ['observed', observed],
      ];
  const lines = parts.flatMap(([title, part]) => {
    if (part === undefined) return [];
    const answer = part.allowed ? colors.good('yes') : colors.bad('no');
    return [
      `${asked}: ${answer} (${title})`,
      ...part.words.map(({ effect, text }) => `  ${MARKS[effect]} ${text}`),
      ...(part.allowed && part.names.length > 0 ? [`  names: ${part.names.join(', ')}`] : []),
      ...(part.allowed && part.dial.length > 0 ? [`  connect to: ${part.dial.join(', ')}`] : []),
    ];
  });
  return [
    ...lines,
    ...(differences.length > 0
      ? ['', 'the engine differs from the manifests:', ...differences.map((each) => `  ! ${each}`)]
      : []),
    ...(changes.length > 0 ? ['', 'what to do:', ...changes.map((each) => `  - ${each}`)] : []),
    '',
  ].join('\n');
}

const MARKS = { opens: '+', closes: '-', notes: 'i' } as const;
