import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isOpenToOthers } from '../../src/source/open-to-others.ts';
import { createFileStore } from '../../src/store/files.ts';

/** Threat table 4.6: who may write to what the daemon acts on, and read what it keeps. */

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'stackctl-state-')), 'state');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

describe('the state directory', () => {
  test.each([0o777, 0o770, 0o702, 0o720, 0o1777])(
    'that others may write to, %o, is refused and left as it is',
    async (mode) => {
      mkdirSync(directory);
      chmodSync(directory, mode);
      writeFileSync(join(directory, 'planted'), '');
      await expect(createFileStore({ directory })).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('others may write'),
        hint: expect.stringMatching(/./),
      });
      expect(statSync(directory).mode & 0o7777).toBe(mode);
      expect(readdirSync(directory)).toEqual(['planted']);
    },
  );

  test('with a part that others may write to is refused', async () => {
    await createFileStore({ directory });
    chmodSync(join(directory, 'tombstone'), 0o777);
    await expect(createFileStore({ directory })).rejects.toMatchObject({ kind: 'refused' });
  });

  test.skipIf(process.getuid?.() !== 0)('of another user is refused', async () => {
    mkdirSync(directory);
    chownSync(directory, 12_345, 0);
    await expect(createFileStore({ directory })).rejects.toMatchObject({
      message: expect.stringContaining('another user (uid 12345)'),
    });
  });

  test('that others may read is closed, and what is in it is for its owner only, whatever the umask is', async () => {
    const umask = process.umask(0);
    try {
      mkdirSync(directory, { mode: 0o755 });
      const store = await createFileStore({ directory });
      await store.write('applied', 'demo', { secret: 'x' });
      store.appendEvent({ message: 'x' });
      await store.flush();
    } finally {
      process.umask(umask);
    }
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const modes = entries.map((entry) => {
      const { mode } = statSync(join(entry.parentPath, entry.name));
      return entry.isDirectory() ? mode & 0o077 : mode & 0o177;
    });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(entries.filter((entry) => entry.isFile()).length).toBeGreaterThan(1);
    expect(new Set(modes)).toEqual(new Set([0]));
  });
});

describe('a directory of manifests', () => {
  test.each([
    [0o755, false],
    [0o775, false],
    [0o777, true],
    [0o1777, true],
    [0o752, true],
  ])('of mode %o is open to others: %s', async (mode, isOpen) => {
    mkdirSync(directory);
    chmodSync(directory, mode);
    expect(await isOpenToOthers(directory)).toBe(isOpen);
  });

  test('that is not there is not', async () => {
    expect(await isOpenToOthers(directory)).toBe(false);
  });
});
