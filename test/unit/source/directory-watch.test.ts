import { expect, onTestFinished, test, vi } from 'vitest';
import { createDirectorySource } from '../../../src/source/directory.ts';
import type { TreeWatch } from '../../../src/source/watch.ts';

/** Counts who waits for it: each is kept as long as it is not settled. */
class Watching extends Promise<undefined> {
  static waiting = 0;

  // biome-ignore lint/suspicious/noThenProperty: it counts.
  override then<A = undefined, B = never>(
    done?: ((value: undefined) => A | PromiseLike<A>) | null,
    failed?: ((thrown: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    Watching.waiting += 1;
    return super.then(done, failed);
  }
}

let touch: () => void = () => undefined;
let end: (thrown?: Error) => void = () => undefined;

vi.mock('../../../src/source/watch.ts', () => ({
  watchTree: ({ touched }: TreeWatch, signal: AbortSignal) =>
    new Watching((resolve, reject) => {
      touch = touched;
      end = (thrown) => (thrown === undefined ? resolve(undefined) : reject(thrown));
      signal.addEventListener('abort', () => resolve(undefined));
    }),
}));

const changes = (signal: AbortSignal) =>
  createDirectorySource({ root: '/nowhere', debounceMs: 0 }).changes(signal)[Symbol.asyncIterator]();

test('a beat leaves nothing behind', async () => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const beats = changes(stop.signal);
  const waiting: number[] = [];
  for (let count = 0; count < 10; count += 1) {
    const beat = beats.next();
    touch();
    expect((await beat).done).toBe(false);
    waiting.push(Watching.waiting);
  }
  expect(waiting.at(-1)).toBe(waiting[0]);
});

test('a watch that breaks ends the iteration with what broke it, at once or when the reader comes again', async () => {
  const bug = new Error('a bug');
  const waiting = changes(new AbortController().signal);
  const next = waiting.next();
  end(bug);
  await expect(next).rejects.toBe(bug);
  const busy = changes(new AbortController().signal);
  const beat = busy.next();
  touch();
  await beat;
  end(bug);
  await expect(busy.next()).rejects.toBe(bug);
});
