import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lintManifests } from '../../src/bin/local-lint.ts';
import { RULE_HEADS } from '../../src/lint/rules.ts';
import { SEED_FILES, SEEDS } from '../support/fuzz-seeds.ts';
import { mutate, mutations } from '../support/mutations.ts';

const SEED = Number(process.env['LINT_SEED'] ?? 7);
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 150);
const ids = RULE_HEADS.map(({ id }) => id);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-lint-'));
  for (const [path, text] of Object.entries(SEED_FILES)) writeFileSync(inDirectory(path), text);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const inDirectory = (path: string): string => join(directory, path.slice('/fuzz/'.length));

test('whatever a manifest says, lint ends, and each finding has its place and its words', () => {
  let looked = 0;
  const property = fc.property(fc.nat({ max: SEEDS.length - 1 }), mutations, (seed, changes) => {
    const { manifest, file } = SEEDS[seed] as (typeof SEEDS)[number];
    const text = mutate(manifest, changes);
    const linted = lintManifests({
      manifests: { baseDirectory: directory, files: [{ relativePath: file.slice('/fuzz/'.length), text }] },
      reading: 'tree',
      selection: { only: ids },
    });
    looked += linted.stacks.length;
    for (const { rule, message, fix, at } of [...linted.findings, ...linted.waived]) {
      expect(ids).toContain(rule);
      expect([message, fix].every((words) => words.trim() !== '')).toBe(true);
      expect(at.file.startsWith(directory)).toBe(true);
      expect(Math.min(at.line, at.column)).toBeGreaterThanOrEqual(1);
    }
  });
  fc.assert(property, { seed: SEED, numRuns: RUNS });
  // Were none of them good enough to be looked at, this would show nothing.
  expect(looked).toBeGreaterThan(RUNS / 10);
});
