import { readFileSync } from 'node:fs';
import { type Case, runCase } from '../test/support/simulation/case.ts';

// Lives through a kept case of the simulation again and prints its history: `npm run replay -- build/failures/X.json`.
const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: npm run replay -- FILE, a case that the simulation kept in build/failures/');
  process.exit(2);
}
const { name, given } = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly name: string;
  readonly given: Case;
};
const verdict = await runCase(given);
console.log(`${name}\n`);
for (const line of verdict.trace) console.log(line);
console.log(verdict.faults.length === 0 ? '\nnothing is wrong with it' : `\n${verdict.faults.join('\n')}`);
process.exit(verdict.faults.length === 0 ? 0 : 1);
