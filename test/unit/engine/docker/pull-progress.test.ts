import { expect, test } from 'vitest';
import { PullProgress } from '../../../../src/engine/docker/pull-progress.ts';

const layer = (digit: string) => digit.repeat(12);
const downloading = (digit: string, current: number) => ({
  id: layer(digit),
  status: 'Downloading',
  progressDetail: { current, total: 100e6 },
});

test('layers and bytes are told, one line in three seconds', () => {
  const progress = new PullProgress();
  expect(progress.take({ id: 'latest', status: 'Pulling from library/nginx' }, 0)).toBeUndefined();
  expect(progress.take({ id: layer('a'), status: 'Pulling fs layer' }, 10)).toBe('0 of 1 layer');
  progress.take({ id: layer('b'), status: 'Already exists' }, 20);
  expect(progress.take(downloading('a', 12_345_678), 2_000)).toBeUndefined();
  expect(progress.take(downloading('a', 45_600_000), 3_500)).toBe('1 of 2 layers, 45.6 MB downloaded');
  // Unpacking counts its own bytes: what was downloaded stays told.
  const unpacking = { id: layer('a'), status: 'Extracting', progressDetail: { current: 1 } };
  expect(progress.take(unpacking, 9_000)).toBeUndefined();
  expect(progress.take({ id: layer('a'), status: 'Pull complete' }, 9_500)).toBe(
    '2 of 2 layers, 45.6 MB downloaded',
  );
});

test.each([
  [1, '1 kB'],
  [999_500, '1000 kB'],
  [1_234_567_890, '1.23 GB'],
])('%i bytes are %s', (bytes, size) => {
  expect(new PullProgress().take(downloading('a', bytes), 0)).toBe(`0 of 1 layer, ${size} downloaded`);
});

test('a pull that sends a hundred messages a second for a minute is some twenty lines', () => {
  const progress = new PullProgress();
  let lines = 0;
  for (let atMs = 0; atMs < 60_000; atMs += 10)
    if (progress.take(downloading('a', atMs * 1000), atMs) !== undefined) lines += 1;
  expect(lines).toBe(20);
});
