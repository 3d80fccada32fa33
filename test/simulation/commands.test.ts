import { describe, expect, test } from 'vitest';
import type { Act } from '../support/simulation/acts.ts';
import { type Case, runCase } from '../support/simulation/case.ts';
import { PROFILES } from '../support/simulation/scenarios.ts';
import { type NamedCase, runSuite, SEED } from '../support/simulation/suite.ts';

const apply = (text: string): Act => ({ do: 'apply', file: 'demo.compose.yaml', text });
const remove: Act = { do: 'delete', stack: 'demo', volumes: false };
const command = (verb: Extract<Act, { do: 'command' }>['verb']): Act => ({
  do: 'command',
  verb,
  stack: 'demo',
});
const wait = (ms: number): Act => ({ do: 'wait', ms });

const web = (revision: string, more: object = {}) => ({
  image: 'app:1',
  restart: 'unless-stopped',
  environment: { REVISION: revision },
  volumes: ['data:/data'],
  deploy: { update_config: { monitor: '1s' } },
  ...more,
});
const stack = (services: object): string =>
  JSON.stringify({ name: 'demo', services, networks: { default: {} }, volumes: { data: {} } });
const pair = (revision: string): string =>
  stack({ web: web(revision, { depends_on: ['db'] }), db: web(revision, { volumes: ['/db'] }) });

const BEFORE = pair('1');
const WANTED = pair('2');
const OTHER = stack({ other: web('3') });

/** What is under way when something is asked for. */
const UNDER_WAY: Readonly<Record<string, readonly Act[]>> = {
  'a first deployment': [remove, wait(60_000), apply(WANTED)],
  'a rollout': [apply(WANTED)],
  'a deletion': [remove],
};

/** What somebody asks for from the moment of a call on; that ends with the same wish in all cases. */
const ASKED: Readonly<Record<string, readonly Act[]>> = {
  'what is wanted': [apply(WANTED)],
  'another, and what is wanted at once': [apply(OTHER), apply(WANTED)],
  'another, and what is wanted after a while': [apply(OTHER), wait(700), apply(WANTED)],
  'a deletion, and what is wanted at once': [remove, apply(WANTED)],
  'a deletion, and what is wanted within it': [remove, wait(60), apply(WANTED)],
  'a deletion, and what is wanted at its end': [remove, wait(120), apply(WANTED)],
  'a deletion, and what is wanted after it': [remove, wait(2_000), apply(WANTED)],
  'a deletion, and what is wanted when it is forgotten': [remove, wait(30_130), apply(WANTED)],
  'to leave it alone for a while': [command('suspend'), wait(20_000), command('resume'), apply(WANTED)],
  'what was before': [command('rollback'), wait(5_000), apply(WANTED)],
  'a restart, and what is wanted': [{ do: 'restart-rollout', stack: 'demo' }, apply(WANTED)],
};

const MOST_MOMENTS = 24;

function* asked(undisturbed: Case, calls: number): Generator<NamedCase> {
  for (let number = 1; number <= calls; number += 1) {
    for (const [name, acts] of Object.entries(ASKED)) {
      const change = [...undisturbed.change, wait(120_000)];
      const injections = [{ at: 'moment', number, acts } as const];
      yield { name: `at call ${number}: ${name}`, given: { ...undisturbed, change, injections } };
    }
  }
}

describe('whatever is asked for in the middle of a pass, what was asked for last counts', () => {
  test.for(Object.entries(UNDER_WAY))('during %s', async ([name, change], context) => {
    const failures: string[] = [];
    for (const profile of PROFILES) {
      const undisturbed: Case = { before: [apply(BEFORE)], change, profile, seed: SEED, stacks: ['demo'] };
      const reference = await runCase({ ...undisturbed, stacks: name === 'a deletion' ? [] : ['demo'] });
      const calls = Math.min(reference.calls, MOST_MOMENTS);
      failures.push(
        ...(await runSuite('commands', `${name} on ${profile}`, asked(undisturbed, calls), context)),
      );
    }
    expect(failures.join('\n\n')).toBe('');
  });
});
