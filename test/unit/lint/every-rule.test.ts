import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintManifests } from '../../../src/bin/local-lint.ts';
import { RULE_HEADS } from '../../../src/lint/rules.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/lint', import.meta.url));
const ids = RULE_HEADS.map(({ id }) => id);

let directory: string;
/** `compose.yaml:12 image-latest` each, sorted. */
let found: readonly string[];
let marked: readonly string[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-lint-'));
  cpSync(FIXTURE, directory, { recursive: true });
  // What no clone would keep as it has to be.
  await mkdir(join(directory, 'files'));
  writeFileSync(join(directory, 'files/key'), 'not secret');
  for (const file of ['app.env', 'app/.env']) writeFileSync(join(directory, file), 'API_TOKEN=a1b2c3d4e5\n');
  chmodSync(join(directory, 'app.env'), 0o644);
  const linted = lintManifests({
    manifests: {
      baseDirectory: directory,
      files: readdirSync(directory)
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => ({ relativePath: name, text: readFileSync(join(directory, name), 'utf8') })),
    },
    reading: 'tree',
    selection: { only: ids },
  });
  expect(linted.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  found = linted.findings
    .map(({ rule, at }) => `${relative(directory, at.file)}:${at.line} ${rule}`)
    .toSorted();
  marked = ['compose.yaml', 'networks.compose.yaml', 'egress.compose.yaml', 'app/Dockerfile']
    .flatMap(markersIn)
    .toSorted();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** `# <- RULE, RULE` on the line itself, `# next <- RULE` on the one before. */
function markersIn(file: string): readonly string[] {
  const lines = readFileSync(join(FIXTURE, file), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const [, next, rules = ''] = /# (next )?<- ([a-z-, ]+)$/.exec(line) ?? [];
    const number = index + 1 + (next === undefined ? 0 : 1);
    return rules.split(', ').flatMap((rule) => (rule === '' ? [] : [`${file}:${number} ${rule}`]));
  });
}

describe('the fixture that breaks every rule', () => {
  it('has a place for each of them', () => {
    const broken = new Set(marked.map((each) => each.split(' ')[1]));
    expect(ids.filter((id) => !broken.has(id))).toEqual([]);
  });

  it('gets each finding on the line that it is about, and no other', () => {
    const optional = new Set(RULE_HEADS.filter(({ isOptional }) => isOptional === true).map(({ id }) => id));
    const isUsual = (each: string) => !optional.has(each.split(' ')[1] ?? '');
    expect([...new Set(found)].filter(isUsual)).toEqual(marked.filter(isUsual));
    // How things are ordered is marked once for each rule.
    expect(found).toEqual(expect.arrayContaining(marked.filter((each) => !isUsual(each))));
  });
});
