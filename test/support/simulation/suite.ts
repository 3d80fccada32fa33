import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { FAILURES, note } from '../cases.ts';
import { type Case, runCase, type Verdict } from './case.ts';

/** A case, and what its name says of it. */
export interface NamedCase {
  readonly name: string;
  readonly given: Case;
}

/** What a case is held to beside what every case is. */
export type Judge = (verdict: Verdict) => readonly string[];

const MOST_FAILURES = 5;

/** How many times as many cases as usual; `SIMULATION_FACTOR=10` is the longer run. */
export const FACTOR = Number(process.env['SIMULATION_FACTOR'] ?? 1);
/** Another seed, another set of cases. */
export const SEED = Number(process.env['SIMULATION_SEED'] ?? 1);

/**
 * Lives through the cases and answers the reports of those that failed: none, if all is well. A failed case is kept as
 * a file, and its report begins with the command that replays it. The number of cases is told to the reporter.
 */
export async function runSuite(
  suite: string,
  subject: string,
  cases: Iterable<NamedCase>,
  test: TestContext,
  judge: Judge = () => [],
): Promise<readonly string[]> {
  const reports: string[] = [];
  let count = 0;
  for (const { name, given } of cases) {
    count += 1;
    const verdict = await live(given);
    const faults = [...verdict.faults, ...judge(verdict)];
    if (count === 1) faults.push(...(await unlike(verdict, given)));
    if (faults.length > 0) reports.push(keep(`${suite}, ${subject}`, count, { name, given }, faults));
    if (reports.length >= MOST_FAILURES) break;
  }
  note(test, suite, count);
  return reports;
}

/** A case that breaks the program is a failed one, not the end of the suite. */
async function live(given: Case): Promise<Verdict> {
  try {
    return await runCase(given);
  } catch (thrown) {
    const words = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { faults: [words], calls: 0, writes: 0, stateWrites: 0, costs: {}, trace: [] };
  }
}

/** The same case twice is the same history, or no failure could be replayed. */
async function unlike(first: Verdict, given: Case): Promise<readonly string[]> {
  const second = await live(given);
  const line = first.trace.findIndex((each, index) => each !== second.trace[index]);
  const isSame = line === -1 && first.trace.length === second.trace.length;
  return isSame ? [] : [`not the same twice: ${first.trace[line]} and then ${second.trace[line]}`];
}

function keep(suite: string, number: number, { name, given }: NamedCase, faults: readonly string[]): string {
  mkdirSync(FAILURES, { recursive: true });
  const path = join(FAILURES, `${suite.replaceAll(/[^a-z0-9.]+/g, '-')}-${number}.json`);
  writeFileSync(path, `${JSON.stringify({ suite, name, given, faults }, null, 1)}\n`);
  return [`npm run replay -- ${path}`, `${suite}: ${name}`, ...faults.slice(0, 5)].join('\n  ');
}
