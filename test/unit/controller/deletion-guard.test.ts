import { describe, expect, test } from 'vitest';
import {
  EMPTY_GUARD_STATE,
  GUARD_LIMITS,
  type GuardAnswer,
  type GuardRequest,
  type GuardScan,
  guardDeletions,
} from '../../../src/controller/deletion-guard.ts';

const START_MS = 1_700_000_000_000;
const scanOf = (names: readonly string[], more: Partial<GuardScan> = {}): GuardScan => ({
  trusted: true,
  reason: undefined,
  names,
  broken: [],
  unattributed: [],
  ...more,
});
const stacks = (count: number) => Array.from({ length: count }, (_, index) => `s${index + 10}`);

/** A source over time: what was deleted leaves the known ones only when the test says so. */
function source(names: readonly string[]) {
  let known = names.map((name) => ({ name }));
  let state = EMPTY_GUARD_STATE;
  return {
    at(seconds: number, scan: GuardScan, more: Partial<GuardRequest> = {}): GuardAnswer {
      const request: GuardRequest = {
        absence: 'deletes',
        known,
        scan,
        state,
        suspended: [],
        nowMs: START_MS + seconds * 1000,
        limits: GUARD_LIMITS,
        ...more,
      };
      const answer = guardDeletions(request);
      state = JSON.parse(JSON.stringify(answer.state));
      return answer;
    },
    gone(...removed: readonly string[]) {
      known = known.filter(({ name }) => !removed.includes(name));
    },
    state: () => state,
  };
}
const heldOf = (answer: GuardAnswer) =>
  Object.fromEntries(answer.held.map(({ name, reason }) => [name, reason]));

describe('a manifest that is gone', () => {
  test('is deleted after two scans and thirty seconds, not before either', () => {
    const one = source(['a', 'b']);
    expect(one.at(0, scanOf(['a', 'b']))).toMatchObject({ delete: [], held: [] });
    const first = one.at(10, scanOf(['a']));
    expect(first.delete).toEqual([]);
    expect(first.held).toEqual([
      { name: 'b', reason: 'GracePeriod', message: expect.any(String), retryAtMs: START_MS + 40_000 },
    ]);
    expect(one.at(39.999, scanOf(['a'])).delete).toEqual([]);
    expect(one.at(40, scanOf(['a'])).delete).toEqual(['b']);
    const other = source(['a', 'b']);
    expect(other.at(10, scanOf(['a'])).delete).toEqual([]);
    expect(other.at(100, scanOf(['a'])).delete).toEqual(['b']);
  });

  test('is answered at every scan until the stack is gone, and counts once', () => {
    const one = source(stacks(10));
    const left = stacks(10).slice(1);
    one.at(0, scanOf(left));
    expect(one.at(60, scanOf(left)).delete).toEqual(['s10']);
    expect(one.at(61, scanOf(left)).delete).toEqual(['s10']);
    expect(one.state().deleted).toHaveLength(1);
    one.gone('s10');
    expect(one.at(62, scanOf(left))).toMatchObject({ delete: [], held: [] });
    expect(one.state()).toMatchObject({ absent: {}, decided: {} });
  });

  test('and comes back, whole or broken, cancels: then everything is waited for anew', () => {
    for (const back of [scanOf(['a', 'b']), scanOf(['a'], { broken: ['b'] })]) {
      const one = source(['a', 'b']);
      one.at(0, scanOf(['a']));
      expect(one.at(20, back)).toMatchObject({ delete: [], held: [] });
      expect(one.at(30, scanOf(['a'])).delete).toEqual([]);
      expect(one.at(59, scanOf(['a'])).delete).toEqual([]);
      expect(one.at(60, scanOf(['a'])).delete).toEqual(['b']);
      expect(one.at(70, back)).toMatchObject({ delete: [], held: [] });
      const again = one.at(80, scanOf(['a']));
      expect([again.delete, heldOf(again)]).toEqual([[], { b: 'GracePeriod' }]);
    }
  });

  test('a clock that was set back starts the grace anew, and does not hold for ever', () => {
    const one = source(['a', 'b']);
    one.at(0, scanOf(['a']));
    expect(one.at(-86_400, scanOf(['a'])).delete).toEqual([]);
    expect(one.at(-86_370, scanOf(['a'])).delete).toEqual(['b']);
  });
});

