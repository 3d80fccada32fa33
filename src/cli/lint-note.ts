import { LINT_SEVERITIES, type LintFinding, type LintSeverity } from '../lint/finding.ts';
import type { Context } from './command.ts';
import type { ManifestSet } from './manifests.ts';
import { printable } from './output/table.ts';
import { createSourceFinder } from './source-finder.ts';

/** How many findings are named: the rest is a count, since it was not asked for. */
const NAMED = 3;

/** `2 errors, 5 warnings, 1 info`; empty when there is nothing. */
export function countFindings(findings: readonly Pick<LintFinding, 'severity'>[]): string {
  const say = (severity: LintSeverity): readonly string[] => {
    const amount = findings.filter((finding) => finding.severity === severity).length;
    const plural = amount === 1 || severity === 'info' ? '' : 's';
    return amount === 0 ? [] : [`${amount} ${severity}${plural}`];
  };
  return LINT_SEVERITIES.flatMap(say).join(', ');
}

/** What lint thinks of manifests, to be told when all else has been said. What goes wrong in it is nobody’s concern. */
export interface LintNote {
  readonly set: ManifestSet;
  /** Errors and warnings only. */
  readonly findings: readonly LintFinding[];
}

export async function takeLintNotes(
  sets: readonly ManifestSet[],
  { loader }: Pick<Context, 'loader'>,
): Promise<readonly LintNote[]> {
  const notes: LintNote[] = [];
  for (const set of sets) {
    const linted = await loader.lint({ manifests: set.manifests, reading: 'tree' }).catch(() => undefined);
    const findings = (linted?.findings ?? []).filter(({ severity }) => severity !== 'info');
    if (findings.length > 0) notes.push({ set, findings });
  }
  return notes;
}

/** Says in a few lines what was found: a count, and the worst. */
export async function tellLintNotes(notes: readonly LintNote[], context: Context): Promise<void> {
  if (context.signal.aborted) return;
  const { errorColors: colors } = context;
  for (const { set, findings } of notes) {
    const find = createSourceFinder(context.cwd, set);
    const worst = findings.toSorted((one, other) => rank(one) - rank(other)).slice(0, NAMED);
    const lines = worst.map(({ rule, severity, at, object, message }) => {
      const place = `${find(at.file)?.shown ?? at.file}:${at.line}`;
      const paint = severity === 'error' ? colors.bad : colors.busy;
      const subject = object === undefined ? '' : `${object}: `;
      return `  ${printable(place)}: ${paint(severity)}: ${printable(`${subject}${message}`)} ${colors.dim(`(${rule})`)}`;
    });
    const from = set.isStdin ? '-' : set.argument;
    const head = `${colors.busy('lint')}: ${countFindings(findings)} in ${printable(set.argument)}; all of them: stackctl lint ${printable(from)}`;
    await context.stderr.write([head, ...lines, ''].join('\n'));
  }
}

const rank = ({ severity }: LintFinding): number => LINT_SEVERITIES.indexOf(severity);
