import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  EMPTY_GUARD_STATE,
  GUARD_LIMITS,
  type GuardScan,
  type GuardState,
  guardDeletions,
} from '../../src/controller/deletion-guard.ts';
import { holds } from '../support/cases.ts';

const NAMES = Array.from({ length: 12 }, (_, index) => `s${index}`);

const scan: fc.Arbitrary<GuardScan> = fc.record({
  trusted: fc.oneof(
    { arbitrary: fc.constant(true), weight: 9 },
    { arbitrary: fc.constant(false), weight: 1 },
  ),
  reason: fc.constant(undefined),
  // Mostly all there but a few, sometimes anything.
  names: fc.oneof(
    { arbitrary: fc.subarray(NAMES, { minLength: 9 }), weight: 3 },
    { arbitrary: fc.subarray(NAMES), weight: 1 },
  ),
  broken: fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, { arbitrary: fc.subarray(NAMES), weight: 1 }),
  unattributed: fc.oneof(
    { arbitrary: fc.constant([]), weight: 8 },
    { arbitrary: fc.constant(['x.yaml']), weight: 1 },
  ),
});
/** A scan is repeated a few times, or hardly anything would stay absent for long enough. */
const history = fc
  .array(
    fc.record({ scan, times: fc.integer({ min: 1, max: 6 }), everyMs: fc.integer({ min: 1, max: 60_000 }) }),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.flatMap((part) => Array.from({ length: part.times }, () => part)));

test('whatever the scans say: nothing goes from a doubtful source, nothing that is there, nothing too early, never too many', async (context) => {
  let deletions = 0;
  await holds(
    context,
    fc.property(history, fc.boolean(), (scans, finishes) => {
      let known = NAMES.map((name) => ({ name }));
      let state: GuardState = EMPTY_GUARD_STATE;
      let nowMs = 0;
      const decidedAtMs: number[] = [];
      const pending = new Set<string>();
      /** Trusted, non-empty scans in a row without the name, and since when: told independently. */
      const missing = new Map<string, { scans: number; sinceMs: number }>();

      for (const { scan: seen, everyMs } of scans) {
        nowMs += everyMs;
        const limits = GUARD_LIMITS;
        const answer = guardDeletions({
          absence: 'deletes',
          known,
          scan: seen,
          state,
          suspended: [],
          nowMs,
          limits,
        });
        state = JSON.parse(JSON.stringify(answer.state));

        const present = new Set([...seen.names, ...seen.broken]);
        const doubtful = !seen.trusted || seen.names.length === 0;
        for (const { name } of known) {
          if (present.has(name) || doubtful) missing.delete(name);
          else
            missing.set(name, {
              scans: (missing.get(name)?.scans ?? 0) + 1,
              sinceMs: missing.get(name)?.sinceMs ?? nowMs,
            });
          if (present.has(name)) pending.delete(name);
        }
        if (doubtful) expect(answer.delete).toEqual([]);
        for (const name of answer.delete) {
          expect(present.has(name)).toBe(false);
          expect(known.some((stack) => stack.name === name)).toBe(true);
          if (pending.has(name)) continue;
          const absence = missing.get(name);
          expect(absence?.scans).toBeGreaterThanOrEqual(2);
          expect(nowMs - (absence?.sinceMs ?? nowMs)).toBeGreaterThanOrEqual(30_000);
          pending.add(name);
          decidedAtMs.push(nowMs);
          deletions += 1;
        }
        const recent = decidedAtMs.filter((atMs) => nowMs - atMs < 600_000);
        expect(recent.length).toBeLessThanOrEqual(2);
        // Everything absent is either deleted or held with a reason, and with a time to ask again.
        const absent = known.map(({ name }) => name).filter((name) => !present.has(name));
        const told = [...answer.delete, ...answer.held.map(({ name }) => name)].sort();
        expect(told).toEqual(doubtful ? answer.held.map(({ name }) => name).sort() : [...absent].sort());
        for (const held of answer.held) expect(held.retryAtMs).toBeGreaterThanOrEqual(nowMs);
        if (finishes) {
          known = known.filter(({ name }) => !answer.delete.includes(name));
          for (const name of answer.delete) pending.delete(name);
        }
        expect(Object.keys(state.absent).length + Object.keys(state.decided).length).toBeLessThanOrEqual(
          known.length + 2,
        );
      }
    }),
    200,
  );
  // Without this, a guard that never deletes would pass.
  expect(deletions).toBeGreaterThan(20);
});
