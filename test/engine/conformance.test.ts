import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pLimit from 'p-limit';
import { afterAll, describe, expect, test } from 'vitest';
import { generatedSequences } from '../support/conformance/arbitrary.ts';
import {
  type Compared,
  compare,
  readKnownDivergences,
  readScripts,
  reportDifferences,
  restartsEngine,
  type Script,
  shrink,
} from '../support/conformance/differential.ts';
import { PLACES } from '../support/conformance/names.ts';
import { readSequence, type Sequence } from '../support/conformance/operation.ts';
import { RealCorner } from '../support/conformance/real-corner.ts';
import { hasEngine, Lab, sweep } from '../support/lab.ts';
import type { Profile } from '../support/simulated/objects.ts';

/** Sequences at once: most of their time is the engine's, which does several things at a time. */
const AT_ONCE = 3;
const LONGEST_MS = 1_800_000;
/** While a sequence that is not alike is made shorter. */
const SHORT_PATIENCE_MS = 2000;
/** More of them, and others, when hunting. */
const GENERATED = Number(process.env['CONFORMANCE_SEQUENCES'] ?? 60);
const SEED = Number(process.env['CONFORMANCE_SEED'] ?? 1);
/** A part of the titles of the scripts that are wanted. */
const only = process.env['CONFORMANCE_ONLY'] ?? '';
const replay = process.env['CONFORMANCE_REPLAY'];
const known = readKnownDivergences();
const met = new Set<string>();
let operations = 0;
let place = randomInt(0, PLACES);
let profile: Profile | undefined;

async function compared(sequence: Sequence, patienceMs?: number): Promise<Compared> {
  const lab = new Lab();
  const { host, stack, instance, image } = lab;
  place = (place + 1) % PLACES;
  const corner = await RealCorner.create({
    host,
    stack,
    instance,
    image,
    place,
    sweep: () => sweep(lab.docker, instance),
  });
  profile = corner.profile;
  try {
    return await compare(corner, sequence, known, patienceMs);
  } finally {
    await corner.dispose();
  }
}

/** Undefined when both did the same; else what a person needs to know, of a sequence as short as may be. */
async function check({ title, sequence }: Script): Promise<string | undefined> {
  try {
    const result = await compared(sequence);
    operations += result.operations;
    for (const name of result.met) met.add(name);
    const [first] = result.differences;
    if (first === undefined) return undefined;
    const differs = async (shorter: Sequence) =>
      (await compared(shorter, SHORT_PATIENCE_MS)).differences.length > 0;
    const shortest = await shrink(sequence.slice(0, first.step + 1), differs);
    return reportDifferences(title, shortest, (await compared(shortest)).differences);
  } catch (thrown) {
    return `${title}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`;
  }
}

async function checkAll(scripts: readonly Script[]): Promise<readonly string[]> {
  const limit = pLimit(AT_ONCE);
  const reports = await Promise.all(scripts.map((script) => limit(() => check(script))));
  return reports.filter((report) => report !== undefined);
}

describe.skipIf(!hasEngine())('the simulated engine and this one', () => {
  afterAll(() => console.error(`conformance: ${operations} operations alike, ${met.size} known divergences`));

  test.skipIf(replay !== undefined)('do the same in every script', { timeout: LONGEST_MS }, async () => {
    const scripts = readScripts().filter(
      ({ title, sequence }) => !restartsEngine(sequence) && title.includes(only),
    );
    const reports = await checkAll(scripts);
    expect(reports, reports.join('\n\n')).toEqual([]);
  });

  test.skipIf(replay !== undefined || only !== '')(
    `do the same in ${GENERATED} generated sequences of seed ${SEED}`,
    { timeout: LONGEST_MS },
    async () => {
      const sequences = generatedSequences(GENERATED, SEED);
      const reports = await checkAll(
        sequences.map((sequence, index) => ({ title: `seed ${SEED}, number ${index}`, sequence })),
      );
      expect(reports, reports.join('\n\n')).toEqual([]);
    },
  );

  test.skipIf(replay !== undefined || only !== '')('differ in nothing that was only written down', () => {
    const unseen = known.filter(
      ({ name, profiles, isChance = false }) =>
        profile !== undefined && profiles.includes(profile) && !isChance && !met.has(name),
    );
    expect(unseen.map(({ name }) => name)).toEqual([]);
  });

  test.runIf(replay !== undefined)('do the same in the trace', { timeout: LONGEST_MS }, async () => {
    const sequence = readSequence(JSON.parse(readFileSync(replay ?? '', 'utf8')));
    const report = await check({ title: 'replay', sequence });
    expect(report, report).toBeUndefined();
  });
});
