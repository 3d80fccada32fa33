import { writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, closeBench, openBench, sweep } from './bench.ts';
import type { Case } from './case.ts';
import { CASES } from './cases.ts';
import { brokenBounds, type CaseResult, renderResults } from './report.ts';

const HELP = `npm run bench -- [options] [words of a case's name...]

Measures stackctl on a real engine (DOCKER_HOST), against the engine's raw API and docker compose.

  --rounds <n>   measurements of each side, at least 5 (default 7)
  --json <file>  keep every value
  --list         names of the cases

  npm run bench                                   # all
  npm run bench -- planning "get stacks"          # some
  DOCKER_HOST=unix:///run/x.sock npm run bench    # another engine
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '7' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const rounds = Number(options.rounds);
  const cases = CASES.filter(
    ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
  );
  if (options.help || !Number.isInteger(rounds) || rounds < 5 || cases.length === 0) {
    process.stderr.write(HELP);
    return options.help ? 0 : 2;
  }
  if (options.list) {
    process.stdout.write(cases.map(({ name }) => `${name}\n`).join(''));
    return 0;
  }
  const bench = await openBench({
    dist: process.env['STACKCTL_DIST'] ?? join(import.meta.dirname, '../dist'),
  });
  try {
    if (bench.compose === undefined) process.stderr.write('no docker compose here: its sides are left out\n');
    const results: CaseResult[] = [];
    for (const each of cases) results.push(await runCase(each, bench, each.rounds ?? rounds));
    process.stdout.write(`\n${await aboutTheMachine(bench)}\n\n${renderResults(results)}`);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
    const broken = brokenBounds(results);
    for (const sentence of broken) process.stdout.write(`not kept: ${sentence}\n`);
    return broken.length === 0 ? 0 : 1;
  } finally {
    await closeBench(bench);
  }
}

/** Each side in turn, and a first round that does not count: what the machine does beside meets all alike. */
async function runCase(each: Case, bench: Bench, rounds: number): Promise<CaseResult> {
  const { sides, dispose } = await each.prepare(bench);
  const measured = sides.map(({ name }) => ({ name, values: [] as number[] }));
  try {
    for (let round = 0; round <= rounds; round += 1) {
      process.stderr.write(`${each.name}: ${round === 0 ? 'warming up' : `${round} of ${rounds}`}\n`);
      for (const [index, { measure }] of sides.entries()) {
        const value = await measure();
        if (round > 0) measured[index]?.values.push(value);
      }
    }
  } finally {
    await dispose();
    await sweep(bench);
  }
  return { name: each.name, unit: each.unit, bounds: each.bounds, sides: measured };
}

async function aboutTheMachine({ docker }: Bench): Promise<string> {
  const { Version } = await docker.version();
  const [processor] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `Engine ${Version}, Node ${process.version}, ${cpus().length} x ${processor?.model.trim()}, ${gigabytes} GiB, Linux ${release()}`;
}
