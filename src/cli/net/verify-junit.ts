/** One statement that was checked. */
export interface TestCase {
  /** Cases of one suite stand together. */
  readonly suite: string;
  readonly name: string;
  /** Undefined: it holds. */
  readonly failure: string | undefined;
}

export interface TestRun {
  readonly name: string;
  readonly cases: readonly TestCase[];
  readonly tookMs: number;
}

/** The XML that CI systems read results of tests from. */
export function renderJUnit({ name, cases, tookMs }: TestRun): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))];
  const total = `tests="${cases.length}" failures="${failures(cases)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(name)}" ${total} time="${(tookMs / 1000).toFixed(3)}">`,
    ...suites.flatMap((suite) => {
      const own = cases.filter((each) => each.suite === suite);
      return [
        `  <testsuite name="${escaped(suite)}" tests="${own.length}" failures="${failures(own)}">`,
        ...own.map((each) => testCase(each)),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ].join('\n');
}

const failures = (cases: readonly TestCase[]): number =>
  cases.filter(({ failure }) => failure !== undefined).length;

function testCase({ suite, name, failure }: TestCase): string {
  const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}"`;
  return failure === undefined ? `${head}/>` : `${head}><failure message="${escaped(failure)}"/></testcase>`;
}

/** Control characters are not allowed in XML at all. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      .replace(/[\u0000-\u001f\u007f]+/g, ' ')
      .replace(/[&<>"]/g, (character) => entities[character] ?? '')
  );
}
