import type { PolicyCheck } from '../../isolation/policy.ts';
import { formatPosition } from '../../model/problem.ts';

/** The checks of policies in the form that CI systems read: a suite for each policy, a case for each rule and zone. */
export function renderJunit(checks: readonly PolicyCheck[]): string {
  const policies = [...new Set(checks.map(({ policy }) => policy))];
  const total = `tests="${checks.length}" failures="${failuresOf(checks)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="stackctl net test" ${total}>`,
    ...policies.flatMap((policy) => {
      const cases = checks.filter((check) => check.policy === policy);
      const counts = `tests="${cases.length}" failures="${failuresOf(cases)}"`;
      return [
        `  <testsuite name="${escapeXml(policy)}" ${counts}>`,
        ...cases.flatMap(renderCase),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ].join('\n');
}

const failuresOf = (checks: readonly PolicyCheck[]): number =>
  checks.filter(({ failures }) => failures.length > 0).length;

function renderCase({ policy, title, at, failures }: PolicyCheck): readonly string[] {
  const head = `    <testcase classname="${escapeXml(policy)}" name="${escapeXml(title)}" file="${escapeXml(at.file)}" line="${at.line}"`;
  const [first] = failures;
  if (first === undefined) return [`${head}/>`];
  const lines = failures.map((failure) => `${formatPosition(failure.at)}: ${failure.message}`);
  return [
    `${head}>`,
    `      <failure type="${first.code}" message="${escapeXml(first.message)}">${escapeXml(lines.join('\n'))}</failure>`,
    '    </testcase>',
  ];
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
