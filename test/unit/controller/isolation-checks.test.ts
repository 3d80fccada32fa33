import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Controller } from '../../../src/controller/controller.ts';
import { IsolationChecks } from '../../../src/controller/isolation-checks.ts';
import { Records } from '../../../src/controller/stack-record.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { Store } from '../../../src/store/store.ts';
import { stack } from '../../support/builders.ts';
import { VirtualClock } from '../../support/simulated/clock.ts';

const EVERY_MS = 60_000;
const refuse = (kind: 'refused' | 'unreachable') => () => Promise.reject(new Failure(kind, 'out of order'));

/** Two stacks, an engine that does not answer, and a disk that is full. */
function scene() {
  const clock = new VirtualClock();
  const full = { list: () => [], read: () => undefined, write: refuse('refused') } as unknown as Store;
  const records = new Records(full);
  for (const name of ['one', 'two']) records.ensure(name).lastGood = stack({ name });
  const warnings: object[] = [];
  const log = { warn: (fields: object) => warnings.push(fields) };
  const controller = {
    engineInfo: { apiVersion: '1.51' },
    options: {},
    catalog: { get: () => undefined, policies: () => [] },
    records,
    events: { record: () => [] },
    notices: { send: () => undefined },
    queue: { add: () => true },
    ports: { engine: { removeProbes: refuse('unreachable') }, clock, log },
  } as unknown as Controller;
  return { clock, records, warnings, checks: new IsolationChecks(controller) };
}

test('a full disk ends no verification at intervals: what it finds counts, and the next one comes', async () => {
  const { clock, records, warnings, checks } = scene();
  const stop = new AbortController();
  let ended = false;
  const following = checks.follow(EVERY_MS, stop.signal).finally(() => {
    ended = true;
  });
  following.catch(() => undefined);
  const found = () => records.all().map(({ isolation }) => [isolation?.status, isolation?.atMs]);
  for (let round = 0; round < 2; round += 1) {
    clock.advance(EVERY_MS);
    await turn();
    expect([ended, found()]).toEqual([
      false,
      [
        ['Unknown', clock.nowMs()],
        ['Unknown', clock.nowMs()],
      ],
    ]);
  }
  expect(warnings).toMatchObject([
    {},
    { stack: 'one' },
    { stack: 'two' },
    {},
    { stack: 'one' },
    { stack: 'two' },
  ]);
  stop.abort();
  await following;
});
