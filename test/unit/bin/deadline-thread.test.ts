import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { type Call, DeadlineThread } from '../../../src/bin/deadline-thread.ts';

const NEVER = new AbortController().signal;
const DAY_MS = 86_400_000;

function thread(): DeadlineThread {
  const it = new DeadlineThread({
    url: new URL('./unruly-thread.cjs', import.meta.url),
    settings: { home: undefined, sopsAgeKeyFile: undefined, answerBytes: 1_000_000 },
    heapBytes: 256 * 1024 ** 2,
    startMs: DAY_MS,
    waiting: 10,
    idleMs: DAY_MS,
    onEnded: () => undefined,
  });
  onTestFinished(() => it.close());
  return it;
}

/** Asks, and tells whether the request is in memory still. */
async function ask(it: DeadlineThread): Promise<() => boolean> {
  const request: Call['request'] = { kind: 'looks', paths: ['/etc/hostname'] };
  const end = await it.call({
    request,
    signal: NEVER,
    limitMs: DAY_MS,
    totalMs: DAY_MS,
    onNote: () => undefined,
  });
  expect(end.kind).toBe('answer');
  const held = new WeakRef(request);
  return () => held.deref() !== undefined;
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await turn();
  collect();
}

test('nothing is kept of calls that were answered', async () => {
  const it = thread();
  const kept: (() => boolean)[] = [];
  for (let count = 0; count < 20; count += 1) kept.push(await ask(it));
  await collectGarbage();
  // The last one may be at hand still.
  expect(kept.slice(0, -1).filter((isKept) => isKept())).toHaveLength(0);
});
