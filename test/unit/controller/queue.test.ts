import { describe, expect, test } from 'vitest';
import { type QueueLimits, WorkQueue } from '../../../src/controller/queue.ts';
import { VirtualClock } from './virtual-clock.ts';

const live = new AbortController().signal;

function setUp(limits: Partial<QueueLimits> = {}) {
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock, limits);
  /** Everything that can be taken now, without calling it done. */
  const takeAll = async () => {
    const keys: string[] = [];
    for (;;) {
      const stop = new AbortController();
      const taken = queue.take(stop.signal).catch(() => undefined);
      stop.abort();
      const key = await taken;
      if (key === undefined) return keys;
      keys.push(key);
    }
  };
  return { clock, queue, takeAll };
}
const states = (queue: WorkQueue) =>
  Object.fromEntries(queue.pending().map(({ key, state }) => [key, state]));

describe('what is handed out', () => {
  test('keys in the order in which they were added, each once', async () => {
    const { queue, takeAll } = setUp();
    for (const key of ['b', 'a', 'b', 'c', 'a']) queue.add(key);
    expect(await takeAll()).toEqual(['b', 'a', 'c']);
  });

  test('to those who wait, in the order in which they came', async () => {
    const { queue } = setUp();
    const takers = [queue.take(live), queue.take(live)];
    queue.add('a');
    queue.add('b');
    expect(await Promise.all(takers)).toEqual(['a', 'b']);
  });

  test('a key that is worked on is not handed out before it is done, and then once, however often it was added', async () => {
    const { queue, takeAll } = setUp();
    queue.add('a');
    expect(await takeAll()).toEqual(['a']);
    for (let count = 0; count < 5; count += 1) queue.add('a');
    expect(await takeAll()).toEqual([]);
    expect(states(queue)).toEqual({ a: 'again' });
    queue.done('a');
    expect(await takeAll()).toEqual(['a']);
    queue.done('a');
    expect(await takeAll()).toEqual([]);
    expect(queue.pending()).toEqual([]);
  });

  test('done for a key that nobody took changes nothing', async () => {
    const { queue, takeAll } = setUp();
    queue.add('a');
    queue.done('a');
    queue.done('b');
    expect(await takeAll()).toEqual(['a']);
  });
});

