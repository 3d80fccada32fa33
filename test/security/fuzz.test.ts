import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { resolveWish } from '../../src/controller/wish.ts';
import type { ManifestFile, StackManifest } from '../../src/manifest/stack.ts';
import { isAcceptable, type Problem } from '../../src/model/problem.ts';
import { note, whichCases } from '../support/cases.ts';
import { SEED_FILES, SEEDS } from '../support/fuzz-seeds.ts';
import { ADMITTED, bodiesOf, configOf, engineOf, filesOf, type Judged, judge } from '../support/judge.ts';
import { type Mutation, mutate, mutations } from '../support/mutations.ts';

/** Times 10,000 cases, about 100 s of processor time; HOSTILE_RUNS=0.01 for a glance, 100 for a night. */
const FACTOR = Number(process.env['HOSTILE_RUNS'] ?? 1);
const CASES = Math.ceil(10_000 * FACTOR);
/** Of processor time, generous: what stalls takes minutes. */
const CASE_CPU_MS = 5000;
const MINUTE_MS = 60_000;

const ROUND_TRIP_EVERY = 4;

const NEW = engineOf('1.51');
const OLD = engineOf('1.41');

interface Case {
  readonly seed: number;
  readonly mutations: readonly Mutation[];
}

const cases: fc.Arbitrary<Case> = fc.record({ seed: fc.nat({ max: SEEDS.length - 1 }), mutations });

const counts = { refused: 0, accepted: 0 };

test(
  `${CASES} mutated manifests: each is refused with a place or means one thing, in bounded time`,
  (context) => {
    const prototype = snapshotOfPrototypes();
    fc.assert(
      fc.property(cases, (one) => {
        const manifest = manifestOf(one);
        try {
          check(manifest, prototype);
        } catch (error) {
          throw new Error(`${(error as Error).stack}\n--- ${manifest.path}\n${manifest.text.slice(0, 4000)}`);
        }
      }),
      { numRuns: CASES, endOnFailure: FACTOR > 1, ...whichCases() },
    );
    note(context, 'hostile documents', CASES);
    console.error(`fuzz: ${CASES} cases: ${counts.refused} refused, ${counts.accepted} accepted`);
    // Mutations that leave nothing whole, or everything, would show nothing.
    if (CASES >= 500) expect(Math.min(counts.refused, counts.accepted)).toBeGreaterThan(CASES / 20);
  },
  30 * MINUTE_MS * Math.max(1, FACTOR),
);

function manifestOf(one: Case): ManifestFile {
  const seed = SEEDS[one.seed] as (typeof SEEDS)[number];
  const text = mutate(seed.manifest, one.mutations);
  return { path: seed.file, relativePath: seed.file.slice('/fuzz/'.length), text };
}

function check(manifest: ManifestFile, prototypes: string): void {
  const files = filesOf(SEED_FILES);
  const before = process.cpuUsage();
  const judged = judge([manifest], NEW, files);
  const spent = process.cpuUsage(before);
  expect((spent.user + spent.system) / 1000).toBeLessThan(CASE_CPU_MS);
  expect(snapshotOfPrototypes()).toBe(prototypes);
  for (const problem of judged.problems) expectPlaced(problem, manifest);
  if (judged.manifests.length === 0) expect(isAcceptable(judged.problems)).toBe(isData(manifest, judged));
  const isRefused = judged.wishes.every(({ desired }) => desired === undefined);
  counts[isRefused ? 'refused' : 'accepted'] += 1;
  judged.wishes.forEach((wish, index) => {
    if (wish.desired === undefined) expect(isAcceptable(wish.problems)).toBe(false);
    else expectOneMeaning(judged, index);
  });
}

/** A file that is no manifest of ours any more, or has nothing in it, is no fault. */
function isData({ path }: ManifestFile, { problems }: Judged): boolean {
  return path.endsWith('/stack.yaml') ? isAcceptable(problems) : false;
}

function expectPlaced(problem: Problem, manifest: ManifestFile): void {
  expect(problem.code).toMatch(/^[A-Z][A-Za-z]+$/);
  expect(problem.message).not.toBe('');
  const { at } = problem;
  if (at === undefined) throw new Error(`without a place: ${JSON.stringify(problem)}`);
  const text = at.file === manifest.path ? manifest.text : SEED_FILES[at.file];
  if (text === undefined) throw new Error(`in no known file: ${JSON.stringify(problem)}`);
  const line = text.split('\n')[at.line - 1];
  if (line === undefined || at.column < 1 || at.column > line.length + 1)
    throw new Error(`outside of the file: ${JSON.stringify(problem)}`);
}

function expectOneMeaning(first: Judged, index: number): void {
  const files = filesOf(SEED_FILES);
  const desired = first.wishes[index]?.desired;
  const [stack] = first.manifests.slice(index);
  if (desired === undefined || stack === undefined) throw new Error('accepted, and yet there is none');
  const again = resolveWish(stack, { engine: NEW, admission: ADMITTED }, files).desired;
  if (again === undefined) throw new Error('accepted once, and refused once');
  expect(again.revision).toBe(desired.revision);
  const bodies = bodiesOf(desired, NEW.apiVersion);
  expect(bodiesOf(again, NEW.apiVersion)).toBe(bodies);
  expect(bodies).not.toMatch(/\\u0000|\bNaN\b|\[object |undefined/);
  const old = resolveWish(stack, { engine: OLD, admission: ADMITTED }, files).desired;
  if (old !== undefined) expect(bodiesOf(old, OLD.apiVersion)).toBeTypeOf('string');
  // It costs as much as all the rest.
  if (counts.accepted % ROUND_TRIP_EVERY === 0) expectSameFromConfig(stack);
}

/** What `stackctl config` prints means the same as what it was made from. */
function expectSameFromConfig(manifest: StackManifest): void {
  const files = filesOf(SEED_FILES);
  const text = configOf(manifest, files);
  if (text === undefined) throw new Error('accepted, and yet nothing to print');
  expect(parseDocument(text).errors).toEqual([]);
  // Keys are printed as docker compose prints them, with `$$`, and nobody undoes that.
  if (/^\s*(- )?[^:\n]*\$\$[^:\n]*:/m.test(text)) return;
  const printed = { path: '/fuzz/compose.yaml', relativePath: 'compose.yaml', text };
  // What no profile selects is not printed; what is printed, one selects.
  const read = judge([printed], NEW, filesOf({ '/fuzz/.env': 'COMPOSE_PROFILES=*\n' }));
  const [second] = read.manifests;
  if (second === undefined)
    throw new Error(`cannot be read again: ${JSON.stringify(read.problems[0])}\n${text}`);
  expect(configOf(second, filesOf({ '/fuzz/.env': 'COMPOSE_PROFILES=*\n' }))).toBe(text);
}

function snapshotOfPrototypes(): string {
  const own = [Object.prototype, Array.prototype, String.prototype, Function.prototype].map((each) =>
    Object.getOwnPropertyNames(each),
  );
  return JSON.stringify(own);
}