describe('a source that says nothing', () => {
  test.each([
    ['not trusted', scanOf(['a'], { trusted: false, reason: 'the directory was replaced' })],
    ['not trusted and empty', scanOf([], { trusted: false })],
    ['trusted and empty', scanOf([])],
    ['trusted, and everything in it broken', scanOf([], { broken: ['a'] })],
  ])('%s: nothing is ever deleted, and it is said why', (_name, scan) => {
    const one = source(['a', 'b']);
    for (let seconds = 0; seconds < 7200; seconds += 60) {
      const answer = one.at(seconds, scan);
      expect(answer.delete).toEqual([]);
      expect(answer.held.map(({ reason }) => reason)).toContain('SourceSuspect');
    }
  });

  test('starts the waiting anew: scans must follow each other', () => {
    const one = source(['a', 'b']);
    one.at(0, scanOf(['a']));
    one.at(20, scanOf(['a'], { trusted: false }));
    expect(one.at(60, scanOf(['a'])).delete).toEqual([]);
    expect(one.at(89, scanOf(['a'])).delete).toEqual([]);
    expect(one.at(90, scanOf(['a'])).delete).toEqual(['b']);
  });

  test('does not forget what was decided', () => {
    const one = source(['a', 'b']);
    one.at(0, scanOf(['a']));
    expect(one.at(30, scanOf(['a'])).delete).toEqual(['b']);
    expect(one.at(40, scanOf([])).delete).toEqual([]);
    expect(one.at(50, scanOf(['a'])).delete).toEqual(['b']);
  });

  test('no known stacks is no suspicion', () => {
    expect(source([]).at(0, scanOf([]))).toMatchObject({ delete: [], held: [] });
  });

  test('an absence among pushed manifests means nothing', () => {
    const one = source(['a', 'b']);
    for (const seconds of [0, 60, 120]) {
      expect(one.at(seconds, scanOf(['a']), { absence: 'nothing' })).toMatchObject({ delete: [], held: [] });
    }
  });

  test('a file that broke when the stack went away holds its deletion, and is named, until it is whole', () => {
    const one = source(['a', 'b', 'c']);
    const moved = { unattributed: ['moved.yaml'] };
    one.at(0, scanOf(['a', 'b', 'c']));
    one.at(10, scanOf(['a', 'c'], moved));
    const answer = one.at(60, scanOf(['a', 'c'], moved));
    expect([answer.delete, heldOf(answer)]).toEqual([[], { b: 'BrokenManifests' }]);
    expect(answer.held[0]?.message).toContain('moved.yaml');
    one.at(65, scanOf(['a', 'c'], { ...moved, trusted: false }));
    expect(one.at(100, scanOf(['a', 'c'], moved)).delete).toEqual([]);
    expect(one.at(130, scanOf(['a', 'c'])).delete).toEqual(['b']);
    expect(one.at(140, scanOf(['a'], moved)).delete).toEqual(['b']);
  });

  test('so does one that broke during the grace, and at the first scan of all; one that was broken before does not', () => {
    const during = source(['a', 'b']);
    during.at(0, scanOf(['a', 'b']));
    during.at(10, scanOf(['a']));
    expect(heldOf(during.at(60, scanOf(['a'], { unattributed: ['x.yaml'] })))).toEqual({
      b: 'BrokenManifests',
    });
    const first = source(['a', 'b']);
    first.at(0, scanOf(['a'], { unattributed: ['x.yaml'] }));
    expect(heldOf(first.at(60, scanOf(['a'], { unattributed: ['x.yaml'] })))).toEqual({
      b: 'BrokenManifests',
    });
    const before = source(['a', 'b']);
    before.at(0, scanOf(['a', 'b'], { unattributed: ['data.json'] }));
    before.at(10, scanOf(['a'], { unattributed: ['data.json'] }));
    expect(before.at(60, scanOf(['a'], { unattributed: ['data.json'] })).delete).toEqual(['b']);
  });
});