describe('time', () => {
  test('a later key comes when it is due, and the earlier of two times wins in either order', async () => {
    const { clock, queue, takeAll } = setUp();
    queue.add('a', 100);
    queue.add('a', 50);
    queue.add('b', 50);
    queue.add('b', 100);
    clock.advance(49);
    expect(await takeAll()).toEqual([]);
    clock.advance(1);
    expect(await takeAll()).toEqual(['a', 'b']);
    queue.done('a');
    queue.done('b');
    clock.advance(1000);
    expect(await takeAll()).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test('a time in the past is now, and now makes up for a later time', async () => {
    const { clock, queue, takeAll } = setUp();
    queue.add('a', 100);
    queue.add('a', -5);
    expect(await takeAll()).toEqual(['a']);
    queue.done('a');
    clock.advance(1000);
    expect(await takeAll()).toEqual([]);
  });

  test('what comes due while the key is worked on is handed out after it is done', async () => {
    const { clock, queue, takeAll } = setUp();
    queue.add('a');
    await takeAll();
    queue.add('a', 10);
    expect(queue.pending()).toEqual([{ key: 'a', state: 'running', dueAtMs: 10, failures: 0 }]);
    clock.advance(10);
    expect(states(queue)).toEqual({ a: 'again' });
    expect(await takeAll()).toEqual([]);
    queue.done('a');
    expect(await takeAll()).toEqual(['a']);
  });

  test('a later time outlives the work that is done before it', async () => {
    const { clock, queue, takeAll } = setUp();
    queue.add('a');
    await takeAll();
    queue.add('a', 10);
    queue.done('a');
    expect(queue.pending()).toEqual([{ key: 'a', state: 'waiting', dueAtMs: 10, failures: 0 }]);
    clock.advance(10);
    expect(await takeAll()).toEqual(['a']);
  });

  test('there is one timer for all keys, also for a time beyond the longest timer', async () => {
    const { clock, queue, takeAll } = setUp();
    for (let count = 0; count < 100; count += 1) queue.add(`k${count}`, 1000 + count);
    expect(clock.timers).toBe(1);
    const far = setUp();
    far.queue.add('a', 3 * 2 ** 31);
    far.clock.advance(3 * 2 ** 31 - 1);
    expect(await far.takeAll()).toEqual([]);
    far.clock.advance(1);
    expect(await far.takeAll()).toEqual(['a']);
    clock.advance(1099);
    expect(await takeAll()).toHaveLength(100);
  });

  test('keys that come due together are handed out by their times', async () => {
    const { clock, queue, takeAll } = setUp();
    queue.add('late', 3);
    queue.add('early', 1);
    queue.add('middle', 2);
    clock.advance(10);
    expect(await takeAll()).toEqual(['early', 'middle', 'late']);
  });
});

describe('back-off', () => {
  const waits = (chance: number, times: number) => {
    const { clock, queue } = setUp();
    clock.chance = chance;
    return Array.from({ length: times }, () => {
      queue.addRateLimited('a');
      const waitMs = (queue.pending()[0]?.dueAtMs ?? 0) - clock.now();
      clock.advance(waitMs);
      void queue.take(live);
      queue.done('a');
      return waitMs / 1000;
    });
  };

  test('doubles from a second to five minutes', () => {
    expect(waits(0.5, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  test('is up to a fifth shorter or longer by chance', () => {
    expect(waits(0, 3)).toEqual([0.8, 1.6, 3.2]);
    expect(waits(1, 10).at(-1)).toBe(360);
  });

  test('starts anew when the key was forgotten, and is counted for people', async () => {
    const { clock, queue } = setUp();
    for (let count = 0; count < 3; count += 1) {
      queue.addRateLimited('a');
      clock.advance(400_000);
      await queue.take(live);
      queue.done('a');
    }
    queue.addRateLimited('a');
    expect(queue.pending()[0]).toMatchObject({ dueAtMs: clock.now() + 8000, failures: 4 });
    queue.forget('a');
    queue.add('a');
    await queue.take(live);
    queue.done('a');
    queue.addRateLimited('a');
    expect(queue.pending()[0]).toMatchObject({ dueAtMs: clock.now() + 1000, failures: 1 });
  });
});

describe('bounds and endings', () => {
  test('a full queue takes no new key, and still the known ones', async () => {
    const { queue, takeAll } = setUp({ keys: 2 });
    expect([queue.add('a'), queue.add('b', 5), queue.add('c'), queue.addRateLimited('d')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([queue.add('a'), queue.add('b')]).toEqual([true, true]);
    expect(await takeAll()).toEqual(['a', 'b']);
    expect(queue.add('c')).toBe(false);
    queue.done('a');
    expect(queue.add('c')).toBe(true);
  });

  test('an abort refuses who waits, and the next key goes to another', async () => {
    const { queue } = setUp();
    const stop = new AbortController();
    const given = queue.take(stop.signal);
    const other = queue.take(live);
    stop.abort();
    queue.add('a');
    await expect(given).rejects.toMatchObject({ name: 'Failure', kind: 'superseded' });
    expect(await other).toBe('a');
    await expect(queue.take(AbortSignal.abort())).rejects.toMatchObject({ kind: 'superseded' });
  });

  test('an abort in the same turn in which a key was given loses no key', async () => {
    const { queue } = setUp();
    const stop = new AbortController();
    const taken = queue.take(stop.signal);
    queue.add('a');
    stop.abort();
    expect(await taken).toBe('a');
    expect(states(queue)).toEqual({ a: 'running' });
  });

  test('a long-lived signal gathers no listeners', async () => {
    const { queue } = setUp();
    let listeners = 0;
    const signal = new AbortController().signal;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...given);
    };
    for (let count = 0; count < 100; count += 1) {
      const taken = queue.take(signal);
      queue.add('a');
      queue.done(await taken);
    }
    expect(listeners).toBe(0);
  });

  test('close leaves no timer, refuses who waits and who comes, and lets work end', async () => {
    const { clock, queue } = setUp();
    queue.add('a');
    await queue.take(live);
    queue.add('a');
    queue.add('b', 10);
    const waiting = queue.take(live);
    queue.close();
    await expect(waiting).rejects.toMatchObject({ kind: 'superseded' });
    await expect(queue.take(live)).rejects.toMatchObject({ kind: 'superseded' });
    queue.done('a');
    expect([queue.add('c'), queue.addRateLimited('c')]).toEqual([false, false]);
    expect(queue.pending()).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});
