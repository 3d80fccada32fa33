import { expect, test } from 'vitest';
import { PullsUnderWay } from '../../../../src/engine/docker/pulls-under-way.ts';
import { Failure } from '../../../../src/model/failure.ts';

/** A pull that ends when it is told to. */
function manual() {
  const calls: { tell: (line: string) => void; end: () => void; fail: (failure: Failure) => void }[] = [];
  const begin = (tell: (line: string) => void): Promise<void> =>
    new Promise((end, fail) => {
      calls.push({ tell, end, fail });
    });
  return { calls, begin };
}

const quiet = (): void => {};
const instantly = (): Promise<void> => Promise.resolve();

test('a pull that is soon over is waited for', async () => {
  const pulls = new PullsUnderWay(60_000);
  expect(await pulls.pull('a', instantly, quiet)).toBe('pulled');
  const failing = (): Promise<void> => Promise.reject(new Failure('refused', 'no such tag'));
  await expect(pulls.pull('a', failing, quiet)).rejects.toThrow('no such tag');
  expect(await pulls.pull('a', instantly, quiet)).toBe('pulled');
});

test('one that takes longer goes on, is joined, and tells its progress to whoever asked last', async () => {
  const pulls = new PullsUnderWay(5);
  const { calls, begin } = manual();
  const lines: string[] = [];
  expect(await pulls.pull('a', begin, (line) => lines.push(`first ${line}`))).toBe('under-way');
  calls[0]?.tell('one');
  expect(await pulls.pull('a', begin, (line) => lines.push(`second ${line}`))).toBe('under-way');
  calls[0]?.tell('two');
  expect({ lines, begun: calls.length }).toEqual({ lines: ['first one', 'second two'], begun: 1 });
  calls[0]?.end();
  expect(await pulls.pull('a', begin, quiet)).toBe('pulled');
  // Told once: whoever asks then wants it pulled again.
  expect(await pulls.pull('a', begin, quiet)).toBe('under-way');
  expect(calls.length).toBe(2);
});

test('one that fails while nobody waits is told to whoever asks next', async () => {
  const pulls = new PullsUnderWay(5);
  const { calls, begin } = manual();
  await pulls.pull('a', begin, quiet);
  calls[0]?.fail(new Failure('refused', 'the registry went away'));
  await expect(pulls.pull('a', begin, quiet)).rejects.toThrow('the registry went away');
  expect(calls.length).toBe(1);
});

test('images are pulled apart from each other', async () => {
  const pulls = new PullsUnderWay(5);
  const { begin } = manual();
  expect(await pulls.pull('a', begin, quiet)).toBe('under-way');
  expect(await pulls.pull('b', instantly, quiet)).toBe('pulled');
});
