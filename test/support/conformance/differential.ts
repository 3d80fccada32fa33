import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Difference,
  describeDifference,
  differencesOf,
  type KnownDivergence,
  knownAs,
} from './compare.ts';
import { interpret } from './interpreter.ts';
import { type Operation, readSequence, type Sequence } from './operation.ts';
import type { RealCorner } from './real-corner.ts';
import type { StepRecord } from './record.ts';
import { SimulatedCorner } from './simulated-corner.ts';

const DIRECTORY = join(import.meta.dirname, '../../conformance');
/** Where traces of failures go. */
const TRACES = join(import.meta.dirname, '../../../build/conformance');
/** A busy machine may need a while for what the simulated engine does at once; only a failure takes as long. */
const PATIENCE_MS = 8000;

export interface Script {
  /** `networks: a network is an id` */
  readonly title: string;
  readonly sequence: Sequence;
}

/** All scripts that stand in files, with the names of their files before their titles. */
export function readScripts(): readonly Script[] {
  return readdirSync(join(DIRECTORY, 'scripts'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(DIRECTORY, 'scripts', file), 'utf8');
      const scripts = JSON.parse(text) as Readonly<Record<string, unknown>>;
      return Object.entries(scripts).map(([title, json]) => ({
        title: `${file.replace(/\.json$/, '')}: ${title}`,
        sequence: readSequence(json),
      }));
    });
}

export function readKnownDivergences(): readonly KnownDivergence[] {
  return JSON.parse(readFileSync(join(DIRECTORY, 'known-divergences.json'), 'utf8'));
}

/** A sequence that only an engine of our own can carry out. */
export function restartsEngine(sequence: Sequence): boolean {
  return sequence.some((operation: Operation) => 'engine' in operation);
}

export interface Compared {
  /** Operations after which both told the same, but for known divergences. */
  readonly operations: number;
  /** Names of the known divergences that were met. */
  readonly met: ReadonlySet<string>;
  /** Of the first operation that was not alike; nothing after it was tried. */
  readonly differences: readonly Difference[];
}

/** Carries a sequence out on the simulated engine, then on a real one, and compares after each operation. */
export async function compare(
  real: RealCorner,
  sequence: Sequence,
  known: readonly KnownDivergence[],
  patienceMs = PATIENCE_MS,
): Promise<Compared> {
  const simulated = await interpret(new SimulatedCorner(real.profile), sequence);
  const met = new Set<string>();
  const differences = (record: StepRecord, index: number): readonly Difference[] => {
    const expected = simulated[index];
    return expected === undefined ? [] : differencesOf(index, expected, record);
  };
  const unknown = (record: StepRecord, index: number) =>
    differences(record, index).filter((each) => knownAs(real.profile, each, known) === undefined);
  const meet = (record: StepRecord, index: number) => {
    const divergences = differences(record, index).flatMap(
      (each) => knownAs(real.profile, each, known) ?? [],
    );
    for (const { name } of divergences) met.add(name);
    return divergences;
  };
  const steps = await interpret(real, sequence, {
    isExpected: (record, index) => unknown(record, index).length === 0,
    patienceMs,
    goesOn: (record, index) =>
      !meet(record, index).some(({ isChance }) => isChance === true) && unknown(record, index).length === 0,
  });
  const last = steps.length - 1;
  const lastRecord = steps[last];
  const left = lastRecord === undefined ? [] : unknown(lastRecord, last);
  return { operations: left.length === 0 ? steps.length : last, met, differences: left };
}

const MOST_TRIES = 25;

/** Leaves out what is not needed for a difference, as far as a few tries find it. */
export async function shrink(
  sequence: Sequence,
  differs: (shorter: Sequence) => Promise<boolean>,
): Promise<Sequence> {
  let shortest = sequence;
  let tries = 0;
  for (let index = sequence.length - 2; index >= 0 && tries < MOST_TRIES; index -= 1) {
    const shorter = shortest.filter((_, at) => at !== index);
    tries += 1;
    if (await differs(shorter)) shortest = shorter;
  }
  return shortest;
}

/** Keeps a sequence that was not alike, and says how to see it again. */
export function reportDifferences(
  name: string,
  sequence: Sequence,
  differences: readonly Difference[],
): string {
  mkdirSync(TRACES, { recursive: true });
  const trace = join(TRACES, `${name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80)}.json`);
  const upTo = (differences[0]?.step ?? sequence.length) + 1;
  writeFileSync(trace, `${JSON.stringify(sequence.slice(0, upTo), undefined, 2)}\n`);
  const replay = `CONFORMANCE_REPLAY=${trace} npx vitest run --project engine test/engine/conformance.test.ts`;
  return `${name}\n${differences.map(describeDifference).join('\n')}\nreplay: ${replay}`;
}
