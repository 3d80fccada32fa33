import { describe, expect, test } from 'vitest';
import type { Act } from '../support/simulation/acts.ts';
import { type Case, otherCosts, runCase, type Verdict } from '../support/simulation/case.ts';
import { PROFILES, SCENARIOS, type Scenario } from '../support/simulation/scenarios.ts';
import { type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';

const FILE = 'demo.compose.yaml';
const write = (text: string | null, file = FILE): Act => ({ do: 'write', file, text });

const OTHER = JSON.stringify({
  services: { other: { image: 'app:2', volumes: ['data:/data'], restart: 'unless-stopped' } },
  volumes: { data: {} },
});

/** The manifest that a scenario ends with. */
const lastText = ({ change, before }: Scenario): string | undefined =>
  [...before, ...change]
    .flatMap((act) => (act.do === 'write' && act.file === FILE && act.text ? [act.text] : []))
    .at(-1);

/** What somebody does to the file at the very moment of a call, and what sets it right. */
function edits(
  text: string,
): Readonly<Record<string, { readonly at: readonly Act[]; readonly later: readonly Act[] }>> {
  return {
    'another manifest': { at: [write(OTHER)], later: [] },
    'another, and back at once': { at: [write(OTHER), write(text)], later: [] },
    'another, and back': { at: [write(OTHER)], later: [{ do: 'wait', ms: 700 }, write(text)] },
    'broken, and mended': { at: [write('services: [')], later: [{ do: 'wait', ms: 50_000 }, write(text)] },
    'cut off, and whole': {
      at: [write(text.slice(0, text.length / 2))],
      later: [{ do: 'wait', ms: 2_000 }, write(text)],
    },
    'empty, and whole': { at: [write('')], later: [{ do: 'wait', ms: 100_000 }, write(text)] },
    'gone, and back within the grace': {
      at: [write(null)],
      later: [{ do: 'wait', ms: 20_000 }, write(text)],
    },
    'gone, and back too late': { at: [write(null)], later: [{ do: 'wait', ms: 120_000 }, write(text)] },
    'twice, and once again': {
      at: [write(OTHER.replace('{', '{"name":"demo",'), 'second.compose.yaml')],
      later: [{ do: 'wait', ms: 40_000 }, write(null, 'second.compose.yaml')],
    },
    'a part cannot be read for a while': {
      at: [{ do: 'directory', is: 'partial' }],
      later: [
        { do: 'wait', ms: 100_000 },
        { do: 'directory', is: 'back' },
      ],
    },
    'the directory is away for a while': {
      at: [{ do: 'directory', is: 'missing' }],
      later: [
        { do: 'wait', ms: 100_000 },
        { do: 'directory', is: 'back' },
      ],
    },
  };
}

/** After these nothing was done that would not have been done without them. */
const HARMLESS: ReadonlySet<string> = new Set([
  'broken, and mended',
  'cut off, and whole',
  'empty, and whole',
  'gone, and back within the grace',
  'twice, and once again',
  'a part cannot be read for a while',
  'the directory is away for a while',
]);

interface Editing {
  readonly text: string;
  readonly calls: number;
  readonly isHarmless: boolean;
}

function* edited(undisturbed: Case, { text, calls, isHarmless }: Editing): Generator<NamedCase> {
  const kinds = Object.entries(edits(text)).filter(([name]) => HARMLESS.has(name) === isHarmless);
  for (let number = 1; number <= calls; number += 1) {
    for (const [name, { at, later }] of kinds) {
      // The moment of a late call may come after what was to set it right.
      const again: readonly Act[] =
        later.length === 0 ? [] : [{ do: 'wait', ms: 200_000 }, ...later.slice(-1)];
      const change: readonly Act[] = [...undisturbed.change, { do: 'wait', ms: 1_000 }, ...later, ...again];
      yield {
        name: `at call ${number}: ${name}`,
        given: { ...undisturbed, change, injections: [{ at: 'moment', number, acts: at }] },
      };
    }
  }
}

const MOST_MOMENTS = 12;
/** The last calls are looks at what is at rest, minutes later. */
const LOOKS_AT_REST = 4;

/** Where the file is the scenario's own, and it is no edit of this kind already. */
const EDITED = SCENARIOS.filter(
  (scenario) =>
    scenario.stacks.join() === 'demo' && lastText(scenario) !== undefined && !isRemoving(scenario),
);

function isRemoving({ change }: Pick<Case, 'change'>): boolean {
  return change.some((act) => act.do === 'write' && act.text === null);
}

describe('whatever is done to a manifest in the middle of a pass, the last good one counts', () => {
  test.for(EDITED)('$name', async ({ name, ...scenario }, context) => {
    const failures: string[] = [];
    for (const profile of PROFILES) {
      // A source that has nothing any more is suspect by that alone.
      const before = [...scenario.before, write(OTHER, 'site.compose.yaml')];
      const stacks = ['demo', 'site'];
      const undisturbed: Case = { ...scenario, before, stacks, profile, seed: SEED };
      const reference = await runCase(undisturbed);
      const about = {
        text: lastText({ name, ...scenario }) ?? '',
        calls: Math.max(1, Math.min(reference.calls - LOOKS_AT_REST, MOST_MOMENTS)),
      };
      for (const isHarmless of [true, false]) {
        const cases = edited(undisturbed, { ...about, isHarmless });
        const judge = (verdict: Verdict) => (isHarmless ? otherCosts(verdict, reference) : []);
        failures.push(...(await runSuite('edits', `${name} on ${profile}`, cases, context, judge)));
      }
    }
    expect(failures.join('\n\n')).toBe('');
  });
});
