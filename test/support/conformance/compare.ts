import type { Profile } from '../simulated/objects.ts';
import type { Operation } from './operation.ts';
import type { Json, StepRecord } from './record.ts';

/** One thing that two records tell differently. */
export interface Difference {
  /** Counted from 0. */
  readonly step: number;
  readonly operation: Operation;
  /** Of the operation, on the real engine. */
  readonly outcome: string;
  /** `outcome`, `state.container a#1.exitCode`, `events.network n` */
  readonly path: string;
  readonly simulated: Json;
  readonly real: Json;
}

/** A difference that was seen, that is understood, and that the simulated engine keeps. */
export interface KnownDivergence {
  readonly name: string;
  readonly profiles: readonly Profile[];
  /** A regular expression that fits the whole outcome; left out: any. */
  readonly outcome?: string;
  /** A regular expression that fits the whole path. */
  readonly path: string;
  /** The same for the texts of what is recorded; left out: anything. */
  readonly simulated?: string;
  readonly real?: string;
  readonly reason: string;
  /**
   * Whether it is seen is chance, on the engine's side: a run that does not see it proves nothing, and of a sequence in
   * which it is seen nothing further is compared.
   */
  readonly isChance?: boolean;
}

/** What two records of one step differ in; of what only one has, nothing that is in it. */
export function differencesOf(step: number, simulated: StepRecord, real: StepRecord): readonly Difference[] {
  const [first, second] = [flatten(simulated), flatten(real)];
  const paths = [...new Set([...first.keys(), ...second.keys()])].sort();
  const all = paths.flatMap((path): Difference[] => {
    const [a, b] = [first.get(path), second.get(path)];
    return a === b
      ? []
      : [{ step, operation: real.operation, outcome: real.outcome, path, simulated: a, real: b }];
  });
  const missing = all.filter((each) => each.simulated === undefined || each.real === undefined);
  return all.filter(({ path }) => !missing.some((parent) => path.startsWith(`${parent.path}.`)));
}

/** Which known divergence a difference is; undefined: a new one. */
export function knownAs(
  profile: Profile,
  difference: Difference,
  known: readonly KnownDivergence[],
): KnownDivergence | undefined {
  const fits = (pattern: string | undefined, value: Json) =>
    pattern === undefined || new RegExp(`^(?:${pattern})$`).test(String(value));
  return known.find(
    (each) =>
      each.profiles.includes(profile) &&
      fits(each.outcome, difference.outcome) &&
      fits(each.path, difference.path) &&
      fits(each.simulated, difference.simulated) &&
      fits(each.real, difference.real),
  );
}

/** For people. */
export function describeDifference({ step, operation, path, simulated, real }: Difference): string {
  return `step ${step} ${JSON.stringify(operation)}\n  ${path}\n    simulated: ${simulated}\n    real:      ${real}`;
}

/** Leaves by path, as text; a list is a leaf. */
function flatten({ outcome, state, events }: StepRecord): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>([['outcome', outcome]]);
  const walk = (path: string, value: Json) => {
    if (typeof value !== 'object') {
      if (value !== undefined) leaves.set(path, String(value));
    } else if (isList(value)) {
      leaves.set(path, JSON.stringify(value));
    } else {
      leaves.set(path, 'there');
      for (const [key, each] of Object.entries(value)) walk(`${path}.${key}`, each);
    }
  };
  for (const [object, each] of Object.entries(state)) walk(`state.${object}`, each);
  for (const [object, each] of Object.entries(events)) walk(`events.${object}`, each);
  return leaves;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
