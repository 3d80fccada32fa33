import type { LintFinding, LintReport, RuleHead, WaivedFinding } from './finding.ts';

/** How files are called in a log: relative to a root, with `/` between. */
export interface SarifNames {
  /** The version of this program. */
  readonly version: string;
  /** A path relative to the working directory; undefined for what lies elsewhere. */
  readonly relative: (file: string) => string | undefined;
}

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/**
 * Findings in the Static Analysis Results Interchange Format 2.1.0 (OASIS), as forges and editors take them. What is
 * waived is in it as suppressed, with the reason.
 */
export function toSarif(
  { findings, waived }: LintReport,
  rules: readonly RuleHead[],
  names: SarifNames,
): object {
  const results = [
    ...findings.map((finding) => resultOf(finding, rules, names)),
    ...waived.map((finding) => ({
      ...resultOf(finding, rules, names),
      suppressions: [{ kind: 'inSource', ...justification(finding) }],
    })),
  ];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'stackctl',
            version: names.version,
            semanticVersion: names.version,
            rules: rules.map(describe),
          },
        },
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  };
}

const justification = ({ why }: WaivedFinding): object => (why === undefined ? {} : { justification: why });

function describe({ id, severity, category, title, reason, fix, reference }: RuleHead): object {
  return {
    id,
    name: id.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: reason },
    help: { text: `${reason}\n\nWhat to write: ${fix}` },
    ...(reference === undefined ? {} : { helpUri: reference }),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { category, tags: [category] },
  };
}

function resultOf(finding: LintFinding, rules: readonly RuleHead[], { relative }: SarifNames): object {
  const { rule, severity, message, fix, path, at, stack } = finding;
  const inside = relative(at.file);
  const uri = encodeURI(inside ?? `file://${at.file}`)
    .replaceAll('#', '%23')
    .replaceAll('?', '%3F');
  const whole = path === '' ? `stack ${stack}` : path;
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level: LEVELS[severity],
    message: { text: `${path === '' ? '' : `${path}: `}${message}; ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: inside === undefined ? { uri } : { uri, uriBaseId: '%SRCROOT%' },
          region: { startLine: at.line, startColumn: at.column },
        },
        logicalLocations: [{ fullyQualifiedName: `${stack}/${whole}` }],
      },
    ],
    partialFingerprints: { 'stackctl/v1': `${rule}:${stack}:${path}` },
  };
}
