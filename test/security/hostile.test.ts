import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from '../../src/model/problem.ts';
import { HOSTILE_FILES } from './hostile-files.ts';
import { SourceDirectory, type Verdict } from './source-directory.ts';

/** Of processor time. The daemon's thread has ten seconds; on a quiet machine none of these takes one. */
const MOST_CPU_MS = 8_000;

const source = new SourceDirectory();
let prototype: string;
beforeAll(() => {
  prototype = namesOfPrototype();
});
afterAll(() => source.remove());

const namesOfPrototype = () => JSON.stringify(Object.getOwnPropertyNames(Object.prototype));

test('there are enough of them, each under a name of its own', () => {
  const names = HOSTILE_FILES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(150);
});

test.each(HOSTILE_FILES.map((file) => [file.name, file] as const))('%s', async (_, { text, expected }) => {
  const before = process.cpuUsage();
  const verdict = await source.judge(text);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(MOST_CPU_MS);
  expect(namesOfPrototype()).toBe(prototype);
  for (const problem of verdict.problems) expectUseful(problem, text);
  if (expected === 'accepted') expect(verdict.errors).toEqual([]);
  else expectRefused(verdict, expected);
});

function expectRefused({ desired, problems }: Verdict, code: string): void {
  expect(problems.filter(({ severity }) => severity === 'error').map((problem) => problem.code)).toContain(
    code,
  );
  expect(desired).toBeUndefined();
}

/** A place inside the file, and something to do about it. */
function expectUseful({ at, message, path, hint }: Problem, text: string): void {
  const place = `${message} (${path})`;
  const lines = text.split('\n');
  expect(at?.line ?? 0, place).toBeGreaterThan(0);
  expect(at?.line ?? 0, place).toBeLessThanOrEqual(lines.length);
  expect(at?.column ?? 0, place).toBeLessThanOrEqual((lines[(at?.line ?? 1) - 1]?.length ?? 0) + 1);
  // What is said must not be as long as what was written.
  expect(message.length + (hint?.length ?? 0)).toBeLessThan(4000);
}
