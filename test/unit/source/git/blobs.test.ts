import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BareStore, GIT_LIMITS } from '../../../../src/source/git/bare-store.ts';
import { readBlobs } from '../../../../src/source/git/blobs.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-blobs-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('many contents are read, each whole and in order, in calls of Git that each have their own time', async () => {
  const git = (args: readonly string[], input: string): string =>
    execFileSync('git', ['--git-dir', directory, ...args], { input, encoding: 'utf8' });
  git(['init', '--quiet', '--bare'], '');
  const texts = Array.from({ length: 600 }, (_, index) => `content\n${index}`);
  const imported = texts.map((text) => `blob\ndata ${text.length}\n${text}\n`).join('');
  git(['fast-import', '--quiet'], imported);
  const listed = git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'], '');
  const shas = listed.trim().split('\n');

  const store = new BareStore(directory, GIT_LIMITS);
  const calls = vi.spyOn(store, 'git');
  const read: [string, string][] = [];
  const take = async (sha: string, content: Buffer) => void read.push([sha, content.toString('utf8')]);
  await readBlobs(store, shas, take, new AbortController().signal);

  expect(read.map(([sha]) => sha)).toEqual(shas);
  expect(read.map(([, text]) => text).sort()).toEqual(texts.toSorted());
  expect(calls.mock.calls.length).toBe(3);
});
