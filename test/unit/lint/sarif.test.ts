import { describe, expect, it } from 'vitest';
import type { LintFinding } from '../../../src/lint/finding.ts';
import { RULE_HEADS } from '../../../src/lint/rules.ts';
import { toSarif } from '../../../src/lint/sarif.ts';

const finding: LintFinding = {
  rule: 'image-latest',
  severity: 'warning',
  category: 'reliability',
  stack: 'shop',
  object: 'web',
  path: 'services.web.image',
  message: 'nginx is whatever was newest when it was pulled',
  fix: 'name a version',
  at: { file: '/repo/stacks/a b#1/compose.yaml', line: 3, column: 12 },
};

interface Log {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly name: string; readonly rules: readonly Record<string, unknown>[] };
    };
    readonly results: readonly Record<string, unknown>[];
  }[];
}

const relative = (file: string) => (file.startsWith('/repo/') ? file.slice('/repo/'.length) : undefined);
const log = (...findings: readonly LintFinding[]) =>
  toSarif({ findings, waived: [{ ...finding, why: 'it is meant' }] }, RULE_HEADS, {
    version: '1.2.3',
    relative,
  }) as Log;

describe('a SARIF log', () => {
  it('is of version 2.1.0 and describes every rule once, with an id, texts and a level of its own', () => {
    const { version, runs } = log();
    const rules = runs[0]?.tool.driver.rules ?? [];
    expect([version, runs.length, runs[0]?.tool.driver.name]).toEqual(['2.1.0', 1, 'stackctl']);
    expect(rules.map(({ id }) => id)).toEqual(RULE_HEADS.map(({ id }) => id));
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule).toMatchObject({
        shortDescription: { text: expect.stringMatching(/./) },
        fullDescription: { text: expect.stringMatching(/./) },
        help: { text: expect.stringMatching(/./) },
        defaultConfiguration: { level: expect.stringMatching(/^(error|warning|note)$/) },
      });
    }
  });

  it('points by ruleIndex at the rule of each result, and by a relative uri at its place', () => {
    const { runs } = log(finding);
    const [result] = runs[0]?.results ?? [];
    const rules = runs[0]?.tool.driver.rules ?? [];
    expect(rules[Number(result?.['ruleIndex'])]?.['id']).toBe(result?.['ruleId']);
    expect(result).toMatchObject({
      level: 'warning',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'stacks/a%20b%231/compose.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 3, startColumn: 12 },
          },
        },
      ],
    });
    expect(result).not.toHaveProperty('suppressions');
  });

  it('names a file that lies elsewhere whole, and keeps what is waived as suppressed', () => {
    const { runs } = log({ ...finding, at: { ...finding.at, file: '/etc/stacks/x.yaml' } });
    const [elsewhere, waived] = runs[0]?.results ?? [];
    expect(elsewhere).toMatchObject({
      locations: [{ physicalLocation: { artifactLocation: { uri: 'file:///etc/stacks/x.yaml' } } }],
    });
    expect(waived).toMatchObject({ suppressions: [{ kind: 'inSource', justification: 'it is meant' }] });
  });
});
