import fc from 'fast-check';
import { DEED_KINDS, stacks } from '../arbitraries.ts';
import type { Act } from './acts.ts';
import type { Case, Injection } from './case.ts';
import type { Chance } from './chance.ts';
import { composeDocument } from './compose-document.ts';
import { WRITE_CRASHES } from './disk.ts';
import type { EventFate } from './event-wire.ts';
import { PROFILES } from './scenarios.ts';
import { CALL_FAULTS, CRASH_MOMENTS } from './wire.ts';

/** A limited number of manifests in all combinations, since each takes its time to be read for the first time. */
const MANIFESTS = 300;

export function manifestPool(seed: number): readonly string[] {
  return fc.sample(stacks, { seed, numRuns: MANIFESTS }).map(composeDocument);
}

export const writeDemo = (text: string | null): Act => ({ do: 'write', file: 'demo.compose.yaml', text });

/** Any moment of a history of the usual length, in calls to the engine. */
const moment = (chance: Chance) => chance.int(1, 30);

const deed = (chance: Chance, kinds: readonly (typeof DEED_KINDS)[number][] = DEED_KINDS): Act => ({
  do: 'deed',
  deed: { kind: chance.pick(kinds), which: chance.int(0, 1000), other: chance.int(0, 1000) },
});

/** What can go wrong; each run has only some kinds of it, so that rare ones meet. */
const FAULTS: readonly ((chance: Chance) => Injection)[] = [
  (chance) => ({ at: 'write', number: moment(chance), crash: chance.pick(CRASH_MOMENTS) }),
  (chance) => ({ at: 'state-write', number: moment(chance), crash: chance.pick(WRITE_CRASHES) }),
  (chance) => ({
    at: 'call',
    number: moment(chance),
    fault: chance.pick(CALL_FAULTS),
    times: chance.int(1, 4),
  }),
  (chance) => ({ at: 'moment', number: moment(chance), acts: [deed(chance)] }),
];

export function randomFaults(chance: Chance, most: number): readonly Injection[] {
  const kinds = chance.some(FAULTS);
  if (kinds.length === 0) return [];
  return Array.from({ length: chance.int(0, most) }, () => chance.pick(kinds)(chance));
}

export function randomEvents(chance: Chance): EventFate {
  return {
    drop: chance.pick([0, 0.05, 0.5, 1]),
    duplicate: chance.pick([0, 0.3]),
    delayMs: chance.pick([0, 100, 5_000, 60_000]),
    cutAfter: chance.pick([0, 0, 1, 7]),
  };
}

const HOUR_MS = 3_600_000;

/** What people, the host and the engine do, one after the other. */
const HAPPENINGS: readonly ((chance: Chance, manifests: readonly string[]) => readonly Act[])[] = [
  (chance) => [deed(chance)],
  (chance) => [deed(chance)],
  (chance) => [deed(chance)],
  (chance) => [{ do: 'wait', ms: chance.pick([1, 30, 300, 3_000, 30_000]) }],
  (chance) => [{ do: 'wait', ms: chance.pick([1, 30, 300, 3_000, 30_000]) }],
  (chance, manifests) => [writeDemo(chance.pick(manifests))],
  () => [{ do: 'daemon', is: 'killed' }],
  (chance) => [
    { do: 'engine', is: chance.pick(['stopped', 'killed']) },
    { do: 'wait', ms: chance.int(1, 20_000) },
    { do: 'engine', is: 'started' },
  ],
  (chance) => [{ do: 'clock', ms: chance.pick([-1, 1]) * chance.pick([1_000, HOUR_MS, 365 * 24 * HOUR_MS]) }],
  (chance) => [
    { do: 'disk', is: 'full' },
    { do: 'wait', ms: chance.int(1, 20_000) },
    { do: 'disk', is: 'free' },
  ],
  () => [
    { do: 'disk', is: 'lost' },
    { do: 'daemon', is: 'killed' },
  ],
  (chance) => [
    { do: 'directory', is: 'missing' },
    { do: 'wait', ms: chance.int(1, 100_000) },
    { do: 'directory', is: 'back' },
  ],
  (chance, manifests) => [
    writeDemo(chance.pick(manifests).slice(0, chance.int(1, 200))),
    { do: 'wait', ms: chance.int(1, 100_000) },
    writeDemo(chance.pick(manifests)),
  ],
  (chance, manifests) => [
    writeDemo(null),
    { do: 'wait', ms: chance.int(1, 100_000) },
    writeDemo(chance.pick(manifests)),
  ],
  () => [{ do: 'command', verb: 'reconcile', stack: 'demo' }],
  () => [{ do: 'restart-rollout', stack: 'demo' }],
];

/** Everything at once, and then nothing any more: it must end as the last manifest says. */
export function chaosCase(chance: Chance, manifests: readonly string[]): Case {
  const kinds = [...HAPPENINGS.slice(0, 5), ...chance.some(HAPPENINGS.slice(5))];
  const acts = Array.from({ length: chance.int(1, 12) }, () => chance.pick(kinds)(chance, manifests));
  return {
    profile: chance.pick(PROFILES),
    seed: chance.int(1, 1_000_000_000),
    before: [writeDemo(chance.pick(manifests)), ...strangers(chance)],
    change: [...acts.flat(), writeDemo(chance.pick(manifests))],
    injections: randomFaults(chance, 3),
    ...(chance.isSo(0.3) ? { events: randomEvents(chance) } : {}),
    ...(chance.isSo(0.2) ? { staleness: chance.int(1, 6) } : {}),
    stacks: ['demo'],
  };
}

/** Somebody else is on the engine too. */
const strangers = (chance: Chance): readonly Act[] =>
  chance.isSo(0.5)
    ? [
        { do: 'hand', verb: 'run', name: 'stranger' },
        { do: 'hand', verb: 'create-network', name: 'strange' },
        { do: 'hand', verb: 'create-volume', name: 'strange' },
      ]
    : [];

/** Any state that an earlier manifest, a daemon that died over it and people with the command line can leave. */
export function anyStateCase(chance: Chance, manifests: readonly string[]): Case {
  const deeds = Array.from({ length: chance.int(0, 6) }, () => deed(chance));
  return {
    profile: chance.pick(PROFILES),
    seed: chance.int(1, 1_000_000_000),
    before: [],
    change: [
      writeDemo(chance.pick(manifests)),
      { do: 'wait', ms: chance.int(255, 400) },
      { do: 'daemon', is: 'killed' },
      { do: 'wait', ms: 1 },
      ...deeds,
      ...(chance.isSo(0.3) ? [{ do: 'disk', is: 'lost' } as const] : []),
      writeDemo(chance.pick(manifests)),
    ],
    stacks: ['demo'],
  };
}