describe('how many go', () => {
  test.each([
    [2, 1],
    [5, 1],
    [9, 1],
    [10, 2],
    [25, 5],
  ])(
    'of %i stacks that lose all but one manifest, %i go in ten minutes, the others later',
    (count, allowed) => {
      const names = stacks(count);
      const left = names.slice(-1);
      const one = source(names);
      one.at(0, scanOf(left));
      const answer = one.at(30, scanOf(left));
      expect(answer.delete).toEqual(names.slice(0, allowed));
      expect(answer.held).toHaveLength(count - 1 - allowed);
      for (const held of answer.held) {
        expect(held).toMatchObject({ reason: 'TooManyDeletions', retryAtMs: START_MS + 630_000 });
      }
      one.gone(...answer.delete);
      expect(one.at(629, scanOf(left)).delete).toEqual([]);
      if (count > 1 + allowed) expect(one.at(630, scanOf(left)).delete.length).toBeGreaterThan(0);
    },
  );

  test('deletions do not shrink what is allowed, and do not widen it', () => {
    const names = stacks(10);
    const one = source(names);
    one.at(0, scanOf(names.slice(1)));
    expect(one.at(30, scanOf(names.slice(1))).delete).toEqual(['s10']);
    one.gone('s10');
    one.at(100, scanOf(names.slice(3)));
    const second = one.at(130, scanOf(names.slice(3)));
    expect([second.delete, heldOf(second)]).toEqual([['s11'], { s12: 'TooManyDeletions' }]);
    expect(second.held[0]?.retryAtMs).toBe(START_MS + 630_000);
  });

  test('of two that go, the one that is needed goes after the one that needs it, and is kept with it', () => {
    const known = [{ name: 'app', dependsOn: ['base'] }, { name: 'base' }, { name: 'other' }];
    const one = source(['app', 'base', 'other']);
    one.at(0, scanOf(['app', 'other']), { known });
    one.at(10, scanOf(['other']), { known });
    const early = one.at(35, scanOf(['other']), { known });
    expect([early.delete, heldOf(early)]).toEqual([[], { app: 'GracePeriod', base: 'GracePeriod' }]);
    const late = one.at(40, scanOf(['other']), { known });
    expect([late.delete, heldOf(late)]).toEqual([['app'], { base: 'TooManyDeletions' }]);
    const circle = [
      { name: 'app', dependsOn: ['base'] },
      { name: 'base', dependsOn: ['app'] },
      { name: 'other' },
    ];
    const round = source(['app', 'base', 'other']);
    round.at(0, scanOf(['other']), { known: circle });
    expect(round.at(60, scanOf(['other']), { known: circle }).delete).toHaveLength(1);
  });

  test('one that is suspended is left alone, and it is said how to go on', () => {
    const one = source(['a', 'b']);
    one.at(0, scanOf(['a']), { suspended: ['b'] });
    const held = one.at(60, scanOf(['a']), { suspended: ['b'] });
    expect([held.delete, heldOf(held)]).toEqual([[], { b: 'SuspendedStack' }]);
    expect(held.held[0]?.message).toContain('`stackctl resume b`');
    expect(one.at(90, scanOf(['a'])).delete).toEqual(['b']);
  });

  test('the longest absent go first', () => {
    const one = source(stacks(5));
    one.at(0, scanOf(['s10', 's11', 's12', 's13']));
    one.at(5, scanOf(['s11', 's12', 's13']));
    expect(one.at(40, scanOf(['s11', 's12', 's13'])).delete).toEqual(['s14']);
  });

  test('a deletion that was cancelled still counts', () => {
    const one = source(['a', 'b', 'c']);
    one.at(0, scanOf(['a', 'b']));
    expect(one.at(30, scanOf(['a', 'b'])).delete).toEqual(['c']);
    one.at(40, scanOf(['a', 'b', 'c']));
    one.at(50, scanOf(['a', 'c']));
    expect(heldOf(one.at(90, scanOf(['a', 'c'])))).toEqual({ b: 'TooManyDeletions' });
  });

  test('names that objects have by themselves are names like others', () => {
    const names = ['constructor', '__proto__', 'toString', 'a'];
    const one = source(names);
    const limits = { ...GUARD_LIMITS, minimum: 3 };
    expect(one.at(0, scanOf(['a']), { limits }).delete).toEqual([]);
    expect(one.at(30, scanOf(['a']), { limits }).delete).toEqual(['__proto__', 'constructor', 'toString']);
  });
});
